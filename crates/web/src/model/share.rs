//! What Share and Embed offer.

use yew::AttrValue;

use crate::command::View;

/// Links to the open scenario at the place where the page stands.
#[derive(Clone, Debug, PartialEq)]
pub struct ShareModel {
    /// What it opens, in words.
    pub what: AttrValue,
    /// The whole address, or why there is none.
    pub link: Result<AttrValue, AttrValue>,
    /// The line of HTML for an embed, or why there is none.
    pub iframe: Result<AttrValue, AttrValue>,
}

/// What a link to a view opens that stands at `step` of `steps`.
#[must_use]
pub fn opens(view: View, (step, steps): (u32, u32)) -> String {
    match view {
        View::Stage => format!("this scenario at step {step} of {steps}"),
        View::Compare => format!("this comparison where it stands, at {step} of {steps}"),
        View::Sweep => "this sweep, which is measured again".to_owned(),
        View::Argument => "the argument, and this scenario behind it".to_owned(),
        View::Film => format!("these frames at frame {step} of {steps}"),
    }
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
