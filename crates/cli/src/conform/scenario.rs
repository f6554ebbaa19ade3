//! A scenario as a golden script, so that a kernel can be asked about it: with a look at every
//! page-table word before and behind each walk and at the end, and at the trees whenever they
//! change.

use rangewalk_core::addr::{PAGE_SIZE, VirtAddr};
use rangewalk_core::machine::event::{Access, Phase};
use rangewalk_core::machine::vma::OpenMode;
use rangewalk_core::machine::{CpuId, FileKind};
use rangewalk_core::mm::mmap::{Prot, Sharing};
use rangewalk_core::mm::zap::Cows;
use rangewalk_core::scenario::Scenario;
use rangewalk_core::scenario::ast::{Beside, File, Label, LabelId, Op, Origin, Pages, Place};
use rangewalk_core::scenario::run::statement_texts;

use super::replay::{SHMEM_ENABLED_FROM_TRACEFS, WINDOW};
use super::script::{FILES_MAX, PROCS_MAX};

/// A script asks about one page at a time.
const MKCLEAN_MAX: u64 = 64;

/// The script's lines without the `scenario` line, or why no kernel can be asked.
///
/// # Errors
/// A statement that the golden format does not have, or that is about no real kernel.
pub fn script(scenario: &Scenario) -> Result<Vec<String>, String> {
    let files = declared(scenario).last().map_or(0, |(number, _)| number + 1);
    let procs = scenario.processes.len();
    if files > FILES_MAX || procs > PROCS_MAX {
        return Err(format!("{files} files and {procs} processes are too many"));
    }
    let mut writer = Writer { scenario, lines: vec!["faround 65536".to_owned()] };
    writer.files()?;
    for (statement, text) in scenario.statements.iter().zip(statement_texts(scenario)) {
        writer.statement(&statement.op, &text)?;
    }
    writer.last_look();
    Ok(writer.lines)
}

/// What to write in a statement's place, as a clause.
const fn instead(op: &Op) -> &'static str {
    match op {
        Op::Compare(..) => {
            "; a kernel can be asked about one lane at a time: write `wp`, `mkclean` \
            or another of its lanes in its place"
        }
        Op::Sweep(_) => "; leave it out, or ask about one of its points: `rangewalk sweep --at`",
        Op::Repeat(_) | Op::End => "; write its rounds out",
        Op::AccessSome(..) => "; name the pages, as in `store A 2+4`",
        _ => "",
    }
}

struct Writer<'s> {
    scenario: &'s Scenario,
    lines: Vec<String>,
}

impl Writer<'_> {
    fn say(&mut self, line: String) {
        self.lines.push(line);
    }

    /// All files first: in a script they must be there before the processes.
    fn files(&mut self) -> Result<(), String> {
        for (number, file) in declared(self.scenario) {
            let pages = file.pages;
            let kind = match file.kind {
                FileKind::Shmem => format!("memfd {pages}"),
                FileKind::Ext4 => format!("ext4 {pages}"),
                FileKind::DevPagetable { prefault } => format!("dev0 {pages} {prefault}"),
                FileKind::DevMkwrite { prefault } => format!("dev1 {pages} {prefault}"),
                FileKind::Vmwgfx { .. } => {
                    return Err(format!("the guest has no vmwgfx for `{}`", file.name));
                }
            };
            // What the guest has room for.
            if file.kind != FileKind::Shmem && pages > 1024 {
                return Err(format!("`{}` is too large for the guest", file.name));
            }
            self.say(format!("file {number} {kind}"));
        }
        Ok(())
    }

    fn statement(&mut self, op: &Op, text: &str) -> Result<(), String> {
        match op {
            // The other thread's flushes change no word of memory.
            Op::Title(_)
            | Op::Note(_)
            | Op::Kernel(_)
            | Op::File(_)
            | Op::Expect(_)
            | Op::Pending(_)
            | Op::Flushed(_) => return Ok(()),
            Op::ShmemHuge(enabled) => {
                self.say(format!("tr {SHMEM_ENABLED_FROM_TRACEFS} {}", enabled.name()));
            }
            Op::Levels(levels) => self.say(format!("levels {}", levels.all().len())),
            Op::FaultAround(pages) => {
                self.say(format!("faround {}", pages * PAGE_SIZE));
            }
            Op::Fill(file, pages) => {
                self.say(format!("fill {} {} {}", file.0, pages.first, pages.count));
            }
            Op::Proc(all) => {
                all.iter().for_each(|process| self.say(format!("proc {}", process.0)));
            }
            Op::Map(label) => self.map(*label)?,
            Op::Unmap(place) => self.on_place("unmap", *place)?,
            Op::Uffd(place) => self.on_place("uffd", *place)?,
            Op::Protect(place, prot) => {
                let (process, start, end) = self.scenario.extent(*place);
                let (at, pages) = (window_page(start)?, end.pages_since(start));
                let mode = prot_mode(*prot).ok_or_else(|| format!("no script can say `{text}`"))?;
                self.say(format!("prot {} {at} {pages} {mode}", process.0));
            }
            Op::Remap(place, to) => {
                let (process, start, end) = self.scenario.extent(*place);
                let (at, pages) = (window_page(start)?, end.pages_since(start));
                let (to, to_pages) = (window_page(to.addr)?, to.pages);
                self.say(format!("remap {} {at} {pages} {to} {to_pages}", process.0));
            }
            // The guest has one CPU.
            Op::Access(access, place, CpuId(0)) => {
                let (process, start, end) = self.scenario.extent(*place);
                self.access(*access, process.0, start, end.pages_since(start))?;
            }
            Op::Touch(label, accesses, CpuId(0)) => self.touch(*label, accesses)?,
            Op::Fork(parent, child) => self.say(format!("fork {} {}", parent.0, child.0)),
            Op::Exit(process) => self.say(format!("exit {}", process.0)),
            Op::Bitmap(file, bits, hull) => {
                let hull = hull.map_or(String::new(), |(start, end)| format!(" {start} {end}"));
                self.say(format!("bmreset {} {bits}{hull}", file.0));
            }
            Op::Wp(file, pages) => {
                let walk = format!("{} {} {}", file.0, pages.first, pages.count);
                self.walk(&walk, format!("wp {walk}"));
            }
            Op::Clean(file, pages, at) => {
                let walk = format!("{} {} {}", file.0, pages.first, pages.count);
                self.walk(&walk, format!("clean {walk} {at}"));
            }
            Op::Fsync(file) => self.say(format!("fsync {}", file.0)),
            Op::Msync(place) => self.on_place("msync", *place)?,
            Op::Beside(beside) => self.beside(beside)?,
            Op::Forget(file) => self.say(format!("bufbits {} 1", file.0)),
            _ => return Err(format!("no script can say `{text}`{}", instead(op))),
        }
        if changes_vmas(op) {
            declared(self.scenario).for_each(|(file, _)| self.say(format!("tree {file}")));
        }
        Ok(())
    }

    /// The walks beside those of the helpers, and system calls that end in one.
    fn beside(&mut self, beside: &Beside) -> Result<(), String> {
        self.dump();
        match *beside {
            Beside::Zap(file, pages, cows) => {
                let (first, nr) = pages.map_or((0, 0), |pages| (pages.first, pages.count));
                let even_cows = u8::from(cows == Cows::Zap);
                self.say(format!("zap {} {first} {nr} {even_cows}", file.0));
            }
            Beside::Mkclean(file, pages) if pages.count <= MKCLEAN_MAX => {
                let each = pages.first..pages.end();
                each.for_each(|page| self.say(format!("mkclean {} {page} 0 0", file.0)));
            }
            Beside::Mkclean(_, pages) => return Err(format!("{} pages are too many", pages.count)),
            Beside::Wrprotect(file, Pages { first, count }) => {
                self.say(format!("wprange {} {first} {count}", file.0));
            }
            Beside::Dax(file, Pages { first, count }) => {
                self.say(format!("dax {} {first} {count}", file.0));
            }
            Beside::Scan(place) => self.on_place("scan", place)?,
            Beside::Smaps(label) => {
                let Label { process, addr, .. } = self.scenario.label(label);
                self.say(format!("smaps {} {}", process.0, window_page(*addr)?));
            }
            Beside::Migrate(file, page, phase) => {
                let name = if phase == Phase::Begins { "migrate" } else { "migrated" };
                self.say(format!("{name} {} {page}", file.0));
            }
            Beside::Truncate(file, pages) => self.say(format!("trunc {} {pages}", file.0)),
            Beside::Punch(file, Pages { first, count }) => {
                self.say(format!("punch {} {first} {count}", file.0));
            }
            Beside::Dontneed(place) => self.on_place("dontneed", place)?,
            Beside::SoftClear(process) => self.say(format!("softclear {} 4", process.0)),
        }
        self.dump();
        Ok(())
    }

    /// A system call on pages of a process.
    fn on_place(&mut self, name: &str, place: Place) -> Result<(), String> {
        let (process, start, end) = self.scenario.extent(place);
        let (at, pages) = (window_page(start)?, end.pages_since(start));
        self.say(format!("{name} {} {at} {pages}", process.0));
        Ok(())
    }

    fn map(&mut self, label: LabelId) -> Result<(), String> {
        let Label { process, file, pages, addr, prot, sharing, mode, populate, .. } =
            self.scenario.label(label);
        let mut letters = String::from(if *sharing == Sharing::Shared { "s" } else { "p" });
        let names = [(Prot::READ, 'r'), (Prot::WRITE, 'w'), (Prot::EXEC, 'x')];
        letters.extend(names.iter().filter(|(bit, _)| prot.contains(*bit)).map(|(_, name)| name));
        letters.extend(prot.is_empty().then_some('n'));
        letters.extend((*mode == OpenMode::ReadOnly).then_some('R'));
        letters.extend(populate.then_some('P'));
        let (at, first, count) = (window_page(*addr)?, pages.first, pages.count);
        let named = file.filter(|id| self.scenario.file(*id).origin == Origin::Declared);
        let file = named.map_or_else(|| "-1".to_owned(), |file| file.0.to_string());
        self.say(format!("map {} {file} {at} {count} {first} {letters}", process.0));
        Ok(())
    }

    fn access(
        &mut self,
        access: Access,
        process: u32,
        at: VirtAddr,
        pages: u64,
    ) -> Result<(), String> {
        let name = if access == Access::Load { "r" } else { "w" };
        self.say(format!("{name} {process} {} {pages}", window_page(at)?));
        Ok(())
    }

    /// A line for each run of equal letters.
    fn touch(&mut self, label: LabelId, accesses: &[Option<Access>]) -> Result<(), String> {
        let label = self.scenario.label(label);
        let mut page = 0;
        for run in accesses.chunk_by(|one, next| one == next) {
            let pages = run.len() as u64;
            if let Some(access) = run[0] {
                self.access(access, label.process.0, label.addr.add_pages(page), pages)?;
            }
            page += pages;
        }
        Ok(())
    }

    fn walk(&mut self, walked: &str, op: String) {
        self.dump();
        self.say(format!("order {walked}"));
        self.say(op);
        self.dump();
    }

    /// Unless nothing has happened since the last one.
    fn dump(&mut self) {
        if self.lines.last().is_none_or(|line| line != "dump") {
            self.say("dump".to_owned());
        }
    }

    fn last_look(&mut self) {
        self.dump();
        // What is switched on would stay for the scripts behind.
        let never = format!("tr {SHMEM_ENABLED_FROM_TRACEFS} never");
        let switched = self.lines.iter().any(|line| line.starts_with("tr "));
        for (number, file) in declared(self.scenario) {
            self.say(format!("order {number} 0 {}", file.pages));
            self.say(format!("pages {number}"));
            if file.kind.is_device() {
                self.say(format!("bufbits {number} 0"));
            }
        }
        if switched {
            self.say(never);
        }
    }
}

/// The files that a script can name, with their numbers.
fn declared(scenario: &Scenario) -> impl Iterator<Item = (usize, &File)> {
    let files = scenario.files.iter().enumerate();
    files.filter(|(_, file)| file.origin == Origin::Declared)
}

fn changes_vmas(op: &Op) -> bool {
    matches!(
        op,
        Op::Map(_) | Op::Unmap(_) | Op::Protect(..) | Op::Remap(..) | Op::Fork(..) | Op::Exit(_)
    )
}

fn prot_mode(prot: Prot) -> Option<&'static str> {
    if prot.is_empty() {
        return Some("n");
    }
    match prot {
        Prot::READ => Some("r"),
        both if both == Prot::READ | Prot::WRITE => Some("rw"),
        _ => None,
    }
}

/// The page's number in a script.
fn window_page(at: VirtAddr) -> Result<u64, String> {
    if at < WINDOW {
        return Err(format!("a script cannot say {at}: its addresses begin at {WINDOW}"));
    }
    Ok(at.pages_since(WINDOW))
}
