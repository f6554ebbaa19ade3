//! Text with marked letters: `[W]` is the bit W in its colour, `` `x` `` is code, all else is
//! plain.

/// A named bit of a page-table word: one letter and one colour per meaning, everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bit {
    /// Present.
    P,
    /// Writable.
    W,
    /// User.
    U,
    /// Accessed.
    A,
    /// Dirty.
    D,
    /// Special.
    S,
    /// Soft-dirty.
    T,
    /// Saved-dirty.
    V,
    /// Not executable.
    N,
}

impl Bit {
    /// All of them, highest first.
    pub const ALL: [Bit; 9] =
        [Bit::N, Bit::V, Bit::T, Bit::S, Bit::D, Bit::A, Bit::U, Bit::W, Bit::P];

    /// Its number in the word.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Bit::P => 0,
            Bit::W => 1,
            Bit::U => 2,
            Bit::A => 5,
            Bit::D => 6,
            Bit::S => 9,
            Bit::T => 11,
            Bit::V => 58,
            Bit::N => 63,
        }
    }

    /// Its letter.
    #[must_use]
    pub const fn letter(self) -> &'static str {
        match self {
            Bit::P => "P",
            Bit::W => "W",
            Bit::U => "U",
            Bit::A => "A",
            Bit::D => "D",
            Bit::S => "S",
            Bit::T => "T",
            Bit::V => "V",
            Bit::N => "N",
        }
    }

    /// Its meaning, as in the legend.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Bit::P => "present",
            Bit::W => "writable",
            Bit::U => "user",
            Bit::A => "accessed",
            Bit::D => "dirty",
            Bit::S => "special",
            Bit::T => "soft-dirty",
            Bit::V => "saved-dirty",
            Bit::N => "no-execute",
        }
    }

    fn of(letter: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bit| bit.letter() == letter)
    }
}

/// A run of text in one style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Plain.
    Text(String),
    /// A bit's letter.
    Bit(Bit),
    /// Code.
    Code(String),
}

/// Text with marked letters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(pub Vec<Piece>);

impl Words {
    /// Reads the marks in `text`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['[', '`']) {
            let (before, marked) = rest.split_at(at);
            plain.push_str(before);
            let close = if marked.starts_with('[') { ']' } else { '`' };
            let inner = marked[1..].split_once(close);
            let piece = inner.and_then(|(inner, _)| match close {
                ']' => Bit::of(inner).map(Piece::Bit),
                _ => Some(Piece::Code(inner.to_owned())),
            });
            match (piece, inner) {
                (Some(piece), Some((_, behind))) => {
                    if !plain.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    }
                    pieces.push(piece);
                    rest = behind;
                }
                _ => {
                    plain.push_str(&marked[..1]);
                    rest = &marked[1..];
                }
            }
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Self(pieces)
    }

    /// The words without their marks.
    #[must_use]
    pub fn plain(&self) -> String {
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) | Piece::Code(text) => text.as_str(),
                Piece::Bit(bit) => bit.letter(),
            })
            .collect()
    }

    /// True if there is nothing to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_code_are_marked_and_all_else_is_kept() {
        let words = Words::parse("cleared [W]; `rb[1]` stays [x], a ` alone");
        assert_eq!(
            words.0,
            [
                Piece::Text("cleared ".into()),
                Piece::Bit(Bit::W),
                Piece::Text("; ".into()),
                Piece::Code("rb[1]".into()),
                Piece::Text(" stays [x], a ` alone".into()),
            ]
        );
        assert_eq!(words.plain(), "cleared W; rb[1] stays [x], a ` alone");
    }
}
