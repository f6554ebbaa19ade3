//! Indices and bits, beside the field's reference for them: the `x86_64` crate.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use rangewalk_core::addr::{Pfn, VirtAddr};
use rangewalk_core::arch::level::Level;
use rangewalk_core::arch::pte::{PFN_MASK, Pte, PteFlags};
use x86_64::structures::paging::PageTableFlags;
use x86_64::structures::paging::page_table::{PageTableEntry, PageTableLevel};

const LEVELS: [(Level, PageTableLevel); 5] = [
    (Level::P4d, PageTableLevel::Four),
    (Level::Pgd, PageTableLevel::Four),
    (Level::Pud, PageTableLevel::Three),
    (Level::Pmd, PageTableLevel::Two),
    (Level::Pte, PageTableLevel::One),
];

#[test]
fn the_bits_bear_the_manuals_numbers() {
    for (ours, theirs) in [
        (PteFlags::PRESENT, PageTableFlags::PRESENT),
        (PteFlags::RW, PageTableFlags::WRITABLE),
        (PteFlags::USER, PageTableFlags::USER_ACCESSIBLE),
        (PteFlags::PWT, PageTableFlags::WRITE_THROUGH),
        (PteFlags::PCD, PageTableFlags::NO_CACHE),
        (PteFlags::ACCESSED, PageTableFlags::ACCESSED),
        (PteFlags::DIRTY, PageTableFlags::DIRTY),
        (PteFlags::PSE, PageTableFlags::HUGE_PAGE),
        (PteFlags::GLOBAL, PageTableFlags::GLOBAL),
        (PteFlags::SPECIAL, PageTableFlags::BIT_9),
        (PteFlags::UFFD_WP, PageTableFlags::BIT_10),
        (PteFlags::SOFT_DIRTY, PageTableFlags::BIT_11),
        (PteFlags::DEVMAP, PageTableFlags::BIT_57),
        (PteFlags::SAVED_DIRTY, PageTableFlags::BIT_58),
        (PteFlags::NX, PageTableFlags::NO_EXECUTE),
    ] {
        assert_eq!(ours.bits(), theirs.bits(), "{theirs:?}");
    }
}

proptest! {
    #[test]
    fn an_address_uses_the_same_entry_at_each_level(addr in 0u64..1 << 47) {
        let theirs = x86_64::VirtAddr::new(addr);
        for (level, their_level) in LEVELS {
            let index = u32::from(u16::from(theirs.page_table_index(their_level)));
            prop_assert_eq!(level.index(VirtAddr(addr)), index);
            let below = level.addr_end(VirtAddr(addr), VirtAddr(u64::MAX)).0;
            prop_assert_eq!(below, (addr | (level.size() - 1)) + 1);
        }
    }

    #[test]
    fn a_word_is_made_of_the_same_frame_and_flags(
        pfn in 0u64..1 << 40,
        flags in any::<u64>().prop_map(|bits| (bits | 1) & !PFN_MASK),
    ) {
        let mut entry = PageTableEntry::new();
        let addr = x86_64::PhysAddr::new(pfn << 12);
        entry.set_addr(addr, PageTableFlags::from_bits_retain(flags));
        let word = Pte::new(Pfn(pfn), flags);
        prop_assert_eq!(word.pfn(), Pfn(pfn));
        prop_assert_eq!(entry.addr().as_u64() | entry.flags().bits(), word.0);
        prop_assert_eq!(entry.flags().bits(), word.flags().bits());
    }
}
