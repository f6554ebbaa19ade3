//! Picture measures as attribute text.

/// A picture measure: two decimals at most. Formatting of floats is left out of the program: it
/// would weigh more than all of this.
#[must_use]
pub fn number(value: f32) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "pictures are some thousand units wide")]
    let hundredths = (value * 100.0).round() as i32;
    let sign = if hundredths < 0 { "-" } else { "" };
    let (whole, part) = (hundredths.unsigned_abs() / 100, hundredths.unsigned_abs() % 100);
    match (part / 10, part % 10) {
        (0, 0) => format!("{sign}{whole}"),
        (tenth, 0) => format!("{sign}{whole}.{tenth}"),
        (tenth, hundredth) => format!("{sign}{whole}.{tenth}{hundredth}"),
    }
}

/// `value` between `low` and `high`; `low` if these are crossed. `clamp` would assert their order
/// and so print numbers, and printing floats is what the program does without.
#[must_use]
pub fn between(value: f32, low: f32, high: f32) -> f32 {
    value.min(high).max(low)
}

/// Path data in the making.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pen(String);

impl Pen {
    /// Adds a command with its numbers.
    #[must_use]
    pub fn to(mut self, command: char, numbers: &[f32]) -> Self {
        self.0.push(command);
        for (at, value) in numbers.iter().enumerate() {
            if at > 0 {
                self.0.push(' ');
            }
            self.0.push_str(&number(*value));
        }
        self
    }

    /// The path data.
    #[must_use]
    pub fn done(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_decimals_at_most_and_no_more_than_needed() {
        let numbers =
            [(0.0, "0"), (-0.5, "-0.5"), (12.25, "12.25"), (7.999, "8"), (-3.04, "-3.04")];
        for (value, expected) in numbers {
            assert_eq!(number(value), expected);
        }
    }
}
