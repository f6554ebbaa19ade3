//! Words about migration entries, which the run that the page opens with has none of.

use rangewalk_core::arch::Pte;

use crate::model::sentence::Said;
use crate::model::stage_index::WalkKind;
use crate::model::stage_now::Now;

/// Of one that is looked at: what it remembers, and what the walk makes of it.
pub(crate) fn seen(now: &Now<'_>, word: Pte) -> String {
    let words = remembers(now, word).unwrap_or_default();
    format!("{words} {}", verdict(now, word))
}

/// Of `entry`, which was one word and is another; `None` if that is no migration entry.
pub(crate) fn stored(now: &Now<'_>, entry: &str, (was, is): (u64, u64)) -> Option<Said> {
    let words = remembers(now, Pte(is))?;
    let lead = match Pte(was).is_present() {
        true => format!("{entry} becomes a migration entry."),
        false => format!("{entry}, a migration entry, is stored anew."),
    };
    Some((lead, format!("{words} No CPU can use it: whoever touches the page waits.")))
}

/// A migration entry in short: the letters that its page had.
pub(crate) fn in_short(now: &Now<'_>, word: Pte) -> String {
    let mut words = ", migration entry:".to_owned();
    if let Some(entry) = word.as_migration(now.kernel(), now.world().levels()) {
        let kind = if entry.write { "write" } else { "read" };
        words = format!("{words} type {} {kind}, frame {}", word.0 >> 59, entry.pfn);
        let had = [(entry.young, " A"), (entry.dirty, " D"), (entry.soft_dirty, " T")];
        had.into_iter().filter(|(had, _)| *had).for_each(|(_, letter)| words.push_str(letter));
    }
    words
}

/// What a migration entry remembers.
fn remembers(now: &Now<'_>, word: Pte) -> Option<String> {
    let entry = word.as_migration(now.kernel(), now.world().levels())?;
    let mut words = format!("It stands for the page in frame `{}`", entry.pfn);
    for (holds, what) in [
        (entry.write, ", writable"),
        (entry.young, ", accessed"),
        (entry.dirty, ", dirty"),
        (entry.soft_dirty, ", soft-dirty by bit 1"),
    ] {
        words.push_str(if holds { what } else { "" });
    }
    words.push('.');
    Some(words)
}

/// What a walk makes of a migration entry. The helpers do not ask whether an entry is present.
fn verdict(now: &Now<'_>, word: Pte) -> &'static str {
    match now.walk.map(|walk| walk.kind) {
        Some(WalkKind::Wp) if word.is_write() => {
            "But `wp_pte` asks only for bit 1, here soft-dirty, and takes it for [W]: it will go, \
             and count."
        }
        Some(WalkKind::Clean) if word.is_dirty(now.kernel()) => {
            "But `clean_record_pte` asks only for dirt, and bit 58, of the inverted offset, looks \
             like [V]: it will go, and the page into the bitmap."
        }
        _ => "The walk passes it over.",
    }
}
