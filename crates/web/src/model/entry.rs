//! One page-table word, before and after: in hex with the changed digits marked, and bit by bit.

use rangewalk_core::arch::{Entry as Decoded, Level, Pte, PteFlags};
use rangewalk_core::kernel::Kernel;
use rangewalk_core::machine::{Event, SlotId};

use crate::model::lanes_cell::is_copy;
use crate::model::sentence_words::Bit;
use crate::model::stage_now::Now;
use crate::parts;

/// One hex digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nibble {
    /// The digit.
    pub digit: char,
    /// The other word has another one here.
    pub changed: bool,
}

/// One column of bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BitColumn {
    /// Highest bit.
    pub high: u32,
    /// Lowest bit.
    pub low: u32,
    /// Its letter, if it has a name of its own.
    pub bit: Option<Bit>,
    /// Before: one digit, or hex digits for several bits. Empty if the step changed nothing.
    pub was: String,
    /// Now. Empty if there is no entry.
    pub is: String,
    /// They differ.
    pub changed: bool,
}

/// Where dirt went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arc {
    /// From this bit.
    pub from: Bit,
    /// To that one.
    pub to: Bit,
}

/// A page-table entry in hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryWord {
    /// Its table's level.
    pub level: &'static str,
    /// Its place in the table.
    pub index: u32,
    /// `at 10b2f4b38, maps page 7`.
    pub about: String,
    /// How it changed: `xchg 0, store`; `None`: it was only read.
    pub how: Option<&'static str>,
    /// The word before, if the step changed it.
    pub was: Option<Vec<Nibble>>,
    /// The word now.
    pub is: Vec<Nibble>,
    /// Dirt that moved.
    pub arc: Option<Arc>,
    /// Named bits that went on or off, apart from moved dirt: the bit and whether it is on.
    pub flips: Vec<(Bit, bool)>,
}

/// The entry in hand, or its empty place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryPanel {
    /// The word; `None`: the step is about no entry.
    pub word: Option<EntryWord>,
    /// All bits, highest first; without digits where there is no word.
    pub bits: Vec<BitColumn>,
}

/// The columns: high and low bit.
const COLUMNS: [(u32, u32); 18] = [
    (63, 63),
    (62, 59),
    (58, 58),
    (57, 57),
    (56, 52),
    (51, 12),
    (11, 11),
    (10, 10),
    (9, 9),
    (8, 8),
    (7, 7),
    (6, 6),
    (5, 5),
    (4, 4),
    (3, 3),
    (2, 2),
    (1, 1),
    (0, 0),
];

/// The word of `slot` before the change that the step belongs to, and now; `None` if the step
/// changed nothing.
#[must_use]
pub fn words(now: &Now<'_>, slot: SlotId) -> Option<(u64, u64)> {
    let step = now.step?;
    let (was, is) = match now.word_change(step, slot) {
        Some(change) => change,
        // A record follows the store that it belongs to.
        None if matches!(now.event, Some(Event::Record { .. })) => {
            now.word_change(step.checked_sub(1)?, slot)?
        }
        None => return None,
    };
    // The walk takes the word out in one step and puts it back in the next: shown as one change.
    let taken = (1..=2).find_map(|back| {
        let before = step.checked_sub(back)?;
        match now.tape().event(before) {
            Event::Xchg { slot: taken, .. } if taken == slot => now.word_change(before, slot),
            _ => None,
        }
    });
    match taken {
        Some((before, meanwhile)) if was == meanwhile => Some((before, is)),
        _ => Some((was, is)),
    }
}

impl EntryPanel {
    /// The entry in hand at the cursor.
    #[must_use]
    pub fn new(now: &Now<'_>) -> Self {
        let values = now.place.slot.zip(now.place.level).and_then(|(slot, level)| {
            let change = words(now, slot);
            let is = change.map_or(now.world().word(slot).0, |(_, is)| is);
            let was = change.map(|(was, _)| was).filter(|was| *was != is);
            Some((EntryWord::new(now, slot, level, was, is)?, was, is))
        });
        let kernel = now.kernel();
        let (was, is) = values.as_ref().map_or((None, None), |(_, was, is)| (*was, Some(*is)));
        // The bits of a word that is not present mean other things.
        let nameless = was.into_iter().chain(is).any(is_swap_like);
        let column = |(high, low): &(u32, u32)| {
            let column = column(*high, *low, was, is, kernel);
            BitColumn { bit: column.bit.filter(|_| !nameless), ..column }
        };
        Self { bits: COLUMNS.iter().map(column).collect(), word: values.map(|(word, ..)| word) }
    }
}

impl EntryWord {
    fn new(now: &Now<'_>, slot: SlotId, level: Level, was: Option<u64>, is: u64) -> Option<Self> {
        let table = now.world().table(slot.table())?;
        let address = (table.pfn.0 << 12) + u64::from(slot.entry()) * 8;
        let about = format!("at {address:x}{}", points_to(now, level, Pte(is), was.map(Pte)));
        let before = was.unwrap_or(is);
        let (arc, flips) = flips(before, is, now.kernel());
        Some(Self {
            level: level.name(),
            index: slot.entry(),
            about,
            how: was.and_then(|_| how(now)),
            was: was.map(|was| nibbles(was, is)),
            is: nibbles(is, before),
            arc,
            flips,
        })
    }
}

fn how(now: &Now<'_>) -> Option<&'static str> {
    Some(match now.event? {
        Event::Xchg { .. } if now.place.level == Some(Level::Pte) => "xchg 0",
        Event::Xchg { .. } => "made not present",
        Event::Store { .. } | Event::Record { .. } if now.in_walk() => "xchg 0, store",
        Event::Store { .. } => "store",
        Event::Hardware { .. } => "by the CPU",
        Event::Install { .. } => "installed",
        Event::Zap { .. } => "zapped",
        Event::Keep { .. } => "spared",
        Event::Copy { .. } => "copied",
        Event::Move { .. } => "moved",
        Event::TableAlloc { .. } => "hooked in",
        _ => return None,
    })
}

/// What the entry leads to, as the end of a sentence.
fn points_to(now: &Now<'_>, level: Level, is: Pte, was: Option<Pte>) -> String {
    let word = if is.is_none() { was.unwrap_or(is) } else { is };
    let decoded = word.decode(level);
    let page = || match level {
        Level::Pte => now.page().map_or_else(String::new, |page| format!("page {page}")),
        _ => "2 MiB".to_owned(),
    };
    match (decoded, is.is_none()) {
        (Decoded::Table(pfn), _) => {
            format!(", points to {} table {pfn}", level.below().map_or("", Level::name))
        }
        (Decoded::Leaf(_), true) => format!(", mapped {}", page()),
        (Decoded::Leaf(_), false) if is_copy(now, word) => {
            format!(", maps a copy of {}", page())
        }
        (Decoded::Leaf(_), false) => format!(", maps {}", page()),
        (Decoded::None, _) => ", empty".to_owned(),
        (Decoded::NonPresent, _) => {
            parts::emulator().map(|it| (it.words.in_short)(now, word)).unwrap_or_default()
        }
    }
}

/// True if the word is neither empty nor present. A leaf PMD that is taken out still is one.
fn is_swap_like(word: u64) -> bool {
    let word = Pte(word);
    !word.is_none() && !word.is_present() && !word.flags().contains(PteFlags::PSE)
}

fn nibbles(word: u64, other: u64) -> Vec<Nibble> {
    let digits = format!("{word:016x}");
    let others = format!("{other:016x}");
    digits
        .chars()
        .zip(others.chars())
        .map(|(digit, other)| Nibble { digit, changed: digit != other })
        .collect()
}

fn column(high: u32, low: u32, was: Option<u64>, is: Option<u64>, kernel: &Kernel) -> BitColumn {
    let width = high - low + 1;
    let mask = (1u64 << width) - 1;
    let digits = if width == 40 { 10 } else { 1 };
    let show = |word: u64| format!("{:0digits$x}", (word >> low) & mask);
    let named =
        |bit: &Bit| bit.number() == low && width == 1 && (*bit != Bit::V || kernel.saved_dirty);
    let differs = was.zip(is).map(|(was, is)| (was ^ is) >> low & mask != 0);
    BitColumn {
        high,
        low,
        bit: Bit::ALL.into_iter().find(named),
        was: was.map_or_else(String::new, show),
        is: is.map_or_else(String::new, show),
        changed: differs == Some(true),
    }
}

/// Which named bits changed: dirt that moved is told apart.
fn flips(was: u64, is: u64, kernel: &Kernel) -> (Option<Arc>, Vec<(Bit, bool)>) {
    let (gone, come) = (was & !is, is & !was);
    let (d, v) = (PteFlags::DIRTY.bits(), PteFlags::SAVED_DIRTY.bits());
    let whole = [was, is].into_iter().any(|word| word == 0 || is_swap_like(word));
    let arc = match kernel.saved_dirty && !whole {
        true if gone & d != 0 && come & v != 0 => Some(Arc { from: Bit::D, to: Bit::V }),
        true if gone & v != 0 && come & d != 0 => Some(Arc { from: Bit::V, to: Bit::D }),
        _ => None,
    };
    let moved = |bit: &Bit| arc.is_some() && matches!(bit, Bit::D | Bit::V);
    let flips = Bit::ALL
        .into_iter()
        .filter(|bit| !whole && !moved(bit) && (*bit != Bit::V || kernel.saved_dirty))
        .filter(|bit| (was ^ is) >> bit.number() & 1 == 1)
        .map(|bit| (bit, is >> bit.number() & 1 == 1))
        .collect();
    (arc, flips)
}

#[cfg(test)]
mod tests {
    use rangewalk_core::kernel::{LINUX_6_1, LINUX_6_12};

    use super::*;

    #[test]
    fn write_protecting_a_dirty_word_moves_its_dirt() {
        let (was, is) = (0x8000_0001_a2b0_7867, 0x8400_0001_a2b0_7825);
        let (arc, off) = flips(was, is, &LINUX_6_12);
        assert_eq!(arc, Some(Arc { from: Bit::D, to: Bit::V }));
        assert_eq!(off, [(Bit::W, false)]);
        let changed: Vec<usize> = (0..16).filter(|at| nibbles(was, is)[*at].changed).collect();
        assert_eq!(changed, [1, 14, 15], "8[0]0000001a2b078[67]");
        let frame = column(51, 12, Some(was), Some(is), &LINUX_6_12);
        assert_eq!((frame.is.as_str(), frame.changed), ("00001a2b07", false));
    }

    #[test]
    fn bit_58_is_nameless_in_6_1() {
        assert_eq!(column(58, 58, None, None, &LINUX_6_1).bit, None);
        assert_eq!(column(58, 58, None, None, &LINUX_6_12).bit, Some(Bit::V));
    }

    #[test]
    fn a_word_that_comes_or_goes_whole_flips_nothing() {
        assert_eq!(flips(0, 0x8000_0001_0000_0867, &LINUX_6_12), (None, vec![]));
    }
}
