//! What Share and Embed offer.

use yew::AttrValue;

/// Links to the open scenario at the place where the page stands.
#[derive(Clone, Debug, PartialEq)]
pub struct ShareModel {
    /// The place in words.
    pub place: AttrValue,
    /// The whole address, or why there is none.
    pub link: Result<AttrValue, AttrValue>,
    /// The line of HTML for an embed, or why there is none.
    pub iframe: Result<AttrValue, AttrValue>,
}

/// The line of HTML that embeds `address`.
#[must_use]
pub fn iframe(address: &str, title: &str) -> String {
    format!(
        "<iframe src=\"{}\" title=\"{}\" width=\"720\" height=\"420\" loading=\"lazy\"></iframe>",
        escape(address),
        escape(title)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_cannot_leave_its_attribute() {
        assert!(iframe("x", "\"><script>").contains("title=\"&quot;&gt;&lt;script&gt;\""));
    }
}
