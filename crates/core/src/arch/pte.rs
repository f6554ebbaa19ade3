//! Page-table words: the bits of x86-64, what they mean, and the transforms that the kernel applies
//! to them.

use crate::addr::Pfn;
use crate::arch::Level;
use crate::kernel::Kernel;

bitflags::bitflags! {
    /// The bits of a page-table word outside the frame number.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct PteFlags: u64 {
        /// Present.
        const PRESENT = 1;
        /// Writable.
        const RW = 1 << 1;
        /// User space may use it.
        const USER = 1 << 2;
        /// Page write-through: first bit of the cache mode.
        const PWT = 1 << 3;
        /// Page cache disable: second bit of the cache mode.
        const PCD = 1 << 4;
        /// Used since last cleared; set by the CPU.
        const ACCESSED = 1 << 5;
        /// Written since last cleared; set by the CPU.
        const DIRTY = 1 << 6;
        /// Leaf mark of a PMD or PUD; in a PTE the third bit of the cache mode.
        const PSE = 1 << 7;
        /// Global; in a non-present PTE: `PROT_NONE`.
        const GLOBAL = 1 << 8;
        /// No `struct page` behind it.
        const SPECIAL = 1 << 9;
        /// Write-protected for userfaultfd.
        const UFFD_WP = 1 << 10;
        /// Written since the last `clear_refs`.
        const SOFT_DIRTY = 1 << 11;
        /// Device-mapped memory (6.12).
        const DEVMAP = 1 << 57;
        /// The dirt of a read-only entry (6.6 and later).
        const SAVED_DIRTY = 1 << 58;
        /// Not executable.
        const NX = 1 << 63;
    }
}

/// `PROT_NONE`, the second meaning of bit 8.
pub const PROTNONE: PteFlags = PteFlags::GLOBAL;
/// Bits 12 to 51: the frame number.
pub const PFN_MASK: u64 = ((1 << 52) - 1) & !0xfff;
/// Bits 21 to 51: the frame number in a PMD that maps 2 MiB.
const HUGE_PFN_MASK: u64 = PFN_MASK & !0x1f_ffff;
/// `_PAGE_CHG_MASK` without the frame number: what a change of protection leaves.
const KEPT: u64 = PteFlags::PWT
    .union(PteFlags::PCD)
    .union(PteFlags::ACCESSED)
    .union(PteFlags::DIRTY)
    .union(PteFlags::PSE)
    .union(PteFlags::SPECIAL)
    .union(PteFlags::UFFD_WP)
    .union(PteFlags::SOFT_DIRTY)
    .union(PteFlags::DEVMAP)
    .union(PteFlags::SAVED_DIRTY)
    .bits();
/// The flags of an entry that points to a lower table.
pub const TABLE_FLAGS: u64 = 0x67;

/// One page-table word of any level. Layout: `shared` facts, section 6.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Pte(pub u64);

/// What a word means, decoded once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Nothing. Bits A and D alone count as nothing (a processor erratum).
    None,
    /// Points to a lower table in this frame.
    Table(Pfn),
    /// Maps this frame, above the PTEs also those behind it. `PROT_NONE` too.
    Leaf(Pfn),
    /// Neither empty nor present: a swap-like word, of which only migration entries are met
    /// ([`Pte::as_migration`]).
    NonPresent,
}

impl Pte {
    /// The empty word.
    pub const NONE: Pte = Pte(0);

    /// A word that maps `pfn` with the bits of `prot`.
    #[must_use]
    pub const fn new(pfn: Pfn, prot: u64) -> Self {
        // PROT_NONE words hold the frame number inverted (L1TF).
        if prot & PteFlags::PRESENT.bits() == 0 && prot & PROTNONE.bits() != 0 {
            Self((!(pfn.0 << 12) & PFN_MASK) | prot)
        } else {
            Self((pfn.0 << 12) | prot)
        }
    }

    /// A PMD word that maps the 512 frames from `pfn` on, a multiple of 512, with the bits of
    /// `prot` (`folio_mk_pmd`).
    #[must_use]
    pub const fn new_huge(pfn: Pfn, prot: u64) -> Self {
        Self::huge_bits((pfn.0 << 12) & HUGE_PFN_MASK, prot | PteFlags::PSE.bits())
    }

    /// The frame number's bits and the others; inverted where the processor sees nothing (L1TF).
    const fn huge_bits(frame: u64, others: u64) -> Self {
        let is_present = others & PteFlags::PRESENT.bits() != 0;
        Self((if is_present { frame } else { !frame & HUGE_PFN_MASK }) | others)
    }

    /// A word that points to the lower table in `pfn`.
    #[must_use]
    pub const fn table(pfn: Pfn) -> Self {
        Self((pfn.0 << 12) | TABLE_FLAGS)
    }

    /// The word's bits outside the frame number, known or not.
    #[must_use]
    pub const fn flags(self) -> PteFlags {
        PteFlags::from_bits_retain(self.0 & !PFN_MASK)
    }

    const fn has(self, flags: PteFlags) -> bool {
        self.0 & flags.bits() != 0
    }

    const fn with(self, flags: PteFlags) -> Self {
        Self(self.0 | flags.bits())
    }

    const fn without(self, flags: PteFlags) -> Self {
        Self(self.0 & !flags.bits())
    }

    /// `pte_none`.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 & !PteFlags::ACCESSED.union(PteFlags::DIRTY).bits() == 0
    }

    /// `pte_present`: present to the kernel, `PROT_NONE` included.
    #[must_use]
    pub const fn is_present(self) -> bool {
        self.has(PteFlags::PRESENT.union(PROTNONE))
    }

    /// Present to the processor.
    #[must_use]
    pub const fn is_hw_present(self) -> bool {
        self.has(PteFlags::PRESENT)
    }

    /// `pte_write`.
    #[must_use]
    pub const fn is_write(self) -> bool {
        self.has(PteFlags::RW)
    }

    /// `pte_dirty`: bit 6, or bit 58 on kernels that save it there.
    #[must_use]
    pub const fn is_dirty(self, kernel: &Kernel) -> bool {
        self.has(PteFlags::DIRTY) || (kernel.saved_dirty && self.has(PteFlags::SAVED_DIRTY))
    }

    /// `pte_young`.
    #[must_use]
    pub const fn is_young(self) -> bool {
        self.has(PteFlags::ACCESSED)
    }

    /// `pte_special`.
    #[must_use]
    pub const fn is_special(self) -> bool {
        self.has(PteFlags::SPECIAL)
    }

    /// The frame number; of a `PROT_NONE` word turned back.
    #[must_use]
    pub const fn pfn(self) -> Pfn {
        let raw = if self.has(PROTNONE) && !self.has(PteFlags::PRESENT) { !self.0 } else { self.0 };
        Pfn((raw & PFN_MASK) >> 12)
    }

    /// The first frame that a leaf PMD maps.
    const fn huge_pfn(self) -> Pfn {
        let raw = if self.has(PteFlags::PRESENT) { self.0 } else { !self.0 };
        Pfn((raw & HUGE_PFN_MASK) >> 12)
    }

    /// What a TLB holds of page `index` of a leaf PMD that the processor may use: the PTE that
    /// would map that page likewise.
    #[must_use]
    pub const fn page_of_huge(self, index: u32) -> Self {
        let others = self.without(PteFlags::PSE).0 & !PFN_MASK;
        Self::new(Pfn(self.huge_pfn().0 + index as u64), others)
    }

    /// `pte_advance_pfn`: the same word for a page `pages` frames further on.
    #[must_use]
    pub const fn advance_pfn(self, pages: u64) -> Self {
        Self::new(Pfn(self.pfn().0 + pages), self.0 & !PFN_MASK)
    }

    /// What this word of `level` means.
    #[must_use]
    pub const fn decode(self, level: Level) -> Entry {
        let is_huge = !matches!(level, Level::Pte) && self.has(PteFlags::PSE);
        // What most entries are comes first.
        if self.is_hw_present() && matches!(level, Level::Pte) {
            Entry::Leaf(self.pfn())
        } else if self.is_hw_present() && !is_huge {
            Entry::Table(self.pfn())
        } else if self.is_none() {
            Entry::None
        } else if is_huge {
            // Also while it is taken out for a moment: `pmd_present`.
            Entry::Leaf(self.huge_pfn())
        } else if !self.is_present() {
            Entry::NonPresent
        } else if matches!(level, Level::Pte) {
            Entry::Leaf(self.pfn())
        } else {
            Entry::Table(self.pfn())
        }
    }

    /// `pmd_mkinvalid`: the processor sees nothing, the kernel still a leaf PMD.
    #[must_use]
    pub const fn mkinvalid(self) -> Self {
        let gone = PteFlags::PRESENT.union(PROTNONE);
        Self::huge_bits(self.huge_pfn().0 << 12, self.without(gone).0 & !PFN_MASK)
    }

    /// `pte_wrprotect`: clears RW; kernels from 6.6 then move D to SAVED_DIRTY, for read-only +
    /// dirty means shadow stack.
    #[must_use]
    pub const fn wrprotect(self, kernel: &Kernel) -> Self {
        self.without(PteFlags::RW).shift_dirt(kernel)
    }

    const fn shift_dirt(self, kernel: &Kernel) -> Self {
        const SHIFT: u32 = PteFlags::SAVED_DIRTY.bits().ilog2() - PteFlags::DIRTY.bits().ilog2();
        if kernel.saved_dirty && !self.has(PteFlags::RW) {
            // No branch on the dirt: this is the inmost loop.
            let dirt = self.0 & PteFlags::DIRTY.bits();
            Self(self.0 & !PteFlags::DIRTY.bits() | dirt << SHIFT)
        } else {
            self
        }
    }

    /// `pte_mkclean`: clears the dirt wherever it is; soft-dirty stays.
    #[must_use]
    pub const fn mkclean(self, kernel: &Kernel) -> Self {
        let clean = self.without(PteFlags::DIRTY);
        if kernel.saved_dirty { clean.without(PteFlags::SAVED_DIRTY) } else { clean }
    }

    /// `pte_mkdirty`: sets D and soft-dirty.
    #[must_use]
    pub const fn mkdirty(self, kernel: &Kernel) -> Self {
        self.with(PteFlags::DIRTY.union(PteFlags::SOFT_DIRTY)).shift_dirt(kernel)
    }

    /// `pte_mkwrite`: sets RW and moves saved dirt back.
    #[must_use]
    pub const fn mkwrite(self, kernel: &Kernel) -> Self {
        let word = self.with(PteFlags::RW);
        if kernel.saved_dirty && word.has(PteFlags::SAVED_DIRTY) {
            word.without(PteFlags::SAVED_DIRTY).with(PteFlags::DIRTY)
        } else {
            word
        }
    }

    /// `pte_modify`: the protection becomes `prot`'s; frame, A, dirt, soft-dirty and special stay.
    #[must_use]
    pub const fn modify(self, prot: u64, kernel: &Kernel) -> Self {
        let word = Self::new(self.pfn(), self.0 & KEPT | prot & !KEPT);
        self.settle_dirt(word, kernel)
    }

    /// `pmd_modify`: the same of a leaf PMD.
    #[must_use]
    pub const fn modify_huge(self, prot: u64, kernel: &Kernel) -> Self {
        let word = Self::new_huge(self.huge_pfn(), self.0 & KEPT | prot & !KEPT);
        self.settle_dirt(word, kernel)
    }

    /// `word`, which this one becomes, with its dirt where its write bit wants it.
    const fn settle_dirt(self, word: Self, kernel: &Kernel) -> Self {
        if self.is_write() {
            word.shift_dirt(kernel)
        } else if word.is_write() {
            word.mkwrite(kernel)
        } else {
            word
        }
    }

    /// `pte_needs_flush`: a processor may hold `old` and must not go on with it.
    #[must_use]
    pub const fn needs_flush_after(self, old: Self) -> bool {
        const CHANGED: PteFlags = PteFlags::RW.union(PteFlags::USER).union(PteFlags::NX);
        const CLEARED: PteFlags = PteFlags::PRESENT.union(PteFlags::DIRTY);
        let changed = (self.0 ^ old.0) & (CHANGED.bits() | PFN_MASK);
        let cleared = !self.0 & old.0 & CLEARED.bits();
        old.is_hw_present() && changed | cleared != 0
    }

    /// `pte_mksoft_dirty`.
    #[must_use]
    pub const fn mksoft_dirty(self) -> Self {
        self.with(PteFlags::SOFT_DIRTY)
    }

    /// `pte_soft_dirty`.
    #[must_use]
    pub const fn is_soft_dirty(self) -> bool {
        self.has(PteFlags::SOFT_DIRTY)
    }

    /// `pte_clear_soft_dirty`.
    #[must_use]
    pub const fn clear_soft_dirty(self) -> Self {
        self.without(PteFlags::SOFT_DIRTY)
    }

    /// `pte_uffd_wp`.
    #[must_use]
    pub const fn is_uffd_wp(self) -> bool {
        self.has(PteFlags::UFFD_WP)
    }

    /// `pte_mkuffd_wp`: read-only, too.
    #[must_use]
    pub const fn mkuffd_wp(self, kernel: &Kernel) -> Self {
        self.with(PteFlags::UFFD_WP).wrprotect(kernel)
    }

    /// `pte_clear_uffd_wp`.
    #[must_use]
    pub const fn clear_uffd_wp(self) -> Self {
        self.without(PteFlags::UFFD_WP)
    }

    /// `pte_mkold`.
    #[must_use]
    pub const fn mkold(self) -> Self {
        self.without(PteFlags::ACCESSED)
    }

    /// `pte_mkyoung`.
    #[must_use]
    pub const fn mkyoung(self) -> Self {
        self.with(PteFlags::ACCESSED)
    }

    /// `pte_mkspecial`.
    #[must_use]
    pub const fn mkspecial(self) -> Self {
        self.with(PteFlags::SPECIAL)
    }

    /// What the processor does on a store through this entry: sets bit 6 and nothing else.
    #[must_use]
    pub const fn hw_dirty(self) -> Self {
        self.with(PteFlags::DIRTY)
    }
}

impl std::fmt::Debug for Pte {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
