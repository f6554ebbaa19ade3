//! Names of things in the [`World`](super::World): small numbers into its arenas.

#[cfg(feature = "bake")]
use databake::Bake;

use crate::arch::level::PTRS_PER_TABLE;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        #[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::machine::ids))]
        pub struct $name(pub u32);

        impl $name {
            /// Place in its arena.
            #[must_use]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

id!(
    /// A process's memory map (`mm_struct`).
    MmId
);
id!(
    /// A VMA; also its node in the file's interval tree.
    VmaId
);
id!(
    /// A file's `address_space`.
    MappingId
);
id!(
    /// A frame of ordinary memory, with a `struct page`.
    PageId
);
id!(
    /// A page table of any level.
    TableId
);
id!(
    /// One entry of one page table: 512 × table + index.
    SlotId
);

impl SlotId {
    /// Entry `index` (< 512) of `table`.
    #[must_use]
    pub const fn new(table: TableId, index: u32) -> Self {
        Self(table.0 * PTRS_PER_TABLE + index)
    }

    /// The entry behind it.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The table it lies in.
    #[must_use]
    pub const fn table(self) -> TableId {
        TableId(self.0 / PTRS_PER_TABLE)
    }

    /// Which of the table's entries it is.
    #[must_use]
    pub const fn entry(self) -> u32 {
        self.0 % PTRS_PER_TABLE
    }
}
