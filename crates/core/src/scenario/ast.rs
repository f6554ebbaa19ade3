//! A scenario, understood: tables of what it declares, and its statements in order.

use crate::addr::VirtAddr;
use crate::arch::{Level, Levels, PteFlags};
use crate::kernel::{Kernel, LINUX_7_3};
use crate::machine::address_space::{DirtyMethod, ShmemEnabled};
use crate::machine::event::{Access, Phase};
use crate::machine::rbtree::Colour;
use crate::machine::vma::OpenMode;
use crate::machine::{CpuId, FileKind};
use crate::mm::Errno;
use crate::mm::mmap::{Prot, Sharing};
use crate::mm::pagewalk::FilterMiss;
use crate::mm::tlb::Flushes;
use crate::mm::zap::Cows;
use crate::scenario::diagnostic::Site;
use crate::scenario::strategy::{AxisRange, Strategy};
use crate::scenario::vmw::{VmwCall, VmwSetting};

/// Place in [`Scenario::files`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// Place in [`Scenario::processes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessId(pub u32);

/// Place in [`Scenario::labels`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LabelId(pub u32);

/// `count` pages from `first`; `count` is never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pages {
    /// The first.
    pub first: u64,
    /// How many.
    pub count: u64,
}

impl Pages {
    /// The page behind the last.
    #[must_use]
    pub const fn end(self) -> u64 {
        self.first + self.count
    }

    /// True if both share a page.
    #[must_use]
    pub const fn meets(self, other: Pages) -> bool {
        self.first < other.end() && other.first < self.end()
    }
}

/// A declared file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: String,
    /// What stands behind it.
    pub kind: FileKind,
    /// Its size.
    pub pages: u64,
    /// Whether a line declares it.
    pub origin: Origin,
}

/// How a file comes to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// By a line of its own.
    Declared,
    /// Shared anonymous memory is one that nobody can name (`shmem_zero_setup`).
    SharedAnon,
}

/// A declared or forked process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its name.
    pub name: String,
}

/// A mapping as written: a place in a process that stands for pages of a file, whatever later
/// becomes of its VMA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// `C`, or `C.P3` in a process that inherited it by fork.
    pub name: String,
    /// Whose address space.
    pub process: ProcessId,
    /// Which file; `None`: anonymous memory.
    pub file: Option<FileId>,
    /// Which of its pages. Of anonymous memory: how they are counted.
    pub pages: Pages,
    /// Where.
    pub addr: VirtAddr,
    /// What it allows.
    pub prot: Prot,
    /// Whether stores reach the file.
    pub sharing: Sharing,
    /// How the descriptor was opened.
    pub mode: OpenMode,
    /// Whether all pages are faulted in at once.
    pub populate: bool,
    /// The mapping it was inherited from.
    pub parent: Option<LabelId>,
}

impl Label {
    /// Where page `pgoff` of the file lies; it must be one of the mapping's own.
    #[must_use]
    pub const fn address_of(&self, pgoff: u64) -> VirtAddr {
        self.addr.add_pages(pgoff - self.pages.first)
    }

    /// First address behind it.
    #[must_use]
    pub const fn end(&self) -> VirtAddr {
        self.addr.add_pages(self.pages.count)
    }
}

/// Some pages of some process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// By page of the file; `None`: the whole mapping.
    Label {
        /// The mapping.
        label: LabelId,
        /// Which of its pages.
        pages: Option<Pages>,
    },
    /// By address.
    Address {
        /// Whose.
        process: ProcessId,
        /// From here.
        addr: VirtAddr,
        /// How many.
        pages: u64,
    },
}

/// Where `mremap` moves pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// From here on.
    pub addr: VirtAddr,
    /// How many pages they are then.
    pub pages: u64,
    /// What they are called there; `None`: as before.
    pub label: Option<LabelId>,
}

/// How a statement may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A system call returned this error.
    Errno(Errno),
    /// An access no VMA allows.
    Sigsegv,
    /// An access behind the end of the file.
    Sigbus,
}

impl Failure {
    /// All that can happen.
    pub const ALL: [Failure; 11] = [
        Failure::Errno(Errno::NotTypewriter),
        Failure::Errno(Errno::IllegalSeek),
        Failure::Errno(Errno::Access),
        Failure::Errno(Errno::NoDevice),
        Failure::Errno(Errno::Fault),
        Failure::Errno(Errno::Invalid),
        Failure::Errno(Errno::NoMemory),
        Failure::Errno(Errno::NotSupported),
        Failure::Errno(Errno::Perm),
        Failure::Sigbus,
        Failure::Sigsegv,
    ];

    /// `EACCES`, `SIGBUS`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Failure::Errno(errno) => errno.name(),
            Failure::Sigsegv => "SIGSEGV",
            Failure::Sigbus => "SIGBUS",
        }
    }
}

/// What an entry is expected to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PteWant {
    /// This word, the frame number (bits 12 to 51) left out.
    Word(u64),
    /// These bits set and those clear.
    Bits {
        /// Must be set.
        set: PteFlags,
        /// Must be clear.
        clear: PteFlags,
    },
    /// An empty entry of a page table.
    Empty,
    /// No page table: the entry above, at this level, is empty.
    Hole(Level),
}

/// How much a VMA's TLB flush is expected to cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlushWant {
    /// No flush.
    Nothing,
    /// This many pages, one by one.
    Pages(u64),
    /// The whole address space.
    All,
}

/// A node of an expected tree with its children.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeWant {
    /// The mapping whose VMA it is.
    pub label: LabelId,
    /// Its colour.
    pub colour: Colour,
    /// Left and right child.
    pub children: [Option<Box<TreeWant>>; 2],
}

/// What must hold at this point of the story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// The last walk returned this.
    Returns(u64),
    /// The last access took this many faults.
    Faults(u64),
    /// The last statement failed so.
    Fails(Failure),
    /// The last walk went through these VMAs, in this order.
    Order(Vec<LabelId>),
    /// The last walk flushed so for this VMA.
    Flush(LabelId, FlushWant),
    /// An entry for each of these pages.
    Pte(LabelId, Pages, PteWant),
    /// Exactly these bits of the file's bitmap.
    Bits(FileId, Vec<Pages>),
    /// `start` and `end` as `clean` left them.
    Hull(FileId, u64, u64),
    /// Exactly these pages of a device buffer were announced by `pfn_mkwrite`.
    Written(FileId, Vec<Pages>),
    /// How vmwgfx tracks this buffer.
    Method(FileId, DirtyMethod),
    /// The last statement interrupted other CPUs so often.
    Ipis(u64),
    /// The last statement flushed so often.
    Flushes(u64),
    /// What a CPU has cached for each of these pages.
    Tlb(LabelId, Pages, CpuId, PteWant),
    /// Exactly these pages of a file were stored to and nobody came to know.
    Lost(FileId, Vec<Pages>),
    /// The i_mmap tree of a file; `None`: empty.
    Tree(FileId, Option<Box<TreeWant>>),
}

/// What a statement says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// The story's name.
    Title(String),
    /// A line of prose.
    Note(String),
    /// Which kernel.
    Kernel(&'static Kernel),
    /// How many CPUs.
    Cpus(u8),
    /// How many levels page tables have.
    Levels(Levels),
    /// Whether the two helpers flush.
    Flushes(Flushes),
    /// `fault_around_bytes`, in pages.
    FaultAround(u64),
    /// `shmem_enabled`.
    ShmemHuge(ShmemEnabled),
    /// What a filter miss does from here on.
    Filter(FilterMiss),
    /// A file comes to be.
    File(FileId),
    /// `write(2)`: pages enter the page cache, dirty.
    Fill(FileId, Pages),
    /// Processes come to be.
    Proc(Vec<ProcessId>),
    /// `mmap(2)` with `MAP_FIXED`.
    Map(LabelId),
    /// `munmap(2)`.
    Unmap(Place),
    /// `mprotect(2)`.
    Protect(Place, Prot),
    /// `mremap(2)` with `MREMAP_FIXED`.
    Remap(Place, Target),
    /// A load or a store of each page, on a CPU.
    Access(Access, Place, CpuId),
    /// Likewise of only so many of the pages, spread over them.
    AccessSome(Access, Place, u64, CpuId),
    /// Likewise, but it comes in during the statement above.
    During(Access, Place, CpuId),
    /// An access or none for each page from the mapping's first.
    Touch(LabelId, Vec<Option<Access>>, CpuId),
    /// A kernel thread runs on a CPU.
    Idle(CpuId),
    /// `fsync(2)`.
    Fsync(FileId),
    /// `msync(2)` with `MS_SYNC`.
    Msync(Place),
    /// userfaultfd write-protects these pages asynchronously from here on.
    Uffd(Place),
    /// `fork(2)`: parent, child.
    Fork(ProcessId, ProcessId),
    /// `exit(2)`.
    Exit(ProcessId),
    /// The bitmap of `clean` is emptied: bits, and start and end if not "none".
    Bitmap(FileId, u64, Option<(u64, u64)>),
    /// The driver of a buffer forgets which pages `pfn_mkwrite` told of.
    Forget(FileId),
    /// `wp_shared_mapping_range`.
    Wp(FileId, Pages),
    /// `clean_record_shared_mapping_range`, with `bitmap_pgoff`.
    Clean(FileId, Pages, u64),
    /// A walk beside the two helpers.
    Beside(Beside),
    /// Another thread begins to batch flushes for this process.
    Pending(ProcessId),
    /// It has flushed.
    Flushed(ProcessId),
    /// The vmwgfx driver does this with a buffer, or with some of its pages.
    Vmw(VmwCall, FileId, Option<Pages>),
    /// How it decides from here on.
    VmwSet(VmwSetting),
    /// One job on these pages, done in each of these ways.
    Compare(FileId, Pages, Vec<Strategy>),
    /// What to turn, to see how the comparison changes.
    Sweep(Vec<AxisRange>),
    /// What follows, up to [`Op::End`], happens so many times.
    Repeat(u64),
    /// Ends the repetition.
    End,
    /// Something must hold.
    Expect(Expect),
}

/// A walk beside the two helpers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// `unmap_mapping_range`; without pages of all the file.
    Zap(FileId, Option<Pages>, Cows),
    /// `folio_mkclean` of each cached folio.
    Mkclean(FileId, Pages),
    /// `mapping_wrprotect_range`.
    Wrprotect(FileId, Pages),
    /// `pfn_mkclean_range` of each VMA.
    Dax(FileId, Pages),
    /// `ftruncate(2)` to so many pages.
    Truncate(FileId, u64),
    /// `fallocate(2)` that punches a hole.
    Punch(FileId, Pages),
    /// `madvise(2)` with `MADV_DONTNEED`.
    Dontneed(Place),
    /// 4 is written to `clear_refs`.
    SoftClear(ProcessId),
    /// `PAGEMAP_SCAN` that write-protects what was written.
    Scan(Place),
    /// What `smaps` tells of the VMA at a mapping's start.
    Smaps(LabelId),
    /// A page's folio begins to migrate, or has migrated.
    Migrate(FileId, u64, Phase),
}

impl Op {
    /// True if another CPU's access may come in during it.
    #[must_use]
    pub const fn may_be_interrupted(&self) -> bool {
        !matches!(
            self,
            Op::Title(_)
                | Op::Note(_)
                | Op::Kernel(_)
                | Op::Cpus(_)
                | Op::Levels(_)
                | Op::Flushes(_)
                | Op::FaultAround(_)
                | Op::ShmemHuge(_)
                | Op::Filter(_)
                | Op::File(_)
                | Op::Proc(_)
                | Op::Bitmap(..)
                | Op::Forget(_)
                | Op::Idle(_)
                | Op::VmwSet(_)
                | Op::Sweep(_)
                | Op::Repeat(_)
                | Op::End
                | Op::Expect(_)
        )
    }
}

/// What a word of a line is, for colouring and for pointing at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// What the line says.
    Keyword,
    /// A word of the language further on.
    Option,
    /// Prose.
    Text,
    /// A file.
    File,
    /// A process.
    Process,
    /// A mapping.
    Label,
    /// A number, or a word that stands for one.
    Number,
    /// Pages.
    Pages,
    /// An address.
    Address,
    /// What a mapping allows; accesses; page-table bits.
    Mode,
}

/// One word of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// What it is.
    pub part: Part,
    /// Column in characters, from 1.
    pub column: u32,
    /// Length in characters.
    pub len: u32,
}

/// One line that says something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Line, from 1.
    pub line: u32,
    /// What it says.
    pub op: Op,
    /// Its words, in order.
    pub words: Vec<Word>,
    /// The comment behind it, with its `#`.
    pub comment: Option<String>,
}

impl Statement {
    /// The whole statement.
    #[must_use]
    pub fn site(&self) -> Site {
        let column = self.words.first().map_or(1, |word| word.column);
        let end = self.words.last().map_or(column + 1, |word| word.column + word.len);
        Site { line: self.line, column, len: end - column }
    }

    /// Its first word of this kind, or all of it.
    #[must_use]
    pub fn part(&self, part: Part) -> Site {
        let word = self.words.iter().find(|word| word.part == part);
        word.map_or(self.site(), |w| Site { line: self.line, column: w.column, len: w.len })
    }
}

/// One line of the text, for the formatter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    Blank,
    Comment(String),
    /// Place in [`Scenario::statements`].
    Statement(u32),
    /// Not understood; kept as written.
    Verbatim(String),
}

/// A whole scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scenario {
    /// In order. `Event::Statement` names one by its place here.
    pub statements: Vec<Statement>,
    /// Files in order of declaration.
    pub files: Vec<File>,
    /// Processes in order of appearance.
    pub processes: Vec<Process>,
    /// Mappings in order of appearance, the inherited ones among them.
    pub labels: Vec<Label>,
    pub(super) layout: Vec<Layout>,
}

impl Scenario {
    /// Its title, if it has one.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        self.statements.iter().find_map(|s| match &s.op {
            Op::Title(title) => Some(title.as_str()),
            _ => None,
        })
    }

    /// Its notes, in order.
    pub fn notes(&self) -> impl Iterator<Item = &str> {
        self.statements.iter().filter_map(|s| match &s.op {
            Op::Note(note) => Some(note.as_str()),
            _ => None,
        })
    }

    /// The kernel it runs on.
    #[must_use]
    pub fn kernel(&self) -> &'static Kernel {
        let named = self.statements.iter().find_map(|s| match s.op {
            Op::Kernel(kernel) => Some(kernel),
            _ => None,
        });
        named.unwrap_or(&LINUX_7_3)
    }

    /// How many CPUs it runs on.
    #[must_use]
    pub fn cpus(&self) -> u8 {
        let said = self.statements.iter().find_map(|s| match s.op {
            Op::Cpus(cpus) => Some(cpus),
            _ => None,
        });
        said.unwrap_or(1)
    }

    /// How many levels its page tables have.
    #[must_use]
    pub fn levels(&self) -> Levels {
        let said = |s: &Statement| if let Op::Levels(n) = s.op { Some(n) } else { None };
        self.statements.iter().find_map(said).unwrap_or_default()
    }

    /// Other vmwgfx settings than its own, from the first statement that concerns the driver on.
    /// The text stays as it was.
    pub(crate) fn replace_settings(&mut self, settings: &[VmwSetting]) {
        self.statements.retain(|s| !matches!(s.op, Op::VmwSet(_)));
        let first = self.statements.iter().position(|s| matches!(s.op, Op::Vmw(..)));
        let Some(at) = first else { return };
        for setting in settings {
            let op = Op::VmwSet(*setting);
            let line = self.statements.get(at).map_or(0, |statement| statement.line);
            let (words, comment) = (Vec::new(), None);
            self.statements.insert(at, Statement { line, op, words, comment });
        }
    }

    /// Whose addresses a place is, from where to where.
    #[must_use]
    pub fn extent(&self, place: Place) -> (ProcessId, VirtAddr, VirtAddr) {
        match place {
            Place::Label { label, pages } => {
                let label = self.label(label);
                let pages = pages.unwrap_or(label.pages);
                let start = label.address_of(pages.first);
                (label.process, start, start.add_pages(pages.count))
            }
            Place::Address { process, addr, pages } => (process, addr, addr.add_pages(pages)),
        }
    }

    /// The label under which `child` inherited `parent`.
    #[must_use]
    pub fn heir(&self, parent: LabelId, child: ProcessId) -> Option<LabelId> {
        let heir = |label: &Label| label.parent == Some(parent) && label.process == child;
        let place = self.labels.iter().position(heir)?;
        u32::try_from(place).ok().map(LabelId)
    }

    /// A declared file.
    #[must_use]
    pub fn file(&self, file: FileId) -> &File {
        &self.files[file.0 as usize]
    }

    /// A declared process.
    #[must_use]
    pub fn process(&self, process: ProcessId) -> &Process {
        &self.processes[process.0 as usize]
    }

    /// A declared or inherited mapping.
    #[must_use]
    pub fn label(&self, label: LabelId) -> &Label {
        &self.labels[label.0 as usize]
    }
}
