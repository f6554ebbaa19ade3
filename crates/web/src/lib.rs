//! The page: a Yew app over the core's public face.

use yew::prelude::*;

/// The whole page.
#[component]
pub fn App() -> Html {
    html! { <main><h1>{"Rangewalk"}</h1></main> }
}
