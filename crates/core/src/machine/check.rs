//! What must hold after every step that is not in the middle of a change: each broken rule by name,
//! with the place.

use std::collections::BTreeMap;
use std::fmt;

use crate::addr::{Pfn, VirtAddr};
use crate::arch::level::PTRS_PER_TABLE;
use crate::arch::{Entry, Level};
use crate::machine::rbtree::Colour;
use crate::machine::{
    CpuId, MappingId, Mm, MmId, PageFlags, PageId, PageKind, SlotId, TableId, VmFlags, Vma, VmaId,
    World,
};

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// A page's mapcount is not the number of entries that map it.
    Mapcount {
        /// The page.
        page: PageId,
        /// Its mapcount.
        mapcount: u32,
        /// Entries that map it.
        entries: u32,
    },
    /// A folio's count of leaf PMDs is not how many map it.
    EntireMapcount {
        /// Its first page.
        page: PageId,
        /// Its count.
        mapcount: u32,
        /// Leaf PMDs that map it.
        entries: u32,
    },
    /// A page's place in its folio does not fit the pages beside it, or the cache.
    Folio(PageId),
    /// Two VMAs of a process overlap, or one is empty or listed at the wrong address.
    VmaOrder(MmId, VmaId),
    /// An entry maps something where its process has no VMA.
    Stray(MmId, SlotId),
    /// A table is hooked in twice, or live but hooked in nowhere.
    TableUse(TableId, u32),
    /// A process's count of its tables is wrong.
    TableCount(MmId),
    /// A cached translation is not found where it is.
    Tlb(CpuId),
    /// A node's key or parent does not fit its VMA or neighbours.
    TreeNode(VmaId),
    /// In-order keys are not ascending.
    TreeOrder(VmaId),
    /// `subtree_last` is not the greatest last page below.
    SubtreeLast(VmaId),
    /// A red node has a red child, or the root is red.
    RedRed(VmaId),
    /// Two ways down have different numbers of black nodes.
    BlackHeight(VmaId),
    /// The cached leftmost node is not the leftmost.
    Leftmost(MappingId),
    /// A migration entry stands for a page that does not migrate.
    Migration(MmId, SlotId),
    /// The tree does not hold exactly the file's VMAs.
    TreeMembers(MappingId),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl World {
    /// Every broken rule. Takes time proportional to the whole world. While a tree is being
    /// rebalanced or an entry exchanged, some rules are broken for a moment:
    /// [`World::check_memory`] leaves the tree out.
    #[must_use]
    pub fn check(&self) -> Vec<Violation> {
        let mut found = self.check_memory();
        for (id, _) in self.mappings() {
            check_tree(self, id, &mut found);
        }
        found
    }

    /// The rules of VMAs and page tables.
    #[must_use]
    pub fn check_memory(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut uses: BTreeMap<TableId, u32> = BTreeMap::new();
        let mut mapped: BTreeMap<PageId, u32> = BTreeMap::new();
        let mut huge: BTreeMap<PageId, u32> = BTreeMap::new();
        for (id, mm) in self.mms().filter(|(_, mm)| mm.alive) {
            check_vmas(self, id, mm, &mut found);
            let Some(pgd) = mm.pgd else { continue };
            let mut tables = 0;
            let (uses, mapped, huge) = (&mut uses, &mut mapped, &mut huge);
            let mut walk = TableWalk { world: self, mm: id, uses, mapped, huge };
            walk.table(pgd, self.levels().top(), 0, &mut tables, &mut found);
            if tables != mm.nr_tables + 1 {
                found.push(Violation::TableCount(id));
            }
        }
        for (id, _) in self.tables() {
            let used = uses.get(&id).copied().unwrap_or(0);
            if used != 1 {
                found.push(Violation::TableUse(id, used));
            }
        }
        let cpus = self.cpus().filter(|(_, tlb)| !tlb.is_found());
        found.extend(cpus.map(|(id, _)| Violation::Tlb(id)));
        for (id, page) in (0u32..).map(PageId).zip(self.pages()) {
            let entries = mapped.get(&id).copied().unwrap_or(0);
            if !is_part_of_its_folio(self, id) {
                found.push(Violation::Folio(id));
            }
            if page.kind != PageKind::Table && page.mapcount != entries {
                found.push(Violation::Mapcount { page: id, mapcount: page.mapcount, entries });
            }
            let entries = huge.get(&id).copied().unwrap_or(0);
            if u32::from(page.entire_mapcount) != entries {
                let mapcount = page.entire_mapcount.into();
                found.push(Violation::EntireMapcount { page: id, mapcount, entries });
            }
        }
        found
    }
}

/// True if the page before it in its folio says so too, and the cache has it where it belongs.
fn is_part_of_its_folio(world: &World, id: PageId) -> bool {
    let page = world.page(id);
    let cached = |(mapping, pgoff)| world.mapping(mapping).page(pgoff) == Some(id);
    let follows = |index: u16| {
        let before = world.page(PageId(id.0 - 1));
        before.part.order == page.part.order
            && before.part.index == index
            && before.owner == page.owner
            && before.pgoff + 1 == page.pgoff
    };
    u64::from(page.part.index) < page.part.pages()
        && page.file().is_none_or(cached)
        && page.part.index.checked_sub(1).is_none_or(follows)
}

fn check_vmas(world: &World, id: MmId, mm: &Mm, found: &mut Vec<Violation>) {
    let mut end = 0;
    for vma_id in mm.vmas() {
        let vma = world.vma(vma_id);
        let listed = mm.at_or_below(vma.start) == Some(vma_id);
        if vma.start.0 < end || vma.start >= vma.end || vma.mm != Some(id) || !listed {
            found.push(Violation::VmaOrder(id, vma_id));
        }
        end = vma.end.0;
    }
}

/// Visits every table and entry of one process.
struct TableWalk<'w> {
    world: &'w World,
    mm: MmId,
    uses: &'w mut BTreeMap<TableId, u32>,
    mapped: &'w mut BTreeMap<PageId, u32>,
    huge: &'w mut BTreeMap<PageId, u32>,
}

impl TableWalk<'_> {
    fn table(
        &mut self,
        table: TableId,
        level: Level,
        base: u64,
        tables: &mut u32,
        found: &mut Vec<Violation>,
    ) {
        *tables += 1;
        *self.uses.entry(table).or_default() += 1;
        for (index, word) in (0u32..).zip(self.world.table_words(table)) {
            let addr = base + (u64::from(index) << level.shift());
            match (crate::arch::Pte(*word).decode(level), level.below()) {
                (Entry::Table(pfn), Some(below)) => {
                    self.table(self.world.table_at(pfn), below, addr, tables, found);
                }
                (Entry::Leaf(pfn), below) => {
                    let (last, folio) = (addr + level.size() - 1, below.is_some());
                    self.leaf((table, index), addr, last, found);
                    self.count(addr, pfn, folio);
                }
                (Entry::NonPresent, None) => {
                    let slot = SlotId::new(table, index);
                    if !self.migrates(crate::arch::Pte(*word)) {
                        found.push(Violation::Migration(self.mm, slot));
                    }
                }
                _ => {}
            }
        }
    }

    /// True if the page that the migration entry stands for does migrate.
    fn migrates(&self, word: crate::arch::Pte) -> bool {
        let entry = word.as_migration(self.world.kernel(), self.world.levels());
        let page = entry.and_then(|entry| self.world.pfn_to_page(entry.pfn));
        page.is_some_and(|page| self.world.folio_flags(page).contains(PageFlags::MIGRATES))
    }

    /// A dying VMA is zapped before the process forgets it, so an entry always has its VMA, and
    /// none sticks out of it.
    fn leaf(
        &mut self,
        (table, index): (TableId, u32),
        first: u64,
        last: u64,
        found: &mut Vec<Violation>,
    ) {
        let vma = self.vma(first);
        if !vma.is_some_and(|vma| vma.contains(VirtAddr(first)) && vma.contains(VirtAddr(last))) {
            found.push(Violation::Stray(self.mm, SlotId::new(table, index)));
        }
    }

    fn vma(&self, addr: u64) -> Option<&Vma> {
        self.world.mm(self.mm).at_or_below(VirtAddr(addr)).map(|id| self.world.vma(id))
    }

    /// An entry counts for its page; one of a whole folio for the folio, in 6.1 for all its pages
    /// too.
    fn count(&mut self, addr: u64, pfn: Pfn, is_folio: bool) {
        let raw = self.vma(addr).is_some_and(|vma| vma.flags.contains(VmFlags::PFNMAP));
        let Some(page) = self.world.pfn_to_page(pfn).filter(|_| !raw) else { return };
        if !is_folio {
            *self.mapped.entry(page).or_default() += 1;
            return;
        }
        *self.huge.entry(page).or_default() += 1;
        if self.world.kernel().leaf_pmd_counts_on_pages {
            for index in 0..PTRS_PER_TABLE {
                *self.mapped.entry(page.add(index)).or_default() += 1;
            }
        }
    }
}

fn check_tree(world: &World, mapping: MappingId, found: &mut Vec<Violation>) {
    let space = world.mapping(mapping);
    let mut in_order = Vec::new();
    if let Some(root) = space.root {
        if world.node(root).colour == Colour::Red {
            found.push(Violation::RedRed(root));
        }
        check_subtree(world, root, None, &mut in_order, found);
    }
    if in_order.first().copied() != space.leftmost {
        found.push(Violation::Leftmost(mapping));
    }
    for pair in in_order.windows(2) {
        if world.node(pair[0]).start > world.node(pair[1]).start {
            found.push(Violation::TreeOrder(pair[1]));
        }
    }
    // One that an unmapping has taken out of its process leaves the tree some time after.
    let mut members = in_order;
    members.retain(|id| !world.vma(*id).detached);
    members.sort_unstable();
    let vmas = world.vmas().filter(|(_, vma)| vma.mapping() == Some(mapping) && !vma.detached);
    if !members.into_iter().eq(vmas.map(|(id, _)| id)) {
        found.push(Violation::TreeMembers(mapping));
    }
}

/// Returns the subtree's black height and greatest last page.
fn check_subtree(
    world: &World,
    id: VmaId,
    parent: Option<VmaId>,
    in_order: &mut Vec<VmaId>,
    found: &mut Vec<Violation>,
) -> (u32, u64) {
    let node = world.node(id);
    let vma = world.vma(id);
    if node.parent() != parent
        || node.start != vma.pgoff
        || node.last != vma.last_pgoff()
        || !world.nodes().knows_children(id)
    {
        found.push(Violation::TreeNode(id));
    }
    let mut below = |child: Option<VmaId>, in_order: &mut Vec<VmaId>| match child {
        Some(child) => {
            if node.colour == Colour::Red && world.node(child).colour == Colour::Red {
                found.push(Violation::RedRed(child));
            }
            check_subtree(world, child, Some(id), in_order, found)
        }
        None => (1, 0),
    };
    let (left_height, left_last) = below(node.left(), in_order);
    in_order.push(id);
    let (right_height, right_last) = below(node.right(), in_order);
    if left_height != right_height {
        found.push(Violation::BlackHeight(id));
    }
    let last = node.last.max(left_last).max(right_last);
    if node.subtree_last != last {
        found.push(Violation::SubtreeLast(id));
    }
    (left_height + u32::from(node.colour == Colour::Black), last)
}
