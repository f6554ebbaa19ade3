//! The one canonical form of a scenario: single spaces, aligned `map` lines, at most one blank
//! line, everything else as written.

use std::fmt::Write;

use crate::addr::PAGE_SIZE;
use crate::machine::address_space::DirtyMethod;
use crate::machine::event::{Access, Phase};
use crate::machine::rbtree::Colour;
use crate::machine::vma::OpenMode;
use crate::machine::{CpuId, FileKind};
use crate::mm::mmap::{Prot, Sharing};
use crate::mm::pagewalk::FilterMiss;
use crate::mm::tlb::Flushes;
use crate::mm::zap::Cows;
use crate::scenario::ast::{
    Beside, Expect, FileId, FlushWant, Label, LabelId, Layout, Op, Origin, Pages, Place, ProcessId,
    PteWant, Scenario, Statement, Target, TreeWant,
};
use crate::scenario::limits::{COLUMNS_MAX, PREFAULT_DEFAULT};
use crate::scenario::strategy::{AxisRange, Strategy};
use crate::scenario::syntax::PTE_LETTERS;
use crate::scenario::vmw::VmwSetting;

/// Writes a scenario in its canonical form, comments and lines not understood included.
#[must_use]
pub fn format(scenario: &Scenario) -> String {
    let mut out = String::new();
    let mut blank = false;
    let mut rest = scenario.layout.as_slice();
    while let Some((first, behind)) = rest.split_first() {
        let block = maps(scenario, rest);
        if matches!(first, Layout::Blank) {
            blank = true;
            rest = behind;
            continue;
        }
        if blank && !out.is_empty() {
            out.push('\n');
        }
        blank = false;
        if block.is_empty() {
            out.push_str(&line(scenario, first));
            out.push('\n');
            rest = behind;
        } else {
            rest = &rest[block.len()..];
            map_lines(scenario, &block, &mut out);
        }
    }
    out
}

fn statement_at<'s>(scenario: &'s Scenario, layout: &Layout) -> Option<&'s Statement> {
    match layout {
        Layout::Statement(index) => scenario.statements.get(*index as usize),
        _ => None,
    }
}

/// The `map` statements that `layout` begins with.
fn maps<'s>(scenario: &'s Scenario, layout: &[Layout]) -> Vec<(&'s Statement, &'s Label)> {
    let statements = layout.iter().map_while(|layout| statement_at(scenario, layout));
    statements
        .map_while(|statement| match statement.op {
            Op::Map(label) => Some((statement, scenario.label(label))),
            _ => None,
        })
        .collect()
}

fn line(scenario: &Scenario, layout: &Layout) -> String {
    match layout {
        Layout::Blank => String::new(),
        Layout::Comment(text) | Layout::Verbatim(text) => text.clone(),
        Layout::Statement(index) => {
            let Some(statement) = scenario.statements.get(*index as usize) else {
                return String::new();
            };
            match &statement.op {
                Op::Note(text) => note(text),
                op => with_comment(self::statement(scenario, op), statement),
            }
        }
    }
}

fn with_comment(mut line: String, statement: &Statement) -> String {
    if let Some(comment) = &statement.comment {
        line.push_str("  ");
        line.push_str(comment);
    }
    line
}

/// A note, on as many lines as it takes.
fn note(text: &str) -> String {
    let mut lines = vec!["note".to_owned()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("never empty");
        let width = last.chars().count() + 1 + word.chars().count();
        if width > COLUMNS_MAX as usize && last.len() > "note".len() {
            lines.push(format!("note {word}"));
        } else {
            last.push(' ');
            last.push_str(word);
        }
    }
    lines.join("\n")
}

/// Consecutive `map` lines, column under column.
fn map_lines(scenario: &Scenario, block: &[(&Statement, &Label)], out: &mut String) {
    let name = |label: &Label| label.name.len();
    let process = |label: &Label| scenario.process(label.process).name.len();
    let file = |label: &Label| file_name(scenario, label).len();
    let first = |label: &Label| label.pages.first.to_string().len();
    let count = |label: &Label| label.pages.count.to_string().len();
    let widest = |width: &dyn Fn(&Label) -> usize| {
        block.iter().map(|(_, label)| width(label)).max().unwrap_or(0)
    };
    let (name, process, file) = (widest(&name), widest(&process), widest(&file));
    let (first, count) = (widest(&first), widest(&count));
    for (statement, label) in block {
        let line = format!(
            "map {:name$} {:process$} {:file$} {:>first$}+{:<count$} @{} {}",
            label.name,
            scenario.process(label.process).name,
            file_name(scenario, label),
            label.pages.first,
            label.pages.count,
            label.addr,
            modes(scenario, label),
        );
        out.push_str(&with_comment(line, statement));
        out.push('\n');
    }
}

fn modes(scenario: &Scenario, label: &Label) -> String {
    let mut modes = protection(label.prot);
    match (label.sharing, is_anon(scenario, label)) {
        (Sharing::Private, false) => modes.push_str(" private"),
        (Sharing::Shared, true) => modes.push_str(" shared"),
        _ => {}
    }
    if label.mode == OpenMode::ReadOnly {
        modes.push_str(" ro-fd");
    }
    if label.populate {
        modes.push_str(" populate");
    }
    modes
}

/// `rw`, or `none`.
fn protection(prot: Prot) -> String {
    let mut modes = String::new();
    for (bit, letter) in [(Prot::READ, 'r'), (Prot::WRITE, 'w'), (Prot::EXEC, 'x')] {
        if prot.contains(bit) {
            modes.push(letter);
        }
    }
    if modes.is_empty() {
        modes.push_str("none");
    }
    modes
}

/// `anon` for anonymous memory.
fn file_name<'s>(scenario: &'s Scenario, label: &Label) -> &'s str {
    match label.file {
        Some(file) if !is_anon(scenario, label) => &scenario.file(file).name,
        _ => "anon",
    }
}

fn is_anon(scenario: &Scenario, label: &Label) -> bool {
    label.file.is_none_or(|file| scenario.file(file).origin == Origin::SharedAnon)
}

/// One statement in canonical form, without its comment. A `map` here stands alone.
#[must_use]
pub fn statement(scenario: &Scenario, op: &Op) -> String {
    let file = |id| scenario.file(id).name.as_str();
    let process = |id| scenario.process(id).name.as_str();
    let label = |id: LabelId| scenario.label(id).name.as_str();
    match op {
        Op::Title(text) => words("title", text),
        Op::Note(text) => words("note", text),
        Op::Kernel(kernel) => format!("kernel {kernel}"),
        Op::Cpus(cpus) => format!("cpus {cpus}"),
        Op::Levels(levels) => format!("levels {}", levels.all().len()),
        Op::Flushes(Flushes::On) => "flushes on".to_owned(),
        Op::Flushes(Flushes::Off) => "flushes off".to_owned(),
        Op::ShmemHuge(enabled) => format!("shmem-huge {}", enabled.name()),
        Op::FaultAround(pages) => format!("faround {}K", pages * PAGE_SIZE / 1024),
        Op::Filter(FilterMiss::EndsWalk) => "filter stop".to_owned(),
        Op::Filter(FilterMiss::Skips) => "filter skip".to_owned(),
        Op::File(id) => file_line(scenario, *id),
        Op::Fill(id, pages) => format!("fill {} {}", file(*id), range(*pages)),
        Op::Proc(all) => proc(scenario, all),
        Op::Map(id) => mapping(scenario, *id),
        Op::Uffd(at) => words("uffd", &place(scenario, *at)),
        Op::Unmap(at) => words("unmap", &place(scenario, *at)),
        Op::Protect(at, prot) => {
            format!("protect {} {}", place(scenario, *at), protection(*prot))
        }
        Op::Remap(from, to) => remap(scenario, *from, *to),
        Op::Access(access, at, cpu) => accessing(scenario, *access, *at, &on_cpu(*cpu)),
        Op::AccessSome(access, at, some, cpu) => {
            accessing(scenario, *access, *at, &format!(" some {some}{}", on_cpu(*cpu)))
        }
        Op::During(access, at, cpu) => {
            words("during", &accessing(scenario, *access, *at, &on_cpu(*cpu)))
        }
        Op::Idle(cpu) => format!("idle {}", cpu.0),
        Op::Touch(id, accesses, cpu) => {
            let letters: String = accesses.iter().copied().map(access_letter).collect();
            format!("touch {} {letters}{}", label(*id), on_cpu(*cpu))
        }
        Op::Fsync(id) => format!("fsync {}", file(*id)),
        Op::Msync(at) => words("msync", &place(scenario, *at)),
        Op::Fork(parent, child) => format!("fork {} {}", process(*parent), process(*child)),
        Op::Exit(id) => format!("exit {}", process(*id)),
        Op::Forget(id) => words("forget", file(*id)),
        Op::Bitmap(id, bits, hull) => bitmap(file(*id), *bits, *hull),
        Op::Wp(id, pages) => format!("wp {} {}", file(*id), range(*pages)),
        Op::Clean(id, pages, 0) => format!("clean {} {}", file(*id), range(*pages)),
        Op::Clean(id, pages, at) => format!("clean {} {} at {at}", file(*id), range(*pages)),
        Op::Beside(walk) => beside(scenario, *walk),
        Op::Pending(id) => format!("pending {}", process(*id)),
        Op::Flushed(id) => format!("flushed {}", process(*id)),
        Op::Vmw(call, id, pages) => {
            let pages = pages.map_or_else(String::new, range);
            words("vmw", &format!("{} {} {pages}", call.name(), file(*id)))
        }
        Op::VmwSet(setting) => vmw_setting(*setting),
        Op::Compare(id, pages, lanes) => compare(file(*id), *pages, lanes),
        Op::Sweep(ranges) => sweep(ranges),
        Op::Repeat(rounds) => format!("repeat {rounds}"),
        Op::End => "end".to_owned(),
        Op::Expect(expect) => words("expect", &expectation(scenario, expect)),
    }
}

/// `map A P1 data 0+4 @7f1000000000 rw`.
fn mapping(scenario: &Scenario, id: LabelId) -> String {
    let map = scenario.label(id);
    let (process, file) = (&scenario.process(map.process).name, file_name(scenario, map));
    let pages = range(map.pages);
    let modes = modes(scenario, map);
    format!("map {} {process} {file} {pages} @{} {modes}", map.name, map.addr)
}

/// `load A 3 cpu 1`.
fn accessing(scenario: &Scenario, access: Access, at: Place, rest: &str) -> String {
    let verb = if access == Access::Load { "load" } else { "store" };
    words(verb, &(place(scenario, at) + rest))
}

/// ` cpu 1`; CPU 0 need not be said.
fn on_cpu(cpu: CpuId) -> String {
    if cpu == CpuId(0) { String::new() } else { format!(" cpu {}", cpu.0) }
}

fn proc(scenario: &Scenario, all: &[ProcessId]) -> String {
    let names: Vec<&str> = all.iter().map(|id| scenario.process(*id).name.as_str()).collect();
    words("proc", &names.join(" "))
}

fn bitmap(file: &str, bits: u64, hull: Option<(u64, u64)>) -> String {
    let hull = hull.map_or_else(String::new, |(start, end)| format!(" {start} {end}"));
    format!("bitmap {file} {bits}{hull}")
}

fn remap(scenario: &Scenario, from: Place, to: Target) -> String {
    let mut line = words("remap", &place(scenario, from));
    if let Some(id) = to.label {
        line = words(&line, &scenario.label(id).name);
    }
    line.push_str(&format!(" @{}", to.addr));
    let (_, start, end) = scenario.extent(from);
    if to.pages != end.pages_since(start) {
        line.push_str(&format!("+{}", to.pages));
    }
    line
}

fn vmw_setting(setting: VmwSetting) -> String {
    match setting {
        VmwSetting::Thresholds(scans, percent) => format!("vmw thresholds {scans} {percent}"),
        VmwSetting::Only(DirtyMethod::Untracked) => "vmw only any".to_owned(),
        VmwSetting::Only(method) => format!("vmw only {}", method.name()),
    }
}

fn compare(file: &str, pages: Pages, lanes: &[Strategy]) -> String {
    let mut line = format!("compare {file} {}", range(pages));
    for lane in lanes {
        line.push(' ');
        line.push_str(lane.name());
    }
    line
}

fn sweep(ranges: &[AxisRange]) -> String {
    let mut line = "sweep".to_owned();
    for AxisRange { axis, from, to } in ranges {
        line.push_str(&format!(" {} {from}..{to}", axis.name()));
    }
    line
}

fn beside(scenario: &Scenario, walk: Beside) -> String {
    let file = |id| scenario.file(id).name.as_str();
    match walk {
        Beside::Zap(id, pages, cows) => {
            let pages = pages.map_or_else(String::new, range);
            let cows = if cows == Cows::Keep { "keep-cows" } else { "" };
            words("zap", &format!("{} {pages} {cows}", file(id)))
        }
        Beside::Mkclean(id, pages) => format!("mkclean {} {}", file(id), range(pages)),
        Beside::Dax(id, pages) => format!("dax {} {}", file(id), range(pages)),
        Beside::Scan(at) => words("scan", &place(scenario, at)),
        Beside::Migrate(id, page, Phase::Begins) => format!("migrate {} {page}", file(id)),
        Beside::Migrate(id, page, Phase::Ends) => format!("migrated {} {page}", file(id)),
        Beside::Smaps(id) => format!("smaps {}", scenario.label(id).name),
        Beside::Wrprotect(id, pages) => format!("wrprotect {} {}", file(id), range(pages)),
        Beside::Truncate(id, pages) => format!("truncate {} {pages}", file(id)),
        Beside::Punch(id, pages) => format!("punch {} {}", file(id), range(pages)),
        Beside::Dontneed(at) => words("dontneed", &place(scenario, at)),
        Beside::SoftClear(id) => format!("softclear {}", scenario.process(id).name),
    }
}

fn words(keyword: &str, rest: &str) -> String {
    let mut line = keyword.to_owned();
    for word in rest.split_whitespace() {
        line.push(' ');
        line.push_str(word);
    }
    line
}

fn file_line(scenario: &Scenario, id: FileId) -> String {
    let file = scenario.file(id);
    let (kind, prefault) = match file.kind {
        FileKind::Shmem => ("shmem", PREFAULT_DEFAULT),
        FileKind::Ext4 => ("ext4", PREFAULT_DEFAULT),
        FileKind::DevPagetable { prefault } => ("dev-pagetable", prefault),
        FileKind::DevMkwrite { prefault } => ("dev-mkwrite", prefault),
        FileKind::Vmwgfx { prefault } => ("vmwgfx", prefault),
    };
    let mut line = format!("file {} {kind} {}", file.name, file.pages);
    if file.kind.is_device() && prefault != PREFAULT_DEFAULT {
        line.push_str(&format!(" prefault {prefault}"));
    }
    line
}

/// `5+9`; a single page is its number alone.
#[must_use]
pub fn range(pages: Pages) -> String {
    match pages {
        Pages { first, count: 1 } => first.to_string(),
        Pages { first, count } => format!("{first}+{count}"),
    }
}

fn place(scenario: &Scenario, place: Place) -> String {
    match place {
        Place::Label { label, pages: None } => scenario.label(label).name.clone(),
        Place::Label { label, pages: Some(pages) } => {
            format!("{} {}", scenario.label(label).name, range(pages))
        }
        Place::Address { process, addr, pages } => {
            let process = &scenario.process(process).name;
            if pages == 1 {
                format!("{process} @{addr}")
            } else {
                format!("{process} @{addr}+{pages}")
            }
        }
    }
}

const fn access_letter(access: Option<Access>) -> char {
    match access {
        None => '.',
        Some(Access::Load) => 'r',
        Some(Access::Store) => 'w',
    }
}

/// What follows `expect`.
#[must_use]
pub fn expectation(scenario: &Scenario, expect: &Expect) -> String {
    let file = |id| scenario.file(id).name.as_str();
    let label = |id: LabelId| scenario.label(id).name.as_str();
    match expect {
        Expect::Returns(value) => value.to_string(),
        Expect::Faults(faults) => format!("faults {faults}"),
        Expect::Fails(failure) => failure.name().to_owned(),
        Expect::Order(order) => {
            let names: Vec<&str> = order.iter().map(|id| label(*id)).collect();
            format!("order {}", if names.is_empty() { "none".to_owned() } else { names.join(" ") })
        }
        Expect::Flush(id, FlushWant::Nothing) => format!("flush {} none", label(*id)),
        Expect::Flush(id, FlushWant::All) => format!("flush {} all", label(*id)),
        Expect::Flush(id, FlushWant::Pages(pages)) => format!("flush {} {pages}", label(*id)),
        Expect::Pte(id, pages, want) => {
            format!("pte {} {} {}", label(*id), range(*pages), pte(want))
        }
        Expect::Ipis(ipis) => format!("ipis {ipis}"),
        Expect::Flushes(flushes) => format!("flushes {flushes}"),
        Expect::Tlb(id, pages, cpu, want) => {
            format!("tlb {} {}{} {}", label(*id), range(*pages), on_cpu(*cpu), pte(want))
        }
        Expect::Lost(id, pages) => format!("lost {} {}", file(*id), ranges(pages)),
        Expect::Bits(id, bits) => format!("bits {} {}", file(*id), ranges(bits)),
        Expect::Hull(id, start, end) => format!("hull {} {start} {end}", file(*id)),
        Expect::Written(id, pages) => format!("written {} {}", file(*id), ranges(pages)),
        Expect::Method(id, method) => format!("method {} {}", file(*id), method.name()),
        Expect::Tree(id, None) => format!("tree {} none", file(*id)),
        Expect::Tree(id, Some(root)) => {
            let mut text = String::new();
            tree(scenario, root, &mut text);
            format!("tree {} {text}", file(*id))
        }
    }
}

/// `5 6 9+3`, or `none`.
#[must_use]
pub fn ranges(list: &[Pages]) -> String {
    if list.is_empty() {
        return "none".to_owned();
    }
    list.iter().map(|pages| range(*pages)).collect::<Vec<_>>().join(" ")
}

fn pte(want: &PteWant) -> String {
    match want {
        PteWant::Empty => "none".to_owned(),
        PteWant::Hole(level) => format!("hole {}", level.name()),
        PteWant::Word(word) => format!("= {word:x}"),
        PteWant::Bits { set, clear } => {
            let mut letters = Vec::new();
            for (letter, flag) in PTE_LETTERS {
                if set.contains(flag) {
                    letters.push(letter.to_string());
                }
                if clear.contains(flag) {
                    letters.push(format!("!{letter}"));
                }
            }
            letters.join(" ")
        }
    }
}

fn tree(scenario: &Scenario, node: &TreeWant, out: &mut String) {
    let red = if node.colour == Colour::Red { "*" } else { "" };
    // Writing to a string cannot fail.
    let _ = write!(out, "{}{red}", scenario.label(node.label).name);
    if node.children.iter().all(Option::is_none) {
        return;
    }
    for (open, child) in ["(", " "].iter().zip(&node.children) {
        out.push_str(open);
        match child {
            Some(child) => tree(scenario, child, out),
            None => out.push('-'),
        }
    }
    out.push(')');
}
