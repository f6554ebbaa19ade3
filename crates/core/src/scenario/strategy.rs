//! The ways to do one job on a range of a file, of which `compare` sets some side by side; and what
//! `sweep` turns to see where they part.

use crate::mm::pagewalk::FilterMiss;

/// A way through the mappings of a range of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Strategy {
    /// `wp_shared_mapping_range`.
    Wp,
    /// `clean_record_shared_mapping_range`.
    Clean,
    /// The first, then the second: an exact snapshot of what was written.
    WpClean,
    /// As the three above, but a VMA that fails the filter is passed over.
    WpSkip,
    /// Likewise.
    CleanSkip,
    /// Likewise.
    WpCleanSkip,
    /// `folio_mkclean` of each cached folio.
    Mkclean,
    /// `mapping_wrprotect_range`, one call for each run of adjacent frames.
    Wrprotect,
    /// The same, one call for each page.
    WrprotectPages,
    /// `unmap_mapping_pages` that spares copies on write.
    Zap,
    /// `walk_page_range` of each process that maps a page of the range: 4 into its `clear_refs`.
    Softclear,
}

/// What a strategy wants to take from an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aim {
    /// The write bit.
    Write,
    /// The dirt.
    Dirt,
    /// Both.
    Both,
    /// The entry.
    Entry,
}

impl Strategy {
    /// All of them, in the order in which they are told.
    pub const ALL: [Strategy; 11] = [
        Strategy::Wp,
        Strategy::Clean,
        Strategy::WpClean,
        Strategy::WpSkip,
        Strategy::CleanSkip,
        Strategy::WpCleanSkip,
        Strategy::Mkclean,
        Strategy::Wrprotect,
        Strategy::WrprotectPages,
        Strategy::Zap,
        Strategy::Softclear,
    ];

    /// Its word: `wp+clean`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Strategy::Wp => "wp",
            Strategy::Clean => "clean",
            Strategy::WpClean => "wp+clean",
            Strategy::WpSkip => "wp-skip",
            Strategy::CleanSkip => "clean-skip",
            Strategy::WpCleanSkip => "wp+clean-skip",
            Strategy::Mkclean => "mkclean",
            Strategy::Wrprotect => "wrprotect",
            Strategy::WrprotectPages => "wrprotect-pages",
            Strategy::Zap => "zap",
            Strategy::Softclear => "softclear",
        }
    }

    /// What it calls, in the kernel's words.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Strategy::Wp => "wp_shared_mapping_range",
            Strategy::Clean => "clean_record_shared_mapping_range",
            Strategy::WpClean => "wp, then clean: an exact snapshot",
            Strategy::WpSkip => "wp with `filter skip`",
            Strategy::CleanSkip => "clean with `filter skip`",
            Strategy::WpCleanSkip => "wp, then clean, with `filter skip`",
            Strategy::Mkclean => "folio_mkclean, folio by folio",
            Strategy::Wrprotect => "mapping_wrprotect_range, run by run of frames",
            Strategy::WrprotectPages => "mapping_wrprotect_range, page by page",
            Strategy::Zap => "unmap_mapping_pages with even_cows 0",
            Strategy::Softclear => "walk_page_range of each process, by clear_refs",
        }
    }

    /// The strategy of this word.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|strategy| strategy.name() == name)
    }

    /// What it wants to take from an entry.
    #[must_use]
    pub const fn aim(self) -> Aim {
        match self {
            Strategy::Wp | Strategy::WpSkip | Strategy::Softclear => Aim::Write,
            Strategy::Clean | Strategy::CleanSkip => Aim::Dirt,
            Strategy::WpClean
            | Strategy::WpCleanSkip
            | Strategy::Mkclean
            | Strategy::Wrprotect
            | Strategy::WrprotectPages => Aim::Both,
            Strategy::Zap => Aim::Entry,
        }
    }

    /// What it does at a VMA that fails the helpers' filter, if it is one that asks it.
    #[must_use]
    pub const fn filter(self) -> Option<FilterMiss> {
        match self {
            Strategy::WpSkip | Strategy::CleanSkip | Strategy::WpCleanSkip => {
                Some(FilterMiss::Skips)
            }
            _ => None,
        }
    }

    /// True if it records dirt in the bitmap.
    #[must_use]
    pub const fn records(self) -> bool {
        matches!(
            self,
            Strategy::Clean | Strategy::WpClean | Strategy::CleanSkip | Strategy::WpCleanSkip
        )
    }
}

/// What a sweep turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Axis {
    /// Pages of the range.
    Pages,
    /// How often each page is mapped.
    Mappings,
    /// Processes that the mappings are spread over.
    Processes,
    /// Of 100 pages, how many have an entry in each mapping.
    Present,
    /// Of 100 entries, how many are dirty.
    Dirty,
    /// Pages of one VMA: a mapping is cut into as many as it takes.
    VmaPages,
}

impl Axis {
    /// All of them.
    pub const ALL: [Axis; 6] =
        [Axis::Pages, Axis::Mappings, Axis::Processes, Axis::Present, Axis::Dirty, Axis::VmaPages];

    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Axis::Pages => "pages",
            Axis::Mappings => "mappings",
            Axis::Processes => "processes",
            Axis::Present => "present",
            Axis::Dirty => "dirty",
            Axis::VmaPages => "vma-pages",
        }
    }

    /// Least and most that it can be.
    #[must_use]
    pub const fn bounds(self) -> (u64, u64) {
        match self {
            Axis::Pages | Axis::VmaPages => (1, 4_096),
            Axis::Mappings => (1, 1_024),
            Axis::Processes => (1, 128),
            Axis::Present | Axis::Dirty => (0, 100),
        }
    }
}

/// An axis of a sweep, from where to where, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AxisRange {
    /// What is turned.
    pub axis: Axis,
    /// From here.
    pub from: u64,
    /// Up to here.
    pub to: u64,
}
