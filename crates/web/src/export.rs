//! Files to take away. Loaded late: see `parts`.

use rangewalk_core::scenario;

use crate::platform::file;
use crate::session::Session;
use crate::view::share::Export;

/// Hands the user the file that was asked for, named after the scenario's title.
pub fn export(session: &Session, title: &str, export: Export) {
    let name = file_name(title);
    match export {
        Export::Picture | Export::Pixels => {
            let picture = file::picture(".pic .stg-svg", "stg", session.text());
            let picture = picture.or_else(|| file::view("main", session.text()));
            let Some(picture) = picture else { return };
            if export == Export::Pixels {
                file::paint(&format!("{name}.png"), &picture);
            } else {
                file::save(&format!("{name}.svg"), "image/svg+xml", &picture);
            }
        }
        Export::Scenario => {
            file::save(&format!("{name}.txt"), "text/plain", session.text());
        }
        Export::Trace => {
            let (parsed, _) = scenario::parse(session.text());
            let trace = scenario::run(&parsed).trace(&parsed);
            file::save(&format!("{name}-trace.txt"), "text/plain", &trace);
        }
    }
}

/// A file's name from a title: letters and digits, the rest as hyphens.
fn file_name(title: &str) -> String {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name = words.take(8).collect::<Vec<_>>().join("-").to_ascii_lowercase();
    if name.is_empty() { "rangewalk".into() } else { name }
}
