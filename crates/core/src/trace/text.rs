//! The golden trace text: one 7-bit line a step, indented by the calls around it. It is the log
//! pane, the oracle of the scenario tests and the bug report.
//!
//! A call is a line without a number, before the first step inside it; a call without a step
//! inside is left out.

use std::fmt::Write;

use crate::addr::VirtAddr;
use crate::arch::Pte;
use crate::machine::delta::NodeField;
use crate::machine::event::{
    Access, Cached, FaultCause, FaultEnd, Flush, Found, IpiAnswer, Lock, Look, Mode, Phase, Reach,
    SwitchIn, Verdict,
};
use crate::machine::func::Args;
use crate::machine::rbtree::{Colour, Side};
use crate::machine::{Cell, Delta, Event, MappingId, PageFlags, PageId, SlotId, VmaId, World};
use crate::trace::tape::Frame;
use crate::trace::{Names, Tape, Timeline};

/// Writes steps in words.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    /// The recorded run.
    pub tape: &'a Tape,
    /// What things are called.
    pub names: &'a Names,
    /// The scenario's statements, for `Event::Statement`.
    pub statements: &'a [String],
}

/// The whole trace. Moves the cursor to the end.
#[must_use]
pub fn trace(timeline: &mut Timeline, names: &Names, statements: &[String]) -> String {
    let mut out = String::new();
    let mut before: Vec<u32> = Vec::new();
    for step in 0..timeline.tape().len() {
        timeline.seek(step + 1);
        let text = Text { tape: timeline.tape(), names, statements };
        let stack = timeline.tape().stack_at(step);
        let same = stack.iter().zip(&before).take_while(|(now, then)| now == then).count();
        for (depth, frame) in stack.iter().enumerate().skip(same) {
            let frame = &timeline.tape().frames()[*frame as usize];
            let call = text.call(timeline.world(), frame, step);
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{:8}{:2$}{call}", "", "", 2 * depth);
        }
        let line = text.step(timeline.world(), step);
        let _ = writeln!(out, "{step:6}  {:1$}{line}", "", 2 * stack.len());
        before = stack;
    }
    out
}

impl Text<'_> {
    /// A call: the kernel's symbol and what it was given.
    #[must_use]
    pub fn call(&self, world: &World, frame: &Frame, step: u32) -> String {
        let symbol = frame.func.symbol_in(world.kernel());
        let [one, two] = frame.args;
        let id = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        match frame.func.args() {
            Args::Nothing => symbol.to_owned(),
            Args::Pages => format!("{symbol} {one}+{two}"),
            Args::Pgoffs => format!("{symbol} {one}..{two}"),
            Args::Range => format!("{symbol} {one:x}-{two:x}"),
            Args::Size => format!("{symbol} {one}"),
            Args::Addr => format!("{symbol} {one:x}"),
            Args::Vma => format!("{symbol} {}", self.names.vma(VmaId(id(one)), step)),
            Args::Mm => format!("{symbol} {}", self.names.process(crate::machine::MmId(id(one)))),
        }
    }

    /// What step `step` did; `world` is as it was behind that step.
    #[must_use]
    pub fn step(&self, world: &World, step: u32) -> String {
        let mut line = self.meaning(world, step);
        let told = matches!(self.tape.event(step), Event::Xchg { .. } | Event::Store { .. });
        for delta in self.tape.deltas(step) {
            match delta.cell {
                Cell::Word(_) if told => line.push_str(&change(delta)),
                Cell::Word(slot) => {
                    let _ = write!(line, "; {}{}", slot_text(slot), change(delta));
                }
                Cell::Node(node, NodeField::SubtreeLast) => {
                    let (node, Delta { old, new, .. }) = (self.names.vma(node, step), delta);
                    let _ = write!(line, "; {node} max {old} -> {new}");
                }
                _ => {}
            }
        }
        line
    }

    fn meaning(&self, world: &World, step: u32) -> String {
        let file = |mapping: MappingId| self.names.file(mapping);
        let process = |mm| self.names.process(mm);
        let vma = |vma: VmaId| self.names.vma(vma, step);
        match self.tape.event(step) {
            Event::Statement { index } => {
                self.statements.get(index as usize).cloned().unwrap_or_default()
            }
            Event::Return { value } => format!("return {value}"),
            Event::Lock { lock, mode } => format!("lock {}", self.lock(world, lock, mode, step)),
            Event::Unlock { lock, mode } => {
                format!("unlock {}", self.lock(world, lock, mode, step))
            }
            Event::Downgrade { lock } => {
                format!("downgrade {}", self.lock(world, lock, Mode::Read, step))
            }
            Event::TreeQuery { mapping, first, last } => {
                format!("query {} {first}..{last}", file(mapping))
            }
            Event::TreeLook { node, look } => self.look(world, node, look, step),
            Event::TreeEnd { mapping } => format!("no more of {}", file(mapping)),
            Event::TreeDescend { node, at, side } => {
                format!("{} goes {} of {}", vma(node), side_name(side), vma(at))
            }
            Event::TreeLink { node } => format!("link {}, red", vma(node)),
            Event::TreeRotate { pivot, side } => {
                format!("rotate {} {}", vma(pivot), side_name(side))
            }
            Event::TreeColour { node, colour: Colour::Red } => format!("{} red", vma(node)),
            Event::TreeColour { node, colour: Colour::Black } => format!("{} black", vma(node)),
            Event::TreeErase { node } => format!("erase {}", vma(node)),
            Event::TreeAugment { node } => format!("augment {}", vma(node)),
            Event::Filter { vma: id, verdict } => {
                let verdict = match verdict {
                    Verdict::Walk => "walk",
                    Verdict::EndsWalk => "fails, the walk ends",
                    Verdict::Skipped => "fails, passed over",
                };
                format!("filter {}: {verdict}", vma(id))
            }
            Event::Clip { vma: id, start, end } => format!("clip {} {start}-{end}", vma(id)),
            Event::NotifierStart { mm, start, end } => {
                format!("notifier start {} {start}-{end}", process(mm))
            }
            Event::NotifierEnd { mm, start, end } => {
                format!("notifier end {} {start}-{end}", process(mm))
            }
            Event::FlushPending { mm, pending } => {
                format!("flush pending {} {pending}", process(mm))
            }
            Event::Flush { mm, flush, reach, start, end } => {
                format!("flush {} {}", process(mm), flush_text(flush, reach, start, end))
            }
            Event::MmNew { mm } => format!("process {}", process(mm)),
            Event::MmGone { mm } => format!("process {} gone", process(mm)),
            Event::VmaChange { vma: id } => {
                let record = world.vma(id);
                let (start, end, pgoff) = (record.start, record.end, record.pgoff);
                format!("vma {} {start}-{end} from page {pgoff}", vma(id))
            }
            Event::VmaFlags { vma: id } => {
                let record = world.vma(id);
                format!("vma {} flags {:x} prot {:x}", vma(id), record.flags.bits(), record.prot)
            }
            Event::VmaDetach { vma: id } => format!("vma {} detached", vma(id)),
            Event::VmaGone { vma: id } => format!("vma {} gone", vma(id)),
            event => self.memory(world, event),
        }
    }

    /// The events of page tables, faults and pages.
    fn memory(&self, world: &World, event: Event) -> String {
        let file = |mapping: MappingId| self.names.file(mapping);
        let process = |mm| self.names.process(mm);
        match event {
            Event::Descend { level, found, slot, addr } => {
                format!("{} {} {addr} {}", level.name(), slot.entry(), found_name(found))
            }
            Event::Hole { level, addr, end } => format!("hole {} {addr}-{end}", level.name()),
            Event::Slot { found, slot, addr } => {
                let other = if found == Found::Foreign { ", not that page" } else { "" };
                format!("slot {} {addr} {}{other}", slot.entry(), word_text(world.word(slot).0))
            }
            Event::Xchg { slot, .. } => format!("xchg {}", slot.entry()),
            Event::Store { slot, .. } => format!("store {}", slot.entry()),
            Event::Warn { .. } => "warn, left alone".to_owned(),
            Event::Record { mapping, bit } => format!("record {} bit {bit}", file(mapping)),
            Event::Hardware { addr, .. } => format!("cpu marks {addr}"),
            Event::Fault { mm, access, cause, addr } => {
                let cause = match cause {
                    FaultCause::NotPresent => "not present",
                    FaultCause::Protection => "protection",
                };
                format!("fault {} {} {addr} {cause}", process(mm), access_name(access))
            }
            Event::FaultEnd { mm, end, addr } => {
                let end = match end {
                    FaultEnd::Retry => "retry",
                    FaultEnd::SegvMapErr => "SIGSEGV, nothing mapped",
                    FaultEnd::SegvAccErr => "SIGSEGV, not allowed",
                    FaultEnd::Bus => "SIGBUS",
                };
                format!("fault end {} {addr} {end}", process(mm))
            }
            Event::TableAlloc { table, level, addr } => {
                format!("new table {} below {} for {addr}", table.0, level.name())
            }
            Event::TableFree { table, level, addr } => {
                format!("free table {} below {} for {addr}", table.0, level.name())
            }
            Event::Cow { page, addr } => format!("copy for {addr} into frame {}", page.pfn()),
            Event::Install { addr, .. } => format!("install {addr}"),
            Event::Zap { addr, .. } => format!("zap {addr}"),
            Event::Keep { addr, .. } => format!("keep {addr}"),
            Event::BatchFull { pages, .. } => format!("no room behind {pages} pages"),
            Event::Copy { addr, .. } => format!("copy {addr}"),
            Event::Move { addr, .. } => format!("move to {addr}"),
            event => self.page_cache(world, event),
        }
    }

    /// The events of files and of their pages.
    fn page_cache(&self, world: &World, event: Event) -> String {
        let file = |mapping: MappingId| self.names.file(mapping);
        match event {
            Event::CacheAdd { mapping, pgoff, order: 0 } => {
                format!("cache {} page {pgoff}", file(mapping))
            }
            Event::CacheAdd { mapping, pgoff, order } => {
                format!("cache {} pages {pgoff}+{}, one folio", file(mapping), 1u64 << order)
            }
            Event::Readahead { mapping, pgoff, pages } => {
                format!("readahead {} pages {pgoff}+{pages}", file(mapping))
            }
            Event::ReadaheadMark { mapping, pgoff } => {
                let page = world.mapping(mapping).page(pgoff);
                let marked =
                    page.is_some_and(|page| world.folio_flags(page).contains(PageFlags::READAHEAD));
                let what = if marked { "mark" } else { "unmark" };
                format!("{what} {} page {pgoff}", file(mapping))
            }
            Event::ReadPages { mapping, pgoff, pages } => {
                format!("read {} pages {pgoff}+{pages} from disk", file(mapping))
            }
            Event::CacheDrop { mapping, pgoff, order } => {
                format!("drop {} pages {pgoff}+{}", file(mapping), 1u64 << order)
            }
            Event::FolioSplit { mapping, pgoff } => {
                format!("split the folio of {} at page {pgoff}", file(mapping))
            }
            Event::FileSize { mapping, pages } => format!("size {} {pages}", file(mapping)),
            Event::PageDirty { page } => format!("{} dirty", self.page(world, page)),
            Event::PageClean { page } => format!("{} clean", self.page(world, page)),
            Event::Migration { page, phase: Phase::Begins } => {
                format!("{} locked, to migrate", self.page(world, page))
            }
            Event::Migration { page, .. } => format!("{} migrated", self.page(world, page)),
            Event::Writeback { page } => format!("write {} to disk", self.page(world, page)),
            Event::WritebackEnd { page } => format!("{} written", self.page(world, page)),
            Event::PageAccessed { page } => format!("{} accessed", self.page(world, page)),
            Event::PageFree { page } => format!("free frame {}", page.pfn()),
            event => self.processor(world, event),
        }
    }

    /// The events of CPUs and their TLBs.
    fn processor(&self, world: &World, event: Event) -> String {
        let process = |mm| self.names.process(mm);
        match event {
            Event::Access { cpu, mm, access, addr } => {
                let on = if world.is_smp() { format!(", cpu {}", cpu.0) } else { String::new() };
                format!("{} {} {addr}{on}", process(mm), access_name(access))
            }
            Event::SwitchMm { cpu, mm, switch } => {
                let switch = match switch {
                    SwitchIn::UpToDate => "",
                    SwitchIn::CaughtUp => ", drops all it had of it",
                };
                format!("cpu {} runs {}{switch}", cpu.0, process(mm))
            }
            Event::Lazy { cpu } => format!("cpu {} runs a kernel thread", cpu.0),
            Event::TlbHit { cpu, cached, addr, .. } => {
                let cached = match cached {
                    Cached::Fresh => "cached",
                    Cached::Stale => "stale",
                    Cached::Lost => "stale, lost",
                };
                format!("cpu {} uses {addr} {cached}", cpu.0)
            }
            Event::TlbFill { cpu, slot, addr } => {
                format!("cpu {} caches {addr} {}", cpu.0, word_text(world.word(slot).0))
            }
            Event::FlushOmitted { mm, start, end } => {
                format!("flush {} {start}-{end} left out", process(mm))
            }
            Event::Ipi { cpu, mm, answer } => {
                let answer = match answer {
                    IpiAnswer::Flushed => "flushes",
                    IpiAnswer::LeftLazy => "was lazy, leaves",
                    IpiAnswer::NotLoaded => "ran another, leaves the mask",
                };
                format!("ipi to cpu {} for {}: {answer}", cpu.0, process(mm))
            }
            Event::Resume { cpu } => format!("cpu {} goes on", cpu.0),
            event => self.owner(event),
        }
    }

    /// The events of who owns a file: a file system or a driver.
    fn owner(&self, event: Event) -> String {
        let file = |mapping: MappingId| self.names.file(mapping);
        match event {
            Event::Mkwrite { mapping, pgoff } => format!("mkwrite {} page {pgoff}", file(mapping)),
            Event::DirtyMethod { mapping, method } => {
                format!("{} tracked by {}", file(mapping), method.name())
            }
            Event::DirtyTransfer { mapping, first, nr } => {
                format!("transfer {} pages {first}+{nr}", file(mapping))
            }
            _ => unreachable!("the others have their words above"),
        }
    }

    fn lock(&self, world: &World, lock: Lock, mode: Mode, step: u32) -> String {
        let mode = match mode {
            Mode::Read => "read",
            Mode::Write => "write",
        };
        match lock {
            Lock::IMmap(mapping) => format!("i_mmap_rwsem {} {mode}", self.names.file(mapping)),
            Lock::Mmap(mm) => format!("mmap_lock {} {mode}", self.names.process(mm)),
            Lock::Vma(vma) => format!("vma lock {} {mode}", self.names.vma(vma, step)),
            Lock::Folio(page) => format!("folio lock of {}", self.page(world, page)),
            Lock::AnonVma(family) => format!("anon_vma {family} {mode}"),
            Lock::PageTable(mm) => format!("page_table_lock {}", self.names.process(mm)),
            Lock::Ptl(table) => format!("ptl of table {}", table.0),
        }
    }

    fn look(&self, world: &World, id: VmaId, look: Look, step: u32) -> String {
        let node = world.node(id);
        let said = match look {
            Look::RootEndsBefore => "the tree ends before",
            Look::LeftmostStartsAfter => "the tree starts behind",
            Look::Enter => "enter",
            Look::Pruned => "pruned",
            Look::Hit => "hit",
            Look::EndsBefore => "ends before",
            Look::StartsAfter => "starts behind",
            Look::Climb => "climb",
        };
        let name = self.names.vma(id, step);
        format!("look {name} {}..{} max {}: {said}", node.start, node.last, node.subtree_last)
    }

    fn page(&self, world: &World, page: PageId) -> String {
        match world.page(page).file() {
            Some((mapping, pgoff)) => format!("{} page {pgoff}", self.names.file(mapping)),
            None => format!("frame {}", page.pfn()),
        }
    }
}

fn change(delta: &Delta) -> String {
    format!(" {} -> {}", word_text(delta.old), word_text(delta.new))
}

fn slot_text(slot: SlotId) -> String {
    format!("table {} entry {}", slot.table().0, slot.entry())
}

/// A page-table word; an empty one is 0.
fn word_text(word: u64) -> String {
    if Pte(word) == Pte::NONE { "0".to_owned() } else { format!("{word:016x}") }
}

fn flush_text(flush: Flush, reach: Reach, start: VirtAddr, end: VirtAddr) -> String {
    let why = match flush {
        Flush::Nothing => return "nothing".to_owned(),
        Flush::Hull => "hull",
        Flush::Nested => "nested",
        Flush::Range => "range",
        Flush::Forced => "forced",
        Flush::Page => "page",
    };
    let cost = match reach {
        Reach::None => "none".to_owned(),
        Reach::Pages => format!("{} pages", end.pages_since(start)),
        Reach::HugePages => format!("{} of 2 MiB", end.pages_since(start).div_ceil(512)),
        Reach::All => "all".to_owned(),
    };
    format!("{why} {start}-{end}: {cost}")
}

const fn side_name(side: Side) -> &'static str {
    match side {
        Side::Left => "left",
        Side::Right => "right",
    }
}

const fn access_name(access: Access) -> &'static str {
    match access {
        Access::Load => "load",
        Access::Store => "store",
    }
}

const fn found_name(found: Found) -> &'static str {
    match found {
        Found::None => "none",
        Found::Table => "table",
        Found::Leaf => "leaf",
        Found::NonPresent => "not present",
        Found::Foreign => "another page",
    }
}
