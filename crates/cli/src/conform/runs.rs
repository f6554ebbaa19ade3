//! Run-length strings of the answers: tokens by space, `TOKEN*COUNT` for more than one. Mapped
//! pages count up: `f7*3` is f7 f8 f9.

use std::fmt::{self, Display, Write};

/// What is mapped at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mapped {
    /// `.`
    Nothing,
    /// `f7`: this page of the file.
    File(u64),
    /// `d7`: this page of a device buffer.
    Device(u64),
    /// `a`: a copy on write.
    Anon,
    /// `z`: the zero page.
    Zero,
    /// `o`
    Other,
}

impl Display for Mapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mapped::Nothing => f.write_char('.'),
            Mapped::File(pgoff) => write!(f, "f{pgoff}"),
            Mapped::Device(page) => write!(f, "d{page}"),
            Mapped::Anon => f.write_char('a'),
            Mapped::Zero => f.write_char('z'),
            Mapped::Other => f.write_char('o'),
        }
    }
}

impl Mapped {
    fn plus(self, count: u64) -> Self {
        match self {
            Mapped::File(pgoff) => Mapped::File(pgoff + count),
            Mapped::Device(page) => Mapped::Device(page + count),
            same => same,
        }
    }
}

/// Equal tokens become one run.
pub(super) fn encode<T: Display + PartialEq + Copy>(tokens: impl IntoIterator<Item = T>) -> String {
    encode_by(tokens, |first, _| first)
}

/// Pages that follow each other become one run.
pub(super) fn encode_mapped(pages: impl IntoIterator<Item = Mapped>) -> String {
    encode_by(pages, Mapped::plus)
}

/// `nth(first, n)` is the token that a run begun by `first` expects at place `n`.
fn encode_by<T: Display + PartialEq + Copy>(
    tokens: impl IntoIterator<Item = T>,
    nth: impl Fn(T, u64) -> T,
) -> String {
    let mut runs: Vec<(T, u64)> = Vec::new();
    for token in tokens {
        match runs.last_mut() {
            Some((first, count)) if nth(*first, *count) == token => *count += 1,
            _ => runs.push((token, 1)),
        }
    }
    let mut text = String::new();
    for (token, count) in runs {
        let space = if text.is_empty() { "" } else { " " };
        let times = if count == 1 { String::new() } else { format!("*{count}") };
        write!(text, "{space}{token}{times}").expect("a string takes what it is given");
    }
    text
}

/// The runs: token and count.
fn runs(text: &str) -> impl Iterator<Item = (&str, u64)> {
    text.split_whitespace().map(|run| match run.split_once('*') {
        Some((token, count)) => (token, count.parse().unwrap_or(1)),
        None => (run, 1),
    })
}

/// How many pages they cover, or `limit` if that is less.
pub(super) fn length(text: &str, limit: u64) -> u64 {
    runs(text).fold(0, |sum: u64, (_, count)| sum.saturating_add(count).min(limit))
}

/// One token a page, at most `limit` of them.
pub(super) fn expand(text: &str, limit: u64) -> Vec<String> {
    let mut tokens = Vec::new();
    for (token, count) in runs(text) {
        let room = limit - tokens.len() as u64;
        tokens.extend((0..count.min(room)).map(|place| nth_token(token, place)));
    }
    tokens
}

fn nth_token(token: &str, place: u64) -> String {
    let counted = token
        .strip_prefix(['f', 'd'])
        .and_then(|page| page.parse::<u64>().ok())
        .and_then(|page| page.checked_add(place));
    match counted {
        Some(page) => format!("{}{page}", &token[..1]),
        None => token.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_written_as_the_kernel_side_wrote_them() {
        assert_eq!(encode(["0", "0", "27", "0"]), "0*2 27 0");
        let pages = [Mapped::Nothing, Mapped::File(7), Mapped::File(8), Mapped::File(8)];
        assert_eq!(encode_mapped(pages), ". f7*2 f8");
        assert_eq!(encode_mapped([Mapped::Anon, Mapped::Anon]), "a*2");
    }

    #[test]
    fn expanding_stops_at_the_limit() {
        assert_eq!(expand(".*2 f7*3", 9), [".", ".", "f7", "f8", "f9"]);
        assert_eq!(expand("0*99999999999", 3), ["0", "0", "0"]);
        assert_eq!((length(".*2 f7*3", 9), length("0*99999999999", 3)), (5, 3));
    }
}
