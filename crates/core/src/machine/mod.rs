//! The emulated memory and the one gate to it. `World` holds the state; only [`Cpu`] changes it
//! during a run, and whatever it changes it also tells its [`Sink`]. The kernel's algorithms live
//! next door in `mm`.

pub mod address_space;
pub mod check;
pub mod cpu;
mod cpu_tlb;
pub mod delta;
pub mod event;
mod fields;
pub mod func;
pub mod ids;
mod known;
pub mod lockdep;
pub mod mm;
pub mod page;
pub mod page_table;
pub mod rbtree;
pub mod sink;
pub mod tlb_state;
pub mod vma;
pub mod world;
pub(crate) mod xarray;

pub use address_space::{AddressSpace, FileKind};
pub use cpu::Cpu;
pub use delta::{Cell, Delta};
pub use event::{Event, Kind};
pub use func::Func;
pub use ids::{MappingId, MmId, PageId, SlotId, TableId, VmaId};
pub use mm::Mm;
pub use page::{Page, PageFlags, PageKind};
pub use rbtree::RbNode;
pub use sink::{Sink, Stop};
pub use tlb_state::{CpuId, TlbEntry, TlbState};
pub use vma::{VmFlags, Vma};
pub use world::World;
