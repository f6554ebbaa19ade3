//! TEMPORARY stand-in for core::scenario and core::link. To be deleted.
#![allow(missing_docs, unreachable_pub, dead_code, clippy::all)]

use rangewalk_core::addr::VirtAddr;
use rangewalk_core::arch::Level;
use rangewalk_core::kernel::LINUX_7_3;
use rangewalk_core::machine::event::*;
use rangewalk_core::machine::*;
use rangewalk_core::trace::{Tape, Timeline};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Error,
    Warning,
    Note,
}
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub severity: Severity,
    pub line: u32,
    pub column: u32,
    pub len: u32,
    pub message: String,
    pub hint: String,
}
#[derive(Clone, Debug)]
pub struct Scenario {
    pub lines: Vec<(u32, String)>,
    pub title: String,
}
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    pub line: u32,
    pub first: u32,
    pub end: u32,
}
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub line: u32,
    pub words: String,
    pub expect: Option<bool>,
    pub got: String,
}
pub struct Run {
    pub timeline: Timeline,
    pub spans: Vec<Span>,
    pub outcomes: Vec<Outcome>,
    pub diagnostics: Vec<Diagnostic>,
}

pub const MOCK: &str = "# maps in order of insertion\nkernel 6.12\ntitle Write-protect, clipped, ends at a filter stop\nfault-around 4K\nfile data ext4 24\nmap D P0  6+2  @7f5e00400000 rw\nmap B P0  1+7  @7f5e001fa000 rw\nmap F P2 12+12 @7fa09c600000 ro\nmap A P2  0+4  @7fa09c200000 rw\nmap C P1  2+12 @7f1234562000 rw\nmap E P2  8+12 @7fa09c3f6000 rw\nmap G P1 18+6  @7f1234800000 cow\n\ntouch A wwr.\ntouch B .rw.wwr\ntouch C rw.wrwwr.wr.\ntouch D w.\ntouch E rww..ww.....\ntouch F rr..........\ntouch G ..r...\n\nwp data 5+9\nexpect changed = 10\n";

pub fn parse(text: &str) -> (Scenario, Vec<Diagnostic>) {
    let mut lines = Vec::new();
    let mut diags = Vec::new();
    let mut title = String::new();
    for (i, l) in text.lines().enumerate() {
        let n = i as u32 + 1;
        let w = l.split_whitespace().next().unwrap_or("");
        match w {
            "" => {}
            _ if w.starts_with('#') => {}
            "title" => title = l[5..].trim().into(),
            "kernel" | "fault-around" | "file" | "map" | "touch" | "wp" | "big" | "expect" => {
                if l.contains(" ro") {
                    diags.push(Diagnostic { severity: Severity::Warning, line: n, column: l.find(" ro").unwrap() as u32 + 2, len: 2, message: "the walk stops at F. Mapped through a read-only descriptor, F lacks VM_MAYWRITE, and walk_page_mapping ends instead of skipping.".into(), hint: "Here it hides nothing: no later mapping meets 5–13.".into() });
                }
                lines.push((n, l.to_string()));
            }
            _ => diags.push(Diagnostic {
                severity: Severity::Error,
                line: n,
                column: 1,
                len: w.len() as u32,
                message: format!("no statement is called `{w}`"),
                hint: "Did you mean `map`?".into(),
            }),
        }
    }
    (Scenario { lines, title }, diags)
}

pub fn run(s: &Scenario) -> Run {
    let mut world = World::new(&LINUX_7_3);
    let mut tape = Tape::default();
    let mut spans = vec![];
    let mut outcomes = vec![];
    {
        let mut cpu = Cpu::new(&mut world, &mut tape);
        let mut at = 0u32;
        for (i, (line, text)) in s.lines.iter().enumerate() {
            let first = at;
            let mut n = 0;
            let _ = stmt(&mut cpu, i as u32, text, &mut n);
            at += n;
            spans.push(Span { line: *line, first, end: at });
            if text.starts_with("expect") {
                outcomes.push(Outcome {
                    line: *line,
                    words: String::new(),
                    expect: Some(text.ends_with("10")),
                    got: "10".into(),
                });
            }
        }
    }
    Run { timeline: Timeline::new(world, tape), spans, outcomes, diagnostics: vec![] }
}

fn stmt(cpu: &mut Cpu<'_, Tape>, i: u32, text: &str, n: &mut u32) -> Result<(), Stop> {
    macro_rules! ev {
        ($c:expr, $e:expr) => {{
            $c.event($e)?;
            *n += 1;
        }};
    }
    ev!(cpu, Event::Statement { index: i });
    let a = VirtAddr(0x7f1234567000);
    if text.starts_with("map") {
        let cpu = &mut *cpu.enter(Func::DoMmap, [0, 0]);
        ev!(cpu, Event::Lock { lock: Lock::Mmap(MmId(0)), mode: Mode::Write });
        let cpu = &mut *cpu.enter(Func::TreeInsert, [0, 0]);
        ev!(cpu, Event::TreeLink { node: VmaId(0) });
        ev!(cpu, Event::TreeAugment { node: VmaId(0) });
    } else if text.starts_with("touch") {
        for _ in 0..4 {
            let cpu = &mut *cpu.enter(Func::HandleMmFault, [a.0, 0]);
            ev!(
                cpu,
                Event::Fault {
                    mm: MmId(0),
                    access: Access::Store,
                    cause: FaultCause::NotPresent,
                    addr: a
                }
            );
            let cpu = &mut *cpu.enter(Func::FinishFault, [a.0, 0]);
            ev!(cpu, Event::Install { slot: SlotId(3), addr: a });
        }
    } else if text.starts_with("wp") || text.starts_with("big") {
        let big = text.starts_with("big");
        let cpu = &mut *cpu.enter(Func::WpSharedMappingRange, [5, 9]);
        ev!(cpu, Event::Lock { lock: Lock::IMmap(MappingId(0)), mode: Mode::Read });
        let cpu = &mut *cpu.enter(Func::WalkPageMapping, [5, 9]);
        ev!(cpu, Event::TreeQuery { mapping: MappingId(0), first: 5, last: 13 });
        for v in 0..if big { 40 } else { 4 } {
            ev!(cpu, Event::TreeLook { node: VmaId(v), look: Look::Enter });
            ev!(cpu, Event::TreeLook { node: VmaId(v), look: Look::Hit });
            ev!(cpu, Event::Filter { vma: VmaId(v), verdict: Verdict::Walk });
            ev!(cpu, Event::Clip { vma: VmaId(v), start: a, end: a });
            let cpu = &mut *cpu.enter(Func::WalkPageRange, [5, 9]);
            ev!(cpu, Event::NotifierStart { mm: MmId(0), start: a, end: a });
            let cpu = &mut *cpu.enter(Func::WalkPgdRange, [5, 9]);
            ev!(
                cpu,
                Event::Descend { level: Level::Pgd, found: Found::Table, slot: SlotId(4), addr: a }
            );
            let cpu = &mut *cpu.enter(Func::WalkP4dRange, [5, 9]);
            let cpu = &mut *cpu.enter(Func::WalkPudRange, [5, 9]);
            ev!(
                cpu,
                Event::Descend { level: Level::Pud, found: Found::Table, slot: SlotId(4), addr: a }
            );
            let cpu = &mut *cpu.enter(Func::WalkPmdRange, [5, 9]);
            ev!(
                cpu,
                Event::Descend { level: Level::Pmd, found: Found::Table, slot: SlotId(4), addr: a }
            );
            let cpu = &mut *cpu.enter(Func::WalkPteRange, [5, 9]);
            ev!(cpu, Event::Lock { lock: Lock::Ptl(TableId(0)), mode: Mode::Write });
            for p in 0..if big { 6000 } else { 4 + v } {
                let cpu = &mut *cpu.enter(Func::WpPte, [5, 9]);
                ev!(cpu, Event::Slot { found: Found::Leaf, slot: SlotId(5), addr: a });
                if p % 3 != 1 {
                    ev!(cpu, Event::Xchg { slot: SlotId(5), addr: a });
                    ev!(cpu, Event::Store { slot: SlotId(5), addr: a });
                }
            }
            ev!(cpu, Event::Unlock { lock: Lock::Ptl(TableId(0)), mode: Mode::Write });
            ev!(
                cpu,
                Event::Flush {
                    mm: MmId(0),
                    flush: Flush::Hull,
                    reach: Reach::Pages,
                    start: a,
                    end: a
                }
            );
            ev!(cpu, Event::NotifierEnd { mm: MmId(0), start: a, end: a });
        }
        ev!(cpu, Event::TreeEnd { mapping: MappingId(0) });
        ev!(cpu, Event::Unlock { lock: Lock::IMmap(MappingId(0)), mode: Mode::Read });
        ev!(cpu, Event::Return { value: 10 });
    }
    Ok(())
}

pub struct Entry {
    pub slug: &'static str,
    pub title: &'static str,
    pub note: &'static str,
    pub text: &'static str,
}
pub static GALLERY: [Entry; 3] = [
    Entry {
        slug: "clipped",
        title: "Three mappings, clipped by pgoff",
        note: "Each process sees a different part of the file; the walk touches only what it asked for.",
        text: MOCK,
    },
    Entry {
        slug: "sparse",
        title: "Sparse tables",
        note: "Holes at each level are skipped at once.",
        text: "title Sparse tables\nfile data ext4 24\nmap A P0 0+4 @7f rw\nwp data 0+4\n",
    },
    Entry {
        slug: "big",
        title: "A quarter of a million entries",
        note: "What a timeline of half a million steps looks like.",
        text: "title Big\nfile data ext4 24\nbig data 0+4\n",
    },
];

pub mod link {
    #[derive(Debug)]
    pub struct LinkError(pub String);
    pub fn encode(text: &str, at: u32) -> Result<String, LinkError> {
        let hex: String = text.bytes().map(|b| format!("{b:02x}")).collect();
        Ok(format!("1.{hex}.{at}"))
    }
    pub fn decode(fragment: &str) -> Result<(String, Option<u32>), LinkError> {
        let bad = || LinkError("This link is damaged: what it carries cannot be unpacked.".into());
        let mut it = fragment.split('.');
        if it.next() != Some("1") {
            return Err(bad());
        }
        let hex = it.next().ok_or_else(bad)?;
        let bytes: Option<Vec<u8>> = (0..hex.len() / 2)
            .map(|i| u8::from_str_radix(hex.get(2 * i..2 * i + 2)?, 16).ok())
            .collect();
        let text = String::from_utf8(bytes.ok_or_else(bad)?).map_err(|_| bad())?;
        Ok((text, it.next().and_then(|s| s.parse().ok())))
    }
}
