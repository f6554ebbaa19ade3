//! What each CPU runs, and what it has cached of the entry at hand; told where there are several.

use rangewalk_core::arch::{Pte, PteFlags};
use rangewalk_core::machine::{CpuId, TlbEntry, TlbState, World};

use crate::model::stage_now::Now;

/// How many stale pages a CPU's line names.
const STALE_NAMED: usize = 4;

/// One line a CPU, and one more for what is stale on it.
pub(super) fn lines(now: &Now<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for (id, cpu) in now.world().cpus() {
        lines.push(runs(now, id, cpu));
        lines.extend(stale(now, id, cpu));
    }
    lines
}

fn runs(now: &Now<'_>, id: CpuId, cpu: &TlbState) -> String {
    let whose = cpu.loaded_mm.map_or("idle", |mm| now.process(mm));
    let lazy = if cpu.is_lazy { ", lazy" } else { "" };
    let entry = now.place.mm.zip(now.place.addr).and_then(|(mm, addr)| cpu.entry(mm, addr));
    let cached = entry.filter(|entry| is_usable(now.world(), cpu, entry)).map(|entry| {
        let letters = match (entry.word.is_write(), is_dirty(entry.word)) {
            (true, true) => "W D",
            (true, false) => "W",
            (false, _) => "read-only",
        };
        format!(", {} cached {letters}", now.page_words(Some(entry.mm), entry.addr))
    });
    format!("CPU {}: {whose}{lazy}{}", id.0, cached.unwrap_or_default())
}

fn stale(now: &Now<'_>, id: CpuId, cpu: &TlbState) -> Option<String> {
    let world = now.world();
    let is_stale = |entry: &TlbEntry| is_usable(world, cpu, entry) && allows_more(world, entry);
    let stale: Vec<TlbEntry> = cpu.entries().filter(is_stale).collect();
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

/// It will still use it: no flush passed it by.
fn is_usable(world: &World, cpu: &TlbState, entry: &TlbEntry) -> bool {
    let mm = world.mm(entry.mm);
    mm.alive && cpu.tlb_gen(entry.mm) == mm.tlb_gen
}

/// What is cached lets the CPU do what the entry would not, or do it unseen.
fn allows_more(world: &World, entry: &TlbEntry) -> bool {
    let now = world.pte_slot(entry.mm, entry.addr).map_or(Pte::NONE, |slot| world.word(slot));
    !now.is_hw_present()
        || now.pfn() != entry.word.pfn()
        || entry.word.is_write() && !now.is_write()
        || is_dirty(entry.word) && !is_dirty(now)
}

fn is_dirty(word: Pte) -> bool {
    word.flags().contains(PteFlags::DIRTY)
}
