//! A world in words: every file, tree, process, VMA and entry, equal neighbours on one line. The
//! oracle of the scenario tests, what `rangewalk run` prints, and what a link's digest is taken
//! of.

use std::borrow::Cow;
use std::fmt::Write;

use crate::arch::Pte;
use crate::arch::pte::PFN_MASK;
use crate::machine::rbtree::Colour;
use crate::machine::vma::OpenMode;
use crate::machine::{
    CpuId, FileKind, MappingId, MmId, PageFlags, PageKind, TlbEntry, TlbState, VmFlags, Vma, VmaId,
    World,
};
use crate::trace::Names;

/// The whole world; `step` is the last step done, for names.
#[must_use]
pub fn state(world: &World, names: &Names, step: u32) -> String {
    let mut out = format!("kernel {}\n", world.kernel());
    let view = View { world, names, step };
    for (id, _) in world.mappings() {
        view.file(id, &mut out);
    }
    for (id, mm) in world.mms().filter(|(_, mm)| mm.alive) {
        // Writing to a string cannot fail, here and below.
        let _ = write!(out, "process {}, {} tables", names.process(id), mm.nr_tables + 1);
        if mm.tlb_flush_pending > 0 {
            let _ = write!(out, ", flush pending {}", mm.tlb_flush_pending);
        }
        out.push('\n');
        for vma in mm.vmas() {
            view.vma(id, vma, &mut out);
        }
    }
    if world.is_smp() {
        for (id, cpu) in world.cpus() {
            view.cpu(id, cpu, &mut out);
        }
    }
    out
}

struct View<'a> {
    world: &'a World,
    names: &'a Names,
    step: u32,
}

impl View<'_> {
    fn file(&self, id: MappingId, out: &mut String) {
        let file = self.world.mapping(id);
        let kind = match file.kind {
            FileKind::Shmem => "shmem",
            FileKind::Ext4 => "ext4",
            FileKind::DevPagetable { .. } => "dev-pagetable",
            FileKind::DevMkwrite { .. } => "dev-mkwrite",
            FileKind::Vmwgfx { .. } => "vmwgfx",
        };
        let _ = writeln!(out, "file {} {kind} {}", self.names.file(id), file.pages);
        let cached = file.pages_in(0, u64::MAX).map(|(pgoff, page)| {
            let flags = self.world.folio_flags(page);
            let page = self.world.page(page);
            let dirty = if flags.contains(PageFlags::DIRTY) { "dirty" } else { "clean" };
            let mark = if flags.contains(PageFlags::READAHEAD) { ", readahead mark" } else { "" };
            let folio = match page.part.order {
                0 => String::new(),
                _ => format!(", folio of {}", page.part.pages()),
            };
            (pgoff, 1, format!("{dirty}, mapped {}{folio}{mark}", page.mapcount).into())
        });
        runs(cached, |run, what| {
            let _ = writeln!(out, "  cached {run}: {what}");
        });
        if file.kind.is_device() {
            let (faults, mkwrites) = (file.faults, file.mkwrites);
            let written = bits(&file.written);
            let _ = writeln!(out, "  {faults} faults, {mkwrites} mkwrites, written {written}");
        }
        if let FileKind::Vmwgfx { .. } = file.kind {
            let (method, count) = (file.method.name(), file.change_count);
            let _ = writeln!(out, "  tracked by {method}, {count} scans for a change");
        }
        let bitmap = &file.bitmap;
        if bitmap.start < bitmap.end {
            let (set, start, end) = (bits(&bitmap.words), bitmap.start, bitmap.end);
            let _ = writeln!(out, "  bitmap {set}, start {start}, end {end}");
        }
        if let Some(root) = file.root {
            self.node(root, "root", 0, out);
        }
    }

    /// The tree in pre-order. Its depth is logarithmic in the number of VMAs.
    fn node(&self, id: VmaId, side: &str, depth: usize, out: &mut String) {
        let node = self.world.node(id);
        let colour = match node.colour {
            Colour::Red => "red",
            Colour::Black => "black",
        };
        let (name, start, last) = (self.names.vma(id, self.step), node.start, node.last);
        let max = node.subtree_last;
        let indent = 2 * depth + 2;
        let _ = writeln!(out, "{:indent$}{side} {name} {start}..{last} max {max} {colour}", "");
        for (side, child) in [("left", node.left()), ("right", node.right())] {
            if let Some(child) = child {
                self.node(child, side, depth + 1, out);
            }
        }
    }

    /// What a CPU runs and has cached; what it will not use any more is behind.
    fn cpu(&self, id: CpuId, cpu: &TlbState, out: &mut String) {
        let runs = cpu.loaded_mm.map_or("nothing", |mm| self.names.process(mm));
        let lazy = if cpu.is_lazy { ", lazy" } else { "" };
        let _ = writeln!(out, "cpu {} runs {runs}{lazy}", id.0);
        for TlbEntry { mm, addr, word } in cpu.entries() {
            let behind = if cpu.tlb_gen(mm) == self.world.mm(mm).tlb_gen { "" } else { ", behind" };
            let (process, flags) = (self.names.process(mm), word.0 & !PFN_MASK);
            let _ = writeln!(out, "  {process} {addr} {flags:016x}{behind}");
        }
    }

    fn vma(&self, mm: MmId, id: VmaId, out: &mut String) {
        let vma = self.world.vma(id);
        let name = self.names.vma(id, self.step);
        let file = vma.file.map_or("?", |file| self.names.file(file.mapping));
        let (start, pages, pgoff) = (vma.start, vma.pages(), vma.pgoff);
        let _ = write!(out, "  vma {name} {start} {file} {pgoff}+{pages} {}", modes(vma));
        let _ = writeln!(out, ", flags {:x}, prot {:016x}", vma.flags.bits(), vma.prot);
        runs(self.entries(mm, vma), |run, what| {
            let _ = writeln!(out, "    {run} {what}");
        });
    }

    /// What the VMA's pages have for entries: first page, how many, what. One without a table
    /// stands for all that share the empty entry above.
    fn entries(&self, mm: MmId, vma: &Vma) -> impl Iterator<Item = Stretch> {
        let vma = *vma;
        let mut addr = vma.start;
        std::iter::from_fn(move || {
            if addr >= vma.end {
                return None;
            }
            let (pages, text) = match self.world.pte_slot(mm, addr) {
                Ok(slot) => (1, self.entry(&vma, self.world.word(slot))),
                Err((level, slot)) => {
                    let pages = level.addr_end(addr, vma.end).pages_since(addr);
                    match self.world.word(slot) {
                        word if word.is_none() => (pages, format!("hole {}", level.name()).into()),
                        word => (pages, Self::leaf(word)),
                    }
                }
            };
            let pgoff = vma.pgoff_of(addr);
            addr = addr.add_pages(pages);
            Some((pgoff, pages, text))
        })
    }

    /// A leaf above the PTEs, without its frame number.
    fn leaf(word: Pte) -> Cow<'static, str> {
        format!("{:016x} of 2 MiB", word.0 & !PFN_MASK).into()
    }

    /// An entry without its frame number; whether it maps a copy.
    fn entry(&self, vma: &Vma, pte: Pte) -> Cow<'static, str> {
        if pte.is_none() {
            return "none".into();
        }
        let raw = vma.flags.contains(VmFlags::PFNMAP);
        let page = self.world.pfn_to_page(pte.pfn()).filter(|_| !raw);
        let copied = page.is_some_and(|page| self.world.page(page).kind == PageKind::Anon);
        let copied = if copied { " copy" } else { "" };
        format!("{:016x}{copied}", pte.0 & !PFN_MASK).into()
    }
}

/// First page, how many, what is true of them.
type Stretch = (u64, u64, Cow<'static, str>);

/// Calls `each` with every run of consecutive pages of which the same is true.
fn runs(stretches: impl Iterator<Item = Stretch>, mut each: impl FnMut(String, &str)) {
    let mut open: Option<Stretch> = None;
    let name = |first: u64, count: u64| match count {
        1 => first.to_string(),
        _ => format!("{first}+{count}"),
    };
    for (page, more, text) in stretches {
        match &mut open {
            Some((first, count, same)) if *first + *count == page && *same == text => {
                *count += more
            }
            _ => {
                if let Some((first, count, text)) = open.replace((page, more, text)) {
                    each(name(first, count), &text);
                }
            }
        }
    }
    if let Some((first, count, text)) = open {
        each(name(first, count), &text);
    }
}

/// The set bits of a bitmap: `0 4+2`, or `none`.
fn bits(words: &[u64]) -> String {
    let set = (0u64..).step_by(64).zip(words).flat_map(|(base, word)| {
        (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| (base + bit, 1, "".into()))
    });
    let mut all = Vec::new();
    runs(set, |run, _| all.push(run));
    if all.is_empty() { "none".to_owned() } else { all.join(" ") }
}

fn modes(vma: &Vma) -> String {
    let mut modes = String::new();
    for (flag, letter) in [(VmFlags::READ, 'r'), (VmFlags::WRITE, 'w'), (VmFlags::EXEC, 'x')] {
        if vma.flags.contains(flag) {
            modes.push(letter);
        }
    }
    if modes.is_empty() {
        modes.push_str("none");
    }
    if !vma.flags.contains(VmFlags::MAYSHARE) {
        modes.push_str(" private");
    }
    if vma.file.is_some_and(|file| file.mode == OpenMode::ReadOnly) {
        modes.push_str(" ro-fd");
    }
    modes
}
