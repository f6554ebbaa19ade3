//! Mounts the page; or, in a worker, does its work.

use rangewalk_web::App;
use rangewalk_web::parts::{self, Part};
use rangewalk_web::platform::{idle, worker};
use rangewalk_web::start::{Start, wanted};
use yew::platform::spawn_local;

/// Smaller than the standard library's.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

fn main() {
    if worker::is_here() {
        return spawn_local(async {
            if parts::load(Part::Scenes).await.is_ok()
                && let Some(scenes) = parts::scenes()
            {
                (scenes.serve)();
            }
        });
    }
    spawn_local(async {
        // All are on their way before the first has come. Of what does not come the page tells.
        for part in wanted() {
            spawn_local(async move { drop(parts::load(part).await) });
        }
        for part in wanted() {
            drop(parts::load(part).await);
        }
        let start = Start::make();
        // Between running and drawing the browser can do something else.
        idle::next_task(|| {
            yew::Renderer::<App>::with_props(start).render();
        });
    });
}
