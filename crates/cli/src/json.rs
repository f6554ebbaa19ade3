//! A run as JSON, for scripts.

use rangewalk_core::arch::Pte;
use rangewalk_core::machine::{self, Mm, MmId, VmaId, World};
use rangewalk_core::scenario::run::{Verdict, statement_texts};
use serde::Serialize;

use crate::played::Played;
use crate::source::severity;

#[derive(Serialize)]
struct Report<'p> {
    kernel: &'static str,
    title: Option<&'p str>,
    steps: u32,
    statements: Vec<Statement<'p>>,
    diagnostics: Vec<Remark<'p>>,
    files: Vec<File<'p>>,
    processes: Vec<Process<'p>>,
}

#[derive(Serialize)]
struct Statement<'p> {
    line: u32,
    text: String,
    verdict: &'static str,
    /// What a walk returned, or how many faults an access took.
    value: Option<u64>,
    says: &'p str,
    /// First step, and first step behind it.
    steps: [u32; 2],
}

#[derive(Serialize)]
struct Remark<'p> {
    severity: &'static str,
    line: u32,
    column: u32,
    len: u32,
    message: &'p str,
    hint: &'p str,
}

#[derive(Serialize)]
struct File<'p> {
    name: &'p str,
    pages: u64,
    /// Of `clean`: 64-bit words in hex, and the in-out numbers.
    bits: Vec<String>,
    start: u64,
    end: u64,
}

#[derive(Serialize)]
struct Process<'p> {
    name: &'p str,
    vmas: Vec<Vma<'p>>,
}

#[derive(Serialize)]
struct Vma<'p> {
    name: &'p str,
    file: &'p str,
    start: String,
    pages: u64,
    pgoff: u64,
    flags: String,
    prot: String,
    /// Page offset and word of each entry that is not empty.
    ptes: Vec<(u64, String)>,
}

/// The whole run.
pub(crate) fn report(played: &Played) -> String {
    let world = played.run.timeline.world();
    let live = world.mms().filter(|(_, mm)| mm.alive);
    let report = Report {
        kernel: world.kernel().name,
        title: played.scenario.title(),
        steps: played.run.timeline.tape().len(),
        statements: statements(played),
        diagnostics: remarks(played),
        files: files(played, world),
        processes: live.map(|(id, mm)| process(played, world, id, mm)).collect(),
    };
    serde_json::to_string_pretty(&report).expect("text and numbers are JSON")
}

fn statements(played: &Played) -> Vec<Statement<'_>> {
    let run = &played.run;
    let outcomes = run.outcomes.iter().zip(&run.spans);
    let statements = statement_texts(&played.scenario).into_iter().zip(outcomes);
    statements
        .map(|(text, (outcome, span))| Statement {
            line: outcome.line,
            text,
            verdict: match outcome.verdict {
                Verdict::Done => "done",
                Verdict::Failed => "failed",
                Verdict::Held => "held",
                Verdict::Broken => "broken",
            },
            value: outcome.value,
            says: &outcome.text,
            steps: [span.first, span.end],
        })
        .collect()
}

fn remarks(played: &Played) -> Vec<Remark<'_>> {
    let remarks = played.run.diagnostics.iter().map(|remark| Remark {
        severity: severity(remark.severity),
        line: remark.line,
        column: remark.column,
        len: remark.len,
        message: &remark.message,
        hint: &remark.hint,
    });
    remarks.collect()
}

fn files<'p>(played: &'p Played, world: &World) -> Vec<File<'p>> {
    let files = world.mappings().map(|(id, file)| File {
        name: played.run.names.file(id),
        pages: file.pages,
        bits: file.bitmap.words.iter().map(|word| format!("{word:016x}")).collect(),
        start: file.bitmap.start,
        end: file.bitmap.end,
    });
    files.collect()
}

fn process<'p>(played: &'p Played, world: &World, id: MmId, mm: &Mm) -> Process<'p> {
    let vmas = mm.vmas().map(|vma| self::vma(played, world, id, vma)).collect();
    Process { name: played.run.names.process(id), vmas }
}

fn vma<'p>(played: &'p Played, world: &World, mm: MmId, id: VmaId) -> Vma<'p> {
    let vma = world.vma(id);
    let names = &played.run.names;
    let last = played.run.timeline.last_step().unwrap_or(0);
    Vma {
        name: names.vma(id, last),
        file: vma.mapping().map_or("", |mapping| names.file(mapping)),
        start: format!("{:x}", vma.start.0),
        pages: vma.pages(),
        pgoff: vma.pgoff,
        flags: format!("{:x}", vma.flags.bits()),
        prot: format!("{:016x}", vma.prot),
        ptes: ptes(world, mm, vma),
    }
}

/// Page offset and word of each entry that is not empty, of a leaf PMD once; what has no table is
/// stepped over.
fn ptes(world: &World, mm: MmId, vma: &machine::Vma) -> Vec<(u64, String)> {
    let mut ptes = Vec::new();
    let mut addr = vma.start;
    while addr < vma.end {
        addr = match world.pte_slot(mm, addr) {
            Ok(slot) => {
                let word = world.word(slot);
                if word != Pte::NONE {
                    ptes.push((vma.pgoff_of(addr), format!("{:016x}", word.0)));
                }
                addr.add_pages(1)
            }
            Err((level, slot)) => {
                let word = world.word(slot);
                if word != Pte::NONE {
                    ptes.push((vma.pgoff_of(addr), format!("{:016x}", word.0)));
                }
                level.addr_end(addr, vma.end)
            }
        };
    }
    ptes
}
