//! Components: one a file, each drawing one model and answering with commands.

pub mod argument;
pub mod compare;
pub mod dialog;
pub mod editor;
pub mod film;
pub mod gallery;
pub mod header;
pub mod help;
pub mod icon;
pub mod live;
pub(crate) mod markup;
pub mod menu;
pub mod notice;
pub mod page;
pub mod panels;
pub mod share;
pub mod stage;
pub mod strip;
pub mod sweep;
pub mod timeline;
pub mod timeline_parts;
pub mod timeline_scrub;
pub mod transport;
