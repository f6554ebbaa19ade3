//! The tape's calls as kprobes would have seen them: arguments in the registers where the kernel's
//! functions take them.

use rangewalk_core::addr::{PAGE_SIZE, VirtAddr};
use rangewalk_core::arch::Level;
use rangewalk_core::arch::pte::PFN_MASK;
use rangewalk_core::kernel::Kernel;
use rangewalk_core::machine::event::{Access, Flush, Found, Look, Verdict};
use rangewalk_core::machine::func::Args;
use rangewalk_core::machine::{Event, Func, VmaId};
use rangewalk_core::trace::{Frame, Timeline};

use super::tape::{Moment, moments};
use super::tracer::{Fetch, Probe, Source, Tracer};
use super::{Call, Value};

/// Bit of `handle_mm_fault`'s flags: a store.
const FAULT_FLAG_WRITE: u64 = 1;

/// What is known of a call: its arguments, the first words of what they point to, and likewise of
/// what it returns. What is not there is not known.
#[derive(Default)]
struct Known {
    args: [Option<Value>; 6],
    pointed: [Option<Value>; 6],
    returned: Option<Value>,
    returned_pointed: Option<Value>,
}

impl Known {
    fn fetch(&self, fetch: Fetch) -> Value {
        let known = match (fetch.source, fetch.pointed) {
            (Source::Arg(number), false) => self.args[number],
            (Source::Arg(number), true) => self.pointed[number],
            (Source::Returned, false) => self.returned,
            (Source::Returned, true) => self.returned_pointed,
        };
        known.unwrap_or(Value::UNKNOWN)
    }

    fn arg(self, number: usize, value: u64) -> Self {
        self.bits(number, value, u64::MAX)
    }

    fn bits(mut self, number: usize, value: u64, mask: u64) -> Self {
        self.args[number] = Some(Value::Bits { value, mask });
        self
    }

    fn pointed(mut self, number: usize, value: Value) -> Self {
        self.pointed[number] = Some(value);
        self
    }
}

/// Every call that a probe of `tracer` would have reported.
pub(super) fn calls(kernel: &Kernel, tracer: &Tracer, timeline: Timeline) -> Vec<Call> {
    let order = moments(timeline.tape(), tracer.since);
    let mut probed =
        Probed { kernel, tracer, timeline, open: Vec::new(), access: None, calls: Vec::new() };
    for moment in order {
        match moment {
            Moment::Enter(number) => probed.enter(number),
            Moment::Step(step) => probed.step(step),
            Moment::Exit(number) => probed.exit(number),
        }
    }
    probed.calls
}

struct Probed<'k> {
    kernel: &'k Kernel,
    tracer: &'k Tracer,
    timeline: Timeline,
    /// Frames in progress, outermost first.
    open: Vec<u32>,
    /// What the last fault was about.
    access: Option<Access>,
    calls: Vec<Call>,
}

impl Probed<'_> {
    fn frame(&self, number: u32) -> Frame {
        self.timeline.tape().frames()[number as usize]
    }

    /// Reports the call if it is probed.
    fn report(&mut self, func: &str, returns: bool, known: impl FnOnce(&mut Self) -> Known) {
        let probes: Vec<Probe> = self
            .tracer
            .probes
            .iter()
            .filter(|probe| probe.func == func && probe.returns == returns)
            .cloned()
            .collect();
        if probes.is_empty() {
            return;
        }
        let known = known(self);
        for probe in probes {
            let args = probe.fetches.iter().map(|fetch| known.fetch(*fetch)).collect();
            self.calls.push(Call { depth: 0, func: probe.func, returns, args });
        }
    }

    fn enter(&mut self, number: u32) {
        self.open.push(number);
        let frame = self.frame(number);
        let symbol = traced_symbol(frame.func, self.kernel);
        // An exiting process has foreign memory too, whose flush it is as well.
        let ends_exit = frame.func == Func::FlushTlbMmRange
            && self.is_inside(Func::TlbFinishMmu)
            && self.is_inside(Func::ExitMmap);
        if !ends_exit {
            self.report(symbol, false, |probed| probed.arguments(&frame));
        }
    }

    fn exit(&mut self, number: u32) {
        self.open.pop();
        let frame = self.frame(number);
        let symbol = traced_symbol(frame.func, self.kernel);
        // Told by an event behind it.
        if frame.func != Func::WpCleanTestWalk {
            self.report(symbol, true, |probed| probed.returned(&frame));
        }
    }

    fn step(&mut self, step: u32) {
        match self.timeline.tape().event(step) {
            Event::Fault { access, .. } => self.access = Some(access),
            Event::Filter { verdict, .. } if self.is_inside(Func::WalkPageMapping) => {
                let skip = u64::from(verdict != Verdict::Walk);
                let known = Known { returned: Some(Value::number(skip)), ..Known::default() };
                self.report(Func::WpCleanTestWalk.symbol(), true, |_| known);
            }
            Event::Descend { level, found, addr, .. } if found != Found::None => {
                let Some(callback) = upper_callback(level, |func| self.is_inside(func)) else {
                    return;
                };
                let range = self.open.last().map(|frame| self.frame(*frame).args);
                self.report(callback, false, |_| {
                    let known = Known::default().arg(1, addr.0);
                    let Some([_, end]) = range else { return known };
                    known.arg(2, level.addr_end(addr, VirtAddr(end)).0)
                });
            }
            _ => {}
        }
    }

    fn is_inside(&self, func: Func) -> bool {
        self.open.iter().any(|frame| self.frame(*frame).func == func)
    }

    /// `vm_start` of a VMA, in the world before `step`.
    fn vm_start(&mut self, vma: VmaId, step: u32) -> Value {
        self.timeline.seek(step);
        Value::number(self.timeline.world().vma(vma).start.0)
    }

    fn arguments(&mut self, frame: &Frame) -> Known {
        let [a, b] = frame.args;
        let known = Known::default();
        match frame.func.symbol() {
            "wp_shared_mapping_range" | "clean_record_shared_mapping_range" => {
                known.arg(1, a).arg(2, b)
            }
            "unmap_mapping_pages" => known.arg(1, a).arg(2, b),
            "unmap_mapping_range" => known.arg(1, a << 12).arg(2, b << 12),
            "vma_interval_tree_iter_first" => known.arg(1, a).arg(2, b),
            "vma_interval_tree_iter_next" => {
                let known = known.arg(1, a).arg(2, b);
                // The node it starts from is the one that was found last.
                match self.last_hit_before(frame.enter) {
                    Some(node) => {
                        let start = self.vm_start(node, frame.enter);
                        known.pointed(0, start)
                    }
                    None => known,
                }
            }
            "vma_interval_tree_insert_after" => {
                let (node, prev) = (vma_id(a), vma_id(b));
                let start = self.vm_start(node, frame.enter);
                let prev_start = self.vm_start(prev, frame.enter);
                known.pointed(0, start).pointed(1, prev_start)
            }
            "wp_clean_test_walk" => {
                self.timeline.seek(frame.enter);
                let vma = *self.timeline.world().vma(vma_id(a));
                known.arg(0, vma.start.0).arg(1, vma.end.0)
            }
            "wp_clean_pre_vma" => known.arg(0, a).arg(1, b),
            "wp_pte" | "clean_record_pte" => {
                let known = known.arg(1, a);
                match self.word_visited(frame.enter) {
                    Some(word) => known.pointed(0, word),
                    None => known,
                }
            }
            "unmap_page_range" => known.arg(2, a).arg(3, b),
            "flush_tlb_mm" => known.arg(1, 0).arg(2, u64::MAX).arg(4, 1),
            "flush_tlb_page" => known.arg(1, a).arg(2, a + PAGE_SIZE).arg(4, 0),
            // All addresses are told as the greatest.
            "flush_tlb_mm_range" if a == 0 => known.arg(1, 0).arg(2, u64::MAX),
            "flush_tlb_mm_range" => known.arg(1, a).arg(2, b),
            "page_mkclean_one" => {
                let start = self.vm_start(vma_id(a), frame.enter);
                known.pointed(1, start).arg(2, b)
            }
            "zap_page_range_single" => known.arg(1, a).arg(2, b - a),
            "flush_tlb_range" => {
                let known = known.arg(1, a).arg(2, b);
                match self.timeline.tape().event(frame.enter) {
                    // The macro of that name: pages of 4 KiB, and it claims that tables were freed.
                    Event::Flush { flush: Flush::Hull | Flush::Nested, .. } => {
                        known.arg(3, 12).arg(4, 1)
                    }
                    _ => known,
                }
            }
            "handle_mm_fault" => {
                let store = u64::from(self.access == Some(Access::Store));
                known.bits(1, a, !(PAGE_SIZE - 1)).bits(2, store, FAULT_FLAG_WRITE)
            }
            _ if frame.func.args() == Args::Vma => {
                let start = self.vm_start(vma_id(a), frame.enter);
                known.pointed(0, start)
            }
            _ => known,
        }
    }

    fn word_visited(&mut self, step: u32) -> Option<Value> {
        let Event::Slot { slot, .. } = self.timeline.tape().event(step) else { return None };
        self.timeline.seek(step);
        let word = self.timeline.world().word(slot).0;
        Some(Value::Bits { value: word, mask: !PFN_MASK })
    }

    fn last_hit_before(&self, step: u32) -> Option<VmaId> {
        let events = &self.timeline.tape().events()[..step as usize];
        events.iter().rev().find_map(|event| match event {
            Event::TreeLook { node, look: Look::Hit } => Some(*node),
            _ => None,
        })
    }

    fn returned(&mut self, frame: &Frame) -> Known {
        let steps = frame.enter as usize..frame.exit as usize;
        let events = self.timeline.tape().events()[steps].to_vec();
        match frame.func {
            Func::TreeIterFirst | Func::TreeIterNext => {
                let hit = events.iter().rev().find_map(|event| match event {
                    Event::TreeLook { node, look: Look::Hit } => Some(*node),
                    _ => None,
                });
                let pointed = hit.map_or(Value::Fault, |node| self.vm_start(node, frame.exit));
                Known {
                    returned: Some(Value::Pointer { null: hit.is_none() }),
                    returned_pointed: Some(pointed),
                    ..Known::default()
                }
            }
            _ => {
                let value = events.iter().rev().find_map(|event| match event {
                    Event::Return { value } => Some(Value::number(*value)),
                    _ => None,
                });
                Known { returned: value, ..Known::default() }
            }
        }
    }
}

fn vma_id(arg: u64) -> VmaId {
    VmaId(u32::try_from(arg).expect("a frame's VMA"))
}

/// The function that a tracer sees: where a frame bears the name of a macro, what that calls.
pub(super) fn traced_symbol(func: Func, kernel: &Kernel) -> &'static str {
    match func {
        Func::FlushTlbRange | Func::FlushTlbMm | Func::FlushTlbPage => "flush_tlb_mm_range",
        func => func.symbol_in(kernel),
    }
}

/// The callback of a helper's walk for an entry of `level` that is not empty: the tape knows it by
/// the event alone.
pub(super) fn upper_callback(
    level: Level,
    is_inside: impl Fn(Func) -> bool,
) -> Option<&'static str> {
    let helpers = [Func::WpSharedMappingRange, Func::CleanRecordSharedMappingRange];
    if !helpers.into_iter().any(is_inside) {
        return None;
    }
    match level {
        Level::Pud => Some("wp_clean_pud_entry"),
        Level::Pmd => Some("wp_clean_pmd_entry"),
        _ => None,
    }
}
