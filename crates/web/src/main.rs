//! Mounts the page.

fn main() {
    yew::Renderer::<rangewalk_web::App>::new().render();
}
