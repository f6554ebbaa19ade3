//! Links, read and written. Loaded late: see `parts`.

use rangewalk_core::link::{self, Link, TooLong};
use rangewalk_core::scenario;
use rangewalk_core::trace::Place;

use crate::command::{Notice, Opened, Tone};
use crate::model::editor::with_kernel;
use crate::session::Session;

/// What a fragment says, or why it is no link.
///
/// # Errors
/// What is wrong with it.
pub fn read(fragment: &str) -> Result<Opened, Notice> {
    match link::decode(fragment) {
        Ok(Link { text, place, kernel, digest }) => {
            // A scenario that names no kernel runs on the one it was shared on, whatever the
            // default is by now.
            let text = if scenario::parse(&text).0.kernel().name == kernel.name {
                text
            } else {
                with_kernel(&text, kernel.name)
            };
            Ok(Opened { text: text.into(), place, digest })
        }
        Err(error) => Err(Notice { tone: Tone::Bad, text: capital(&error.to_string()).into() }),
    }
}

/// The fragment that stands for the session's text at `place`.
///
/// # Errors
/// The text is too long for a link.
pub fn write(session: &Session, place: Place) -> Result<String, TooLong> {
    let story = session.story();
    let timeline = &story.run().timeline;
    link::encode(&Link {
        text: session.text().to_string(),
        place: Some(place),
        kernel: timeline.world().kernel(),
        digest: story.digest().filter(|_| !session.is_stale()),
    })
}

/// The same as a sentence.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(chars).chain(std::iter::once('.')).collect()
}
