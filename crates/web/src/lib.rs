//! The page: a Yew app over the core's public face. `Session` holds the state, `Command` is all
//! that can be asked of it, `model` says what there is to see, `view` draws it, `platform` is the
//! browser.

pub mod app;
pub mod argument;
pub mod clock;
pub mod command;
pub mod compare;
pub mod export;
pub mod film;
pub mod links;
pub mod model;
pub mod opening;
pub mod parts;
pub mod platform;
pub mod scene;
pub mod session;
pub mod start;
pub mod story;
pub mod sweep;
pub mod view;

pub use app::App;
