//! Function graphs: the kernel's, reduced to what is emulated, and the tape's.

use rangewalk_core::kernel::Kernel;
use rangewalk_core::machine::event::{Found, Lock, Mode};
use rangewalk_core::machine::{Event, Func};
use rangewalk_core::trace::Tape;

use super::Call;
use super::probed::{traced_symbol, upper_callback};
use super::tape::{Moment, moments};
use super::tracer::Tracer;

/// Functions of the kernel that are no calls of their own in the emulator, and why. Whatever is not
/// on this list must be on the tape.
const NOT_EMULATED: [(&str, &[&str]); 9] = [
    ("scheduling", &["__cond_resched"]),
    ("read-side marks of RCU", &["__rcu_read_lock", "__rcu_read_unlock"]),
    (
        "finding a table's place and lock, which is shown as the lock",
        &["__pte_offset_map_lock", "__pte_offset_map", "pte_offset_map_nolock"],
    ),
    (
        "parts of an emulated caller",
        &[
            "vma_interval_tree_subtree_search",
            "walk_page_test",
            "__handle_mm_fault",
            "do_fault",
            "__do_fault",
            "shmem_get_folio_gfp",
            "filemap_get_entry",
            "set_pte_range",
            "pte_mkwrite",
            "unmap_single_vma",
            "vm_normal_page",
            "invalid_mkclean_vma",
            "check_pte",
        ],
    ),
    (
        "flags and counts of a page, which are shown as changes",
        &[
            "folio_mapping",
            "folio_mark_dirty",
            "noop_dirty_folio",
            "folio_mark_accessed",
            "folio_unlock",
            "folio_add_file_rmap_ptes",
            "folio_remove_rmap_ptes",
            "shmem_mapping",
            "vma_is_anon_shmem",
            "arch_check_zapped_pte",
            "uprobe_munmap",
        ],
    ),
    (
        "the lists that pages wait on",
        &[
            "lru_add_drain",
            "lru_add_drain_cpu",
            "mlock_drain_local",
            "folio_batch_move_lru",
            "folio_lruvec_lock_irqsave",
            "_raw_spin_lock_irqsave",
            "_raw_spin_unlock_irqrestore",
            "lru_add",
            "folios_put_refs",
            "__tlb_remove_folio_pages",
            "__tlb_remove_folio_pages_size",
            "tlb_flush_rmaps",
            "tlb_flush_rmap_batch",
            "tlb_flush_mmu",
            "__tlb_batch_free_encoded_pages",
            "free_pages_and_swap_cache",
            "free_swap_cache",
            "flush_tlb_batched_pending",
        ],
    ),
    (
        "statistics",
        &[
            "__mod_lruvec_state",
            "__mod_node_page_state",
            "__mod_memcg_lruvec_state",
            "__mod_zone_page_state",
            "__lruvec_stat_mod_folio",
            "__cgroup_rstat_updated",
            "_raw_spin_trylock",
            "mem_cgroup_from_task",
            "__count_memcg_events",
        ],
    ),
    (
        "the file's times",
        &[
            "file_update_time",
            "inode_needs_update_time",
            "ktime_get_coarse_real_ts64",
            "timestamp_truncate",
            "mnt_get_write_access_file",
            "mnt_get_write_access",
            "mnt_put_write_access_file",
            "generic_update_time",
            "inode_update_timestamps",
            "inode_maybe_inc_iversion",
            "__mark_inode_dirty",
        ],
    ),
    ("a gather's start, which is shown as a pending flush", &["tlb_gather_mmu"]),
];

/// Emulated functions that the kernel's compiler has put into their callers.
const INLINED: [&str; 8] = [
    "walk_p4d_range",
    "walk_pud_range",
    "walk_pmd_range",
    "walk_pte_range",
    "zap_pte_range",
    "do_read_fault",
    "do_shared_fault",
    "do_cow_fault",
];

/// A kernel's graph without what is not emulated, and without foreign calls.
pub(super) fn reduced(graph: Vec<Call>) -> Vec<Call> {
    let mut kept: Vec<Call> = Vec::new();
    // Depths of the calls around, those left out as `None`.
    let mut around: Vec<bool> = Vec::new();
    for call in graph {
        around.truncate(call.depth);
        let is_emulated = !NOT_EMULATED.iter().any(|(_, list)| list.contains(&&*call.func));
        if is_emulated {
            let depth = around.iter().filter(|kept| **kept).count();
            let func =
                if call.func == "down_read_trylock" { "down_read".into() } else { call.func };
            kept.push(Call { depth, func, ..call });
        }
        around.push(is_emulated);
    }
    without_harness(kept)
}

/// Leaves out outermost calls of `unmap_mapping_range` that find nobody, as [`super::own`] does.
fn without_harness(calls: Vec<Call>) -> Vec<Call> {
    let mut kept = Vec::new();
    let mut rest = &calls[..];
    while let Some((first, inside)) = rest.split_first() {
        let len = 1 + inside.iter().take_while(|call| call.depth > 0).count();
        let (tree, after) = rest.split_at(len);
        let walks = tree.iter().any(|call| call.func.contains("tree_iter_first"));
        if first.func != "unmap_mapping_range" || walks {
            kept.extend_from_slice(tree);
        }
        rest = after;
    }
    kept
}

/// The tape's graph below the functions that `tracer` was asked for.
pub(super) fn calls(kernel: &Kernel, tracer: &Tracer, tape: &Tape) -> Vec<Call> {
    let mut graph = Graph { open: Vec::new(), calls: Vec::new() };
    for moment in moments(tape, tracer.since) {
        match moment {
            Moment::Enter(number) => {
                let func = tape.frames()[number as usize].func;
                let symbol = traced_symbol(func, kernel);
                let inside = graph.depth() > 0 || tracer.graph_roots.iter().any(|f| f == symbol);
                let shown = inside && !INLINED.contains(&symbol);
                if shown {
                    graph.call(symbol);
                }
                graph.open.push((func, shown));
            }
            Moment::Step(step) if graph.depth() > 0 => {
                if let Some(name) = leaf(tape.event(step), &graph) {
                    graph.call(name);
                }
            }
            Moment::Step(_) => {}
            Moment::Exit(_) => drop(graph.open.pop()),
        }
    }
    without_harness(graph.calls)
}

struct Graph {
    /// Frames in progress, and whether they are shown.
    open: Vec<(Func, bool)>,
    calls: Vec<Call>,
}

impl Graph {
    fn depth(&self) -> usize {
        self.open.iter().filter(|(_, shown)| *shown).count()
    }

    fn call(&mut self, name: &str) {
        let depth = self.depth();
        self.calls.push(Call { depth, func: name.to_owned(), returns: false, args: Vec::new() });
    }
}

/// The call that an event stands for.
fn leaf(event: Event, graph: &Graph) -> Option<&'static str> {
    match event {
        Event::Lock { lock: Lock::Ptl(_) | Lock::PageTable(_), .. } => Some("_raw_spin_lock"),
        Event::Unlock { lock: Lock::Ptl(_) | Lock::PageTable(_), .. } => Some("_raw_spin_unlock"),
        // A folio that nobody has locked is locked without a call; `folio_unlock` is left out.
        Event::Lock { lock: Lock::Folio(_), .. } | Event::Unlock { lock: Lock::Folio(_), .. } => {
            None
        }
        Event::Lock { lock: Lock::Vma(_), .. } => Some("down_read_trylock"),
        Event::Downgrade { .. } => Some("downgrade_write"),
        Event::Lock { mode: Mode::Read, .. } => Some("down_read"),
        Event::Unlock { mode: Mode::Read, .. } => Some("up_read"),
        Event::Lock { mode: Mode::Write, .. } => Some("down_write"),
        Event::Unlock { mode: Mode::Write, .. } => Some("up_write"),
        Event::Descend { level, found, .. } if found != Found::None => {
            upper_callback(level, |func| graph.open.iter().any(|(open, _)| *open == func))
        }
        _ => None,
    }
}
