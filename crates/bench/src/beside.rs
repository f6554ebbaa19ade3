//! The walks beside the helpers, over the same entries: taken away, and made clean page by page.

use rangewalk_core::machine::{Cpu, World};
use rangewalk_core::mm::rmap::mkclean_file_range;
use rangewalk_core::mm::zap::{Cows, unmap_mapping_range};

use crate::measure::nanoseconds_on_fresh;
use crate::walk::{FILE, PAGES, world};

/// Nanoseconds an entry.
pub(crate) fn zap() -> f64 {
    let dirty = world(PAGES);
    let run = |world: &mut World| {
        unmap_mapping_range(&mut Cpu::new(world, &mut ()), FILE, 0, 0, Cows::Zap)
            .expect("no tape, no limit");
    };
    nanoseconds_on_fresh(|| dirty.clone(), run) / f64::from(PAGES)
}

/// Nanoseconds a page, each mapped once.
pub(crate) fn mkclean() -> f64 {
    let dirty = world(PAGES);
    let run = |world: &mut World| {
        let mut sink = ();
        let cpu = &mut Cpu::new(world, &mut sink);
        assert_eq!(mkclean_file_range(cpu, FILE, 0, PAGES.into()), Ok(PAGES.into()));
    };
    nanoseconds_on_fresh(|| dirty.clone(), run) / f64::from(PAGES)
}
