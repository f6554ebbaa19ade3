//! The statements of the language: keyword, form, meaning. The parser's hints, the page's help
//! and the tests of `docs/scenario.md` all read this one table.

use crate::arch::PteFlags;

/// The bits of a page-table entry that have a letter, the same letter everywhere.
pub static PTE_LETTERS: [(char, PteFlags); 10] = [
    ('P', PteFlags::PRESENT),
    ('W', PteFlags::RW),
    ('U', PteFlags::USER),
    ('A', PteFlags::ACCESSED),
    ('D', PteFlags::DIRTY),
    ('H', PteFlags::PSE),
    ('S', PteFlags::SPECIAL),
    ('T', PteFlags::SOFT_DIRTY),
    ('V', PteFlags::SAVED_DIRTY),
    ('N', PteFlags::NX),
];

/// One kind of statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Syntax {
    /// First word of the line.
    pub keyword: &'static str,
    /// The whole line; capitals stand for what the writer chooses, brackets for what may be left
    /// out.
    pub form: &'static str,
    /// What it does, in a few words.
    pub meaning: &'static str,
}

const fn row(keyword: &'static str, form: &'static str, meaning: &'static str) -> Syntax {
    Syntax { keyword, form, meaning }
}

/// All statements, in the order in which a story uses them.
pub static STATEMENTS: [Syntax; 50] = [
    row("title", "title TEXT", "names the story"),
    row("note", "note TEXT", "a line of prose; it travels in the link"),
    row("kernel", "kernel 7.3|6.12|6.1", "which kernel; 7.3 unless said"),
    row("cpus", "cpus NUMBER", "how many CPUs; 1 unless said, 4 at most"),
    row("levels", "levels 4|5", "of page tables: 5 is LA57, with 56 bits of addresses"),
    row("faround", "faround BYTES", "fault-around window; 64K unless said, 4K is off"),
    row(
        "shmem-huge",
        "shmem-huge force|never",
        "shmem_enabled: folios of 2 MiB; never unless said",
    ),
    row("filter", "filter stop|skip", "what a walk does at a VMA that fails its filter"),
    row(
        "file",
        "file FILE shmem|ext4|dev-pagetable|dev-mkwrite|vmwgfx PAGES [prefault N]",
        "a file: shared memory, on disk, or a buffer of raw frames",
    ),
    row("proc", "proc PROCESS ...", "processes come to be"),
    row(
        "map",
        "map LABEL PROCESS FILE|anon FIRST+PAGES @ADDRESS rw [private|shared] [ro-fd] [populate]",
        "mmap with MAP_FIXED; a file shared, anonymous memory private unless said",
    ),
    row("unmap", "unmap LABEL [FIRST+PAGES] | PROCESS @ADDRESS+PAGES", "munmap"),
    row("protect", "protect LABEL [FIRST+PAGES] rw | PROCESS @ADDRESS+PAGES rw", "mprotect"),
    row(
        "remap",
        "remap LABEL [FIRST+PAGES] NEW @ADDRESS[+PAGES] | PROCESS @ADDRESS+PAGES @ADDRESS[+PAGES]",
        "mremap to a fixed address; PAGES to grow or shrink",
    ),
    row("fill", "fill FILE FIRST+PAGES", "write(2): pages enter the page cache, dirty"),
    row(
        "load",
        "load LABEL [FIRST+PAGES] | PROCESS @ADDRESS+PAGES [some N] [cpu N]",
        "reads one byte a page, on CPU 0 unless said; of some: N of them",
    ),
    row(
        "store",
        "store LABEL [FIRST+PAGES] | PROCESS @ADDRESS+PAGES [some N] [cpu N]",
        "writes one byte a page",
    ),
    row("touch", "touch LABEL rw.w [cpu N]", "one letter a page: r load, w store, . nothing"),
    row(
        "during",
        "during load|store LABEL [FIRST+PAGES] cpu N",
        "comes in during the statement above, just before its flush",
    ),
    row("idle", "idle N", "a kernel thread runs on CPU N: its TLB is lazy"),
    row("fsync", "fsync FILE", "fsync: the file's dirty pages go to the disk"),
    row(
        "msync",
        "msync LABEL [FIRST+PAGES] | PROCESS @ADDRESS+PAGES",
        "msync(MS_SYNC): the same for what is mapped there",
    ),
    row("fork", "fork PARENT CHILD", "the child's mappings are called LABEL.CHILD"),
    row("exit", "exit PROCESS", "the process ends"),
    row("bitmap", "bitmap FILE BITS [START END]", "empties the bitmap that clean fills"),
    row("wp", "wp FILE FIRST+PAGES", "wp_shared_mapping_range"),
    row("clean", "clean FILE FIRST+PAGES [at PAGE]", "clean_record_shared_mapping_range"),
    row("mkclean", "mkclean FILE FIRST+PAGES", "folio_mkclean of each cached folio"),
    row("wrprotect", "wrprotect FILE FIRST+PAGES", "mapping_wrprotect_range (7.3)"),
    row("dax", "dax FILE FIRST+PAGES", "pfn_mkclean_range, VMA by VMA: before DAX writes back"),
    row("zap", "zap FILE [FIRST+PAGES] [keep-cows]", "unmap_mapping_range, unmap_mapping_pages"),
    row("truncate", "truncate FILE PAGES", "ftruncate: the file has so many pages from here on"),
    row("punch", "punch FILE FIRST+PAGES", "fallocate that punches a hole"),
    row(
        "dontneed",
        "dontneed LABEL [FIRST+PAGES] | PROCESS @ADDRESS+PAGES",
        "madvise with MADV_DONTNEED",
    ),
    row("softclear", "softclear PROCESS", "4 into its clear_refs: soft-dirty starts anew"),
    row(
        "uffd",
        "uffd LABEL [FIRST+PAGES] | PROCESS @ADDRESS+PAGES",
        "userfaultfd write-protects it, and asks nobody; anonymous memory (6.12 on)",
    ),
    row(
        "scan",
        "scan LABEL [FIRST+PAGES] | PROCESS @ADDRESS+PAGES",
        "PAGEMAP_SCAN: finds what was written there, and write-protects it",
    ),
    row("smaps", "smaps LABEL", "what /proc/PID/smaps counts in the VMA at LABEL's start"),
    row("migrate", "migrate FILE PAGE", "expert: migration entries stand where it was mapped"),
    row("migrated", "migrated FILE PAGE", "expert: it is mapped there again, in the same frame"),
    row("forget", "forget FILE", "the driver forgets which pages pfn_mkwrite told of"),
    row(
        "vmw",
        "vmw add|scan|release FILE | transfer|clear|unmap FILE FIRST+PAGES \
         | thresholds SCANS PERCENT | only pagetable|mkwrite|any",
        "the vmwgfx driver tracks what is written into its buffer",
    ),
    row("repeat", "repeat N", "what follows happens N times"),
    row("end", "end", "ends what is repeated"),
    row(
        "compare",
        "compare FILE FIRST+PAGES LANE LANE ...",
        "one job in 2 to 6 ways, each from the same memory",
    ),
    row(
        "sweep",
        "sweep AXIS FROM..TO [AXIS FROM..TO]",
        "what to turn, to see how the comparison changes",
    ),
    row("pending", "pending PROCESS", "another thread begins to batch TLB flushes"),
    row("flushed", "flushed PROCESS", "that thread has flushed"),
    row("flushes", "flushes on|off", "expert: off leaves out the flush of wp and clean"),
    row("expect", "expect WHAT", "something that must hold here"),
];

/// What may follow `expect`.
pub static EXPECTS: [Syntax; 15] = [
    row("", "expect NUMBER", "the last walk returned this"),
    row("faults", "expect faults NUMBER", "faults of the last load, store or touch"),
    row("", "expect SIGSEGV|SIGBUS|EACCES|...", "the last statement failed so"),
    row("order", "expect order LABEL ...|none", "VMAs the last walk went through"),
    row("flush", "expect flush LABEL PAGES|all|none", "the last walk's flush for this VMA"),
    row(
        "pte",
        "expect pte LABEL FIRST+PAGES = WORD | LETTERS | none | hole LEVEL",
        "page-table entries; letters P W U A D H S T V N, !W for clear",
    ),
    row("bits", "expect bits FILE FIRST+PAGES ...|none", "the bitmap of clean, exactly"),
    row("hull", "expect hull FILE START END", "start and end as clean left them"),
    row(
        "written",
        "expect written FILE FIRST+PAGES ...|none",
        "pages pfn_mkwrite told of, exactly",
    ),
    row("method", "expect method FILE pagetable|mkwrite|untracked", "how vmwgfx tracks the buffer"),
    row("ipis", "expect ipis NUMBER", "CPUs that the last statement interrupted to flush"),
    row("flushes", "expect flushes NUMBER", "TLB flushes of the last statement"),
    row(
        "tlb",
        "expect tlb LABEL FIRST+PAGES cpu N LETTERS | = WORD | none",
        "what a CPU has cached for pages",
    ),
    row(
        "lost",
        "expect lost FILE FIRST+PAGES ...|none",
        "stores that no entry, bitmap, page or driver knew of",
    ),
    row("tree", "expect tree FILE B(A* C*)", "the i_mmap tree; * is red, - no child"),
];

/// The row of `keyword`.
#[must_use]
pub fn statement(keyword: &str) -> Option<&'static Syntax> {
    STATEMENTS.iter().find(|syntax| syntax.keyword == keyword)
}

/// The row of what follows `expect`.
#[must_use]
pub fn expect(keyword: &str) -> Option<&'static Syntax> {
    EXPECTS.iter().find(|syntax| syntax.keyword == keyword)
}
