//! Looks at the world as the golden scripts' looking ops do: dumps, trees, page caches, buffers.

use std::fmt;

use rangewalk_core::addr::Pfn;
use rangewalk_core::arch::pte::PFN_MASK;
use rangewalk_core::arch::{Entry, Level, Pte};
use rangewalk_core::machine::page::ZERO_PFN;
use rangewalk_core::machine::rbtree::Colour;
use rangewalk_core::machine::{
    Cpu, MappingId, MmId, PageFlags, PageKind, RbNode, Sink, Stop, Vma, VmaId, World,
};
use rangewalk_core::mm::interval_tree::{
    TreeQuery, vma_interval_tree_iter_first, vma_interval_tree_iter_next,
};

use super::answer::{BufBits, Dump, Order, OrderNode, Pages, Proc, Tree, TreeNode, VmaDump};
use super::replay::WINDOW;
use super::runs::{Mapped, encode, encode_mapped};

type Procs = [Option<MmId>];
type Files = [Option<MappingId>];

/// Every live process with its VMAs in the window.
pub(super) fn dump(world: &World, procs: &Procs, files: &Files) -> Dump {
    let live = procs.iter().enumerate().filter_map(|(p, mm)| Some((p, (*mm)?)));
    let procs = live.map(|(p, mm)| Proc { p, vmas: vma_dumps(world, mm, files) });
    Dump { procs: procs.collect() }
}

fn vma_dumps(world: &World, mm: MmId, files: &Files) -> Vec<VmaDump> {
    let vmas = world.mm(mm).vmas().map(|vma| world.vma(vma));
    vmas.map(|vma| vma_dump(world, mm, vma, files)).collect()
}

fn vma_dump(world: &World, mm: MmId, vma: &Vma, files: &Files) -> VmaDump {
    let ptes: Vec<Slot> = (0..vma.pages())
        .map(|page| match world.pte_slot(mm, vma.start.add_pages(page)) {
            Ok(slot) => match world.word(slot) {
                word if word.decode(Level::Pte) == Entry::NonPresent => Slot::Swap {
                    word: word.without_migration_pfn(world.levels()),
                    page: word.as_migration(world.kernel(), world.levels()).map(|to| to.pfn),
                },
                word => Slot::Word(word),
            },
            Err((level, slot)) => match world.word(slot).decode(level) {
                Entry::Leaf(_) => Slot::Huge(world.word(slot)),
                // A real process has its program, and tables for it, in the first 256 TiB.
                _ if level == Level::Pgd5 && level.index(vma.start.add_pages(page)) == 0 => {
                    Slot::Missing(Level::P4d)
                }
                _ => Slot::Missing(level),
            },
        })
        .collect();
    let frames = || ptes.iter().map(|slot| slot.frame(world, files));
    let file = vma.mapping().and_then(|mapping| files.iter().position(|f| *f == Some(mapping)));
    VmaDump {
        a: vma.start.pages_since(WINDOW),
        n: vma.pages(),
        o: vma.pgoff,
        f: file.map_or(-1, |file| i64::try_from(file).expect("a file number is small")),
        fl: format!("{:x}", vma.flags.bits()),
        pp: format!("{:x}", vma.prot),
        t: encode(ptes.iter().map(|slot| slot.token())),
        x: encode_mapped(frames().map(|frame| frame.mapped)),
        m: encode(frames().map(|frame| frame.mapcount)),
    }
}

/// What stands where a PTE should be.
#[derive(Clone, Copy, PartialEq)]
enum Slot {
    /// A word of a PTE table.
    Word(Pte),
    /// A migration entry, and the frame that it stands for.
    Swap { word: Pte, page: Option<Pfn> },
    /// A leaf PMD.
    Huge(Pte),
    /// The entry of this level is empty: no table.
    Missing(Level),
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            // Which frame the emulator took says nothing about the kernel.
            Slot::Word(word) => return write!(f, "{:x}", word.0 & !PFN_MASK),
            Slot::Swap { word, .. } => return write!(f, "N{:x}", word.0),
            Slot::Huge(word) => return write!(f, "L{:x}", word.0 & !PFN_MASK),
            // The folded P4D is where the kernel finds a PGD entry empty.
            Slot::Missing(Level::Pgd5) => "G",
            Slot::Missing(Level::Pgd | Level::P4d) => "4",
            Slot::Missing(Level::Pud) => "U",
            Slot::Missing(_) => "D",
        })
    }
}

struct Frame {
    mapped: Mapped,
    mapcount: u32,
}

impl Slot {
    /// What is told of its word.
    fn token(self) -> Self {
        match self {
            Slot::Swap { word, .. } => Slot::Swap { word, page: None },
            other => other,
        }
    }

    fn frame(self, world: &World, files: &Files) -> Frame {
        let nothing = Frame { mapped: Mapped::Nothing, mapcount: 0 };
        let pfn = match self {
            Slot::Swap { page, .. } => page,
            Slot::Word(word) => match word.decode(Level::Pte) {
                Entry::Leaf(pfn) => Some(pfn),
                _ => None,
            },
            _ => None,
        };
        let Some(pfn) = pfn else { return nothing };
        if pfn == ZERO_PFN {
            return Frame { mapped: Mapped::Zero, mapcount: 0 };
        }
        let Some(page) = world.pfn_to_page(pfn) else {
            let buffer = world.mappings().find(|(_, m)| {
                m.kind.is_device() && (m.dev_pfn.0..m.dev_pfn.0 + m.pages).contains(&pfn.0)
            });
            let mapped = buffer.map_or(Mapped::Other, |(_, m)| Mapped::Device(pfn.0 - m.dev_pfn.0));
            return Frame { mapped, mapcount: 0 };
        };
        let page = world.page(page);
        let mapped = match page.kind {
            PageKind::File if files.contains(&Some(MappingId(page.owner))) => {
                Mapped::File(page.pgoff)
            }
            PageKind::Anon => Mapped::Anon,
            // A file that nobody can name is nobody's.
            PageKind::File | PageKind::Free | PageKind::Table => Mapped::Other,
        };
        Frame { mapped, mapcount: page.mapcount }
    }
}

/// The tree in pre-order.
pub(super) fn tree(world: &World, procs: &Procs, mapping: MappingId) -> Tree {
    let mut nodes = Vec::new();
    let mut todo: Vec<(VmaId, i64, char)> = Vec::new();
    todo.extend(world.mapping(mapping).root.map(|root| (root, -1, '-')));
    while let Some((vma, parent, side)) = todo.pop() {
        let index = i64::try_from(nodes.len()).expect("a tree has few nodes");
        let node = world.node(vma);
        let colour = match node.colour {
            Colour::Red => 'r',
            Colour::Black => 'b',
        };
        let (p, a) = place(world.vma(vma), procs);
        let RbNode { start: pgoff, last, subtree_last, .. } = node;
        nodes.push(TreeNode { p, a, pgoff, last, subtree_last, parent, side, colour });
        todo.extend(node.right().map(|right| (right, index, 'R')));
        todo.extend(node.left().map(|left| (left, index, 'L')));
    }
    Tree { nodes }
}

/// The nodes in the order of the kernel's own iterator.
pub(super) fn order<S: Sink>(
    cpu: &mut Cpu<S>,
    procs: &Procs,
    mapping: MappingId,
    first: u64,
    nr: u64,
) -> Result<Order, Stop> {
    let mut nodes = Vec::new();
    let last = first.saturating_add(nr).saturating_sub(1);
    let query = &mut TreeQuery::new(mapping, first, last);
    let mut next = vma_interval_tree_iter_first(cpu, query)?;
    while let Some(vma) = next {
        let (p, a) = place(&cpu.vma(vma), procs);
        let RbNode { start: pgoff, last: node_last, subtree_last, .. } = cpu.node(vma);
        nodes.push(OrderNode { p, a, pgoff, last: node_last, subtree_last });
        next = vma_interval_tree_iter_next(cpu, query, vma)?;
    }
    Ok(Order { nodes })
}

/// A VMA's process number and first page in the window.
fn place(vma: &Vma, procs: &Procs) -> (usize, u64) {
    let proc = procs.iter().position(|mm| mm.is_some() && *mm == vma.mm);
    (proc.expect("a VMA in the tree has a live process"), vma.start.pages_since(WINDOW))
}

/// The page cache: flags and mapcount of the file's first `pages` pages.
pub(super) fn pages(world: &World, mapping: MappingId, pages: u64) -> Pages {
    let file = world.mapping(mapping);
    let pages = (0..pages).map(|pgoff| {
        file.page(pgoff).map_or(Cached(0, 0), |page| {
            let flags = world.folio_flags(page);
            let bit = |flag, bit| if flags.contains(flag) { bit } else { 0 };
            let flags = bit(PageFlags::DIRTY, 2)
                | bit(PageFlags::UPTODATE, 4)
                | bit(PageFlags::WRITEBACK, 8);
            Cached(1 | flags, world.page(page).mapcount)
        })
    });
    Pages { pg: encode(pages) }
}

/// Flags and mapcount of a page of the page cache.
#[derive(Clone, Copy, PartialEq)]
struct Cached(u32, u32);

impl fmt::Display for Cached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.0, self.1)
    }
}

/// What a device buffer remembers.
pub(super) fn buf_bits(world: &World, mapping: MappingId) -> BufBits {
    let file = world.mapping(mapping);
    BufBits {
        faults: file.faults,
        mkwrites: file.mkwrites,
        bits: hex_words(&file.written, file.pages),
    }
}

/// The words of a bitmap of `bits` bits, in hex.
pub(super) fn hex_words(words: &[u64], bits: u64) -> Vec<String> {
    let padded = words.iter().copied().chain(std::iter::repeat(0));
    (0..bits.div_ceil(u64::from(u64::BITS)))
        .zip(padded)
        .map(|(_, word)| format!("{word:x}"))
        .collect()
}
