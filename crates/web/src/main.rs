//! Mounts the page.

use rangewalk_web::command::View;
use rangewalk_web::{App, parts, platform::location};
use yew::platform::spawn_local;

fn main() {
    spawn_local(async {
        // What a link says must be known before anything is drawn. Without it the page says so.
        if location::is_embed() || !location::fragment().is_empty() {
            let _ = parts::load(parts::Part::Links).await;
        }
        if location::view() != View::Stage {
            let _ = parts::load(parts::Part::Scenes).await;
        }
        yew::Renderer::<App>::new().render();
    });
}
