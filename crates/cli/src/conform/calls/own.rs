//! What a kernel's trace holds beside the emulated processes' own calls, and how it is told apart.

use std::collections::BTreeMap;

use super::tracer::{Fetch, Source, Tracer};
use super::{Call, Value};
use crate::conform::replay::WINDOW;
use crate::conform::script::WINDOW_PAGES;

/// A call with the task that made it.
pub(super) struct Seen {
    pub(super) task: String,
    pub(super) call: Call,
}

/// Where the functions that are called for any memory at all are told the address.
const ADDRESSES: [(&str, Fetch); 8] = [
    ("handle_mm_fault", Fetch { source: Source::Arg(1), pointed: false }),
    ("flush_tlb_mm_range", Fetch { source: Source::Arg(1), pointed: false }),
    ("unmap_page_range", Fetch { source: Source::Arg(2), pointed: false }),
    ("__zap_vma_range", Fetch { source: Source::Arg(2), pointed: false }),
    ("vma_interval_tree_insert", Fetch { source: Source::Arg(0), pointed: true }),
    ("vma_interval_tree_insert_after", Fetch { source: Source::Arg(0), pointed: true }),
    ("vma_interval_tree_remove", Fetch { source: Source::Arg(0), pointed: true }),
    ("page_mkclean_one", Fetch { source: Source::Arg(2), pointed: false }),
];

/// What a task did last.
#[derive(Default)]
struct Task {
    /// Its fault concerns the window.
    fault_is_ours: bool,
    /// Since the last gather's end it unmapped something in the window, and outside.
    unmapped_ours: bool,
    unmapped_foreign: bool,
    /// It is at the end of a gather that covered foreign memory too.
    ends_foreign_gather: bool,
}

/// Leaves out what concerns addresses outside the window: the workers' own text, stack and heap.
pub(super) fn without_foreign(tracer: &Tracer, seen: Vec<Seen>) -> Vec<Call> {
    let mut tasks: BTreeMap<String, Task> = BTreeMap::new();
    let mut calls = Vec::new();
    for Seen { task, call } in seen {
        let task = tasks.entry(task).or_default();
        if task.is_ours(tracer, &call) {
            calls.push(call);
        }
    }
    calls
}

impl Task {
    fn is_ours(&mut self, tracer: &Tracer, call: &Call) -> bool {
        let in_window = address(tracer, call)
            .map(|addr| (WINDOW.0..WINDOW.add_pages(WINDOW_PAGES).0).contains(&addr) || addr == 0);
        let ends_foreign_gather = std::mem::take(&mut self.ends_foreign_gather);
        match (&*call.func, in_window) {
            ("handle_mm_fault", Some(ours)) => {
                self.fault_is_ours = ours;
                ours
            }
            // It has no address of its own.
            ("do_wp_page", _) => self.fault_is_ours,
            ("unmap_page_range" | "__zap_vma_range", Some(ours)) => {
                self.unmapped_ours |= ours;
                self.unmapped_foreign |= !ours;
                ours
            }
            ("tlb_finish_mmu", _) => {
                self.ends_foreign_gather = std::mem::take(&mut self.unmapped_foreign);
                std::mem::take(&mut self.unmapped_ours)
            }
            // A flush of everything at the end of a gather is owed to foreign memory as well.
            ("flush_tlb_mm_range", Some(true)) if is_whole(call) => !ends_foreign_gather,
            (_, in_window) => in_window.unwrap_or(true),
        }
    }
}

/// The address that the call is about.
fn address(tracer: &Tracer, call: &Call) -> Option<u64> {
    let (_, wanted) = ADDRESSES.iter().find(|(func, _)| *func == call.func)?;
    let probe = tracer.probes.iter().find(|p| p.func == call.func && !p.returns)?;
    let place = probe.fetches.iter().position(|fetch| fetch == wanted)?;
    match call.args.get(place)? {
        Value::Bits { value, .. } => Some(*value),
        _ => None,
    }
}

/// A flush of all addresses.
pub(super) fn is_whole(call: &Call) -> bool {
    call.func == "flush_tlb_mm_range" && call.args.contains(&Value::number(u64::MAX))
}

/// Leaves out calls of `unmap_mapping_range` that find nobody: opening a file of tracefs for
/// writing truncates it, which is such a call.
pub(super) fn without_harness(calls: Vec<Call>) -> Vec<Call> {
    let walks = |call: &Call| call.func.contains("tree_iter_first");
    let next_walks = calls.iter().skip(1).map(walks).chain([false]);
    let kept: Vec<bool> = calls
        .iter()
        .zip(next_walks)
        .map(|(call, next_walks)| call.func != "unmap_mapping_range" || next_walks)
        .collect();
    calls.into_iter().zip(kept).filter_map(|(call, kept)| kept.then_some(call)).collect()
}
