//! Mounts the page; or, in a worker, does its work.

use rangewalk_web::command::View;
use rangewalk_web::platform::{idle, location, panic, worker};
use rangewalk_web::{App, app::Start, parts};
use yew::platform::spawn_local;

fn main() {
    if worker::is_here() {
        return spawn_local(async {
            if parts::load(parts::Part::Scenes).await.is_ok()
                && let Some(scenes) = parts::scenes()
            {
                (scenes.serve)();
            }
        });
    }
    panic::install();
    spawn_local(async {
        // What a link says must be known before anything is drawn. Without it the page says so.
        if location::is_embed() || !location::fragment().is_empty() {
            let _ = parts::load(parts::Part::Links).await;
        }
        if location::view() != View::Stage {
            let _ = parts::load(parts::Part::Scenes).await;
        }
        let start = Start::make();
        // Between running and drawing the browser can do something else.
        idle::next_task(|| {
            yew::Renderer::<App>::with_props(start).render();
        });
    });
}
