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

gallery! {
    "walk/clipped"
    "walk/seven"
    "walk/aliases"
    "walk/sparse"
    "snapshot/exact"
    "filter/read-only"
    "filter/private"
    "fs/write-notify"
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

/// The exhibit called `name`.
#[must_use]
pub fn exhibit(name: &str) -> Option<&'static Exhibit> {
    GALLERY.iter().find(|exhibit| exhibit.name == name)
}
