//! `mkclean` of a range of a file against a flat list of its pages: it cleans those, and no other.

#[allow(dead_code, reason = "made for tests of random worlds")]
mod common;

use proptest::prelude::*;
use rangewalk_core::kernel::LINUX_7_3;
use rangewalk_core::machine::event::Access;
use rangewalk_core::machine::vma::{OpenFile, OpenMode};
use rangewalk_core::machine::{Cpu, World};
use rangewalk_core::mm::mmap::{MmapRequest, Prot, Sharing, do_mmap};
use rangewalk_core::mm::rmap::mkclean_file_range;
use rangewalk_core::mm::{access, filemap, process};

use common::{FILE_PAGES, WINDOW, addr, mapping};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Most pages are cached, so that ranges end in the middle of a batch or hold nothing; some are
    /// written.
    #[test]
    fn mkclean_cleans_its_range(
        written in prop::collection::btree_set(0..WINDOW, 0..20),
        cached_from in 0..9u64,
        first in 0..FILE_PAGES,
        nr in 0..FILE_PAGES,
    ) {
        let mut world: World = common::world(&LINUX_7_3);
        let mut sink = ();
        let cpu = &mut Cpu::new(&mut world, &mut sink);
        let cached = FILE_PAGES - cached_from;
        filemap::fill(cpu, mapping(0), cached_from, cached).expect("no tape, no limit").unwrap();
        filemap::set_fault_around(cpu, 1);
        let mm = process::create(cpu).expect("no tape, no limit");
        let request = MmapRequest {
            addr: addr(0),
            pages: WINDOW,
            pgoff: 0,
            file: Some(OpenFile { mapping: mapping(0), mode: OpenMode::ReadWrite }),
            sharing: Sharing::Shared,
            prot: Prot::READ | Prot::WRITE,
        };
        do_mmap(cpu, mm, request).expect("no tape, no limit").expect("the range fits");
        for page in &written {
            access::touch(cpu, mm, addr(*page), Access::Store).expect("no tape, no limit");
        }
        let inside = |page: u64| first <= page && page < first.saturating_add(nr);
        let expected = written.iter().filter(|page| inside(**page)).count();
        let cleaned = mkclean_file_range(cpu, mapping(0), first, nr);
        prop_assert_eq!(cleaned, Ok(expected as u64));
        for page in written {
            let slot = cpu.pte_slot(mm, addr(page)).expect("it was written");
            prop_assert_eq!(cpu.word(slot).is_write(), !inside(page), "page {}", page);
        }
    }
}
