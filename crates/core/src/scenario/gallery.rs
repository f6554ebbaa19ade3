//! The scenarios that come with Rangewalk, in the order in which they are shown. Each is a folder
//! of `scenarios/`, and a test.

/// One scenario of the gallery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhibit {
    /// Its folder in `scenarios/`: `walk/clipped`.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

macro_rules! gallery {
    ($($name:literal)*) => {
        /// All of them, in display order.
        pub static GALLERY: &[Exhibit] = &[$(Exhibit {
            name: $name,
            text: include_str!(concat!("../../../../scenarios/", $name, "/scenario.txt")),
        },)*];
    };
}

/// The first one's text: what the page opens with, before the others are there.
pub const FIRST: &str = include_str!("../../../../scenarios/walk/clipped/scenario.txt");

gallery! {
    "walk/clipped"
    "walk/seven"
    "walk/aliases"
    "walk/sparse"
    "walk/five-levels"
    "walk/huge"
    "walk/migration"
    "snapshot/exact"
    "filter/read-only"
    "filter/private"
    "fs/write-notify"
    "fs/large-folio"
    "tlb/nested"
    "tlb/ceiling"
    "tlb/window"
    "tlb/lost-write"
    "tlb/ipis"
    "rmap/one-page"
    "rmap/skips"
    "zap/copies"
    "zap/dirt"
    "zap/truncate"
    "zap/dontneed"
    "zap/soft-dirty"
    "device/pagetable"
    "device/mkwrite"
    "device/fork"
    "device/vmwgfx"
    "tree/rotations"
    "tree/fork-order"
    "tree/merge-and-cut"
    "snapshot/early-start"
    "snapshot/read-is-dirty"
    "snapshot/dirt-in-place"
    "walk/wide"
    "captured/postgres-shared-buffers"
}

/// What a real kernel said of an exhibit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Which Linux was asked: `7.3.4`.
    pub linux: &'static str,
    /// The day it was asked: `2026-11-25`.
    pub asked: &'static str,
    /// Whether all its answers were the emulator's.
    pub agrees: bool,
}

impl Exhibit {
    /// The verdict, if a kernel was asked. Each stands in a file that only
    /// `cargo xtask oracle` writes.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        let verdicts = include_str!("../../../../scenarios/verdicts.txt");
        let mut words = verdicts.lines().find_map(|line| {
            let rest = line.strip_prefix(self.name)?.strip_prefix(' ')?;
            Some(rest.split(' '))
        })?;
        let (linux, asked) = (words.next()?, words.next()?);
        Some(Verdict { linux, asked, agrees: words.next() == Some("agrees") })
    }
}

/// The exhibit called `name`.
#[must_use]
pub fn exhibit(name: &str) -> Option<&'static Exhibit> {
    GALLERY.iter().find(|exhibit| exhibit.name == name)
}
