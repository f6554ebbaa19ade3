//! Names for what has none in the scenario language.

use std::collections::BTreeSet;

use rangewalk_core::scenario::limits::NAME_MAX;

/// Files, processes and mappings share one space of names.
#[derive(Default)]
pub(super) struct Names {
    taken: BTreeSet<String>,
    labels: u32,
}

impl Names {
    /// A name like `wish` with `suffix` behind it, of at most `width` characters, that nothing else
    /// has.
    pub(super) fn fresh(&mut self, wish: &str, suffix: &str, width: usize) -> String {
        let fits = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        let stem: String = wish.chars().map(fits).collect();
        let stem = stem.trim_matches('-');
        let stem = if stem.starts_with(|c: char| c.is_ascii_alphabetic()) { stem } else { "x" };
        let width = width.min(NAME_MAX);
        (0u32..)
            .map(|again| match again {
                0 => suffix.to_owned(),
                _ => format!("{suffix}-{again}"),
            })
            .map(|suffix| {
                let room = width.saturating_sub(suffix.len()).max(1);
                format!("{}{suffix}", stem[..stem.len().min(room)].trim_end_matches('-'))
            })
            .find(|name| self.taken.insert(name.clone()))
            .expect("one of so many is free")
    }

    /// The next mapping's label: A to Z, AA, AB and so on.
    pub(super) fn label(&mut self) -> String {
        loop {
            let label = letters(self.labels);
            self.labels += 1;
            if self.taken.insert(label.clone()) {
                return label;
            }
        }
    }
}

/// A, B, ... Z, AA, AB, ...
fn letters(mut number: u32) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + u8::try_from(number % 26).unwrap_or(0)));
        number = match (number / 26).checked_sub(1) {
            Some(rest) => rest,
            None => return letters.into_iter().rev().collect(),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_fit_and_unique() {
        let mut names = Names::default();
        assert_eq!(names.fresh("PostgreSQL.538723492", "", 8), "PostgreS");
        assert_eq!(names.fresh("PostgreSQL.2204959256", "", 8), "Postgr-1");
        assert_eq!(names.fresh("postgres: x", "-29694", 16), "postgres-29694");
        assert_eq!(names.fresh("Web Content", "-1234567", 16), "Web-Cont-1234567");
        assert_eq!(names.fresh("42", "", 8), "x");
        assert_eq!(names.fresh("", "-7", 8), "x-7");
    }

    #[test]
    fn labels_skip_what_is_taken() {
        let mut names = Names::default();
        names.fresh("B", "", 8);
        assert_eq!(names.label(), "A");
        assert_eq!(names.label(), "C");
        assert_eq!(
            [letters(25), letters(26), letters(701), letters(702)],
            ["Z", "AA", "ZZ", "AAA"]
        );
    }
}
