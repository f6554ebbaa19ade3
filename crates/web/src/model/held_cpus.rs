//! What each CPU runs, and what it has cached of the entry at hand; told where there are several.

use rangewalk_core::arch::PteFlags;
use rangewalk_core::machine::{CpuId, TlbEntry, TlbState};

use crate::model::stage_now::Now;
use crate::model::tlbs::{allows_more, name, usable};

/// How many stale pages a CPU's line names.
const STALE_NAMED: usize = 4;

/// One line a CPU, and one more for what is stale on it.
pub(crate) fn lines(now: &Now<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for (id, cpu) in now.world().cpus() {
        lines.push(runs(now, id, cpu));
        lines.extend(stale(now, id, cpu));
    }
    lines
}

fn runs(now: &Now<'_>, id: CpuId, cpu: &TlbState) -> String {
    let at_hand = |entry: &TlbEntry| {
        now.place.mm == Some(entry.mm)
            && now.place.addr.is_some_and(|addr| addr.page_down() == entry.addr)
    };
    let cached = usable(now.world(), cpu).find(at_hand).map(|entry| {
        let letters = match (entry.word.is_write(), entry.word.flags().contains(PteFlags::DIRTY)) {
            (true, true) => "W D",
            (true, false) => "W",
            (false, _) => "read-only",
        };
        format!(", {} cached {letters}", now.page_words(Some(entry.mm), entry.addr))
    });
    format!("{}{}", name(now, id, cpu), cached.unwrap_or_default())
}

fn stale(now: &Now<'_>, id: CpuId, cpu: &TlbState) -> Option<String> {
    let world = now.world();
    let stale: Vec<TlbEntry> =
        usable(world, cpu).filter(|entry| allows_more(world, entry)).collect();
    let page = |entry: &TlbEntry| {
        let vma = now.vma_at(entry.mm, entry.addr)?;
        now.page_at(vma, entry.addr)
    };
    let named: Vec<String> =
        stale.iter().take(STALE_NAMED).filter_map(page).map(|page| page.to_string()).collect();
    match stale.len() {
        0 => None,
        n if n == named.len() => Some(format!("stale on CPU {}: {}", id.0, named.join(", "))),
        n => Some(format!("stale on CPU {}: {n} pages", id.0)),
    }
}
