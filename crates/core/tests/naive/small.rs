//! Every small world: three pages of two files, mapped into two processes with three VMAs in all
//! ways, and each walk of it.
//!
//! The first VMA is of the first file and process: their names are chance. That leaves 93,312
//! worlds; an unoptimised build looks at every eleventh. Each world is on one of the kernels and
//! gets a few of the walks, in turn, so that neighbouring worlds complete each other.

use rangewalk_core::kernel::KERNELS;
use rangewalk_core::machine::event::Access;

use crate::emulator::Emulator;
use crate::model::{Model, Release};
use crate::op::{How, Op};

const PAGES: u64 = 3;
const STRIDE: usize = if cfg!(debug_assertions) { 11 } else { 1 };
/// Walks are dealt out to as many worlds.
const HANDS: usize = 21;

/// Ways to map: what every walk passes, what ends one, and what hides in private copies.
const HOWS: [How; 3] =
    [SHARED, How { write: false, read_only_fd: true, ..SHARED }, How { shared: false, ..SHARED }];

const SHARED: How = How {
    shared: true,
    read: true,
    write: true,
    exec: false,
    read_only_fd: false,
    populate: false,
};

/// The stretches of a file of three pages: first page, pages.
fn stretches() -> impl Iterator<Item = (u64, u64)> {
    (0..PAGES).flat_map(|first| (1..=PAGES - first).map(move |nr| (first, nr)))
}

/// All VMAs that may stand in the `place`-th of three places, which touch each other.
fn vmas(place: u64) -> Vec<Op> {
    let mut all = Vec::new();
    for (process, file) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        if place == 0 && (process, file) != (0, 0) {
            continue;
        }
        for (pgoff, pages) in stretches() {
            let at = place * PAGES;
            let map = |how| Op::Map { process, file: Some(file), at, pages, pgoff, how };
            all.extend(HOWS.map(map));
        }
    }
    all
}

/// All three-VMA worlds, as what makes them.
fn worlds() -> impl Iterator<Item = [Op; 3]> {
    let (first, second, third) = (vmas(0), vmas(1), vmas(2));
    first.into_iter().flat_map(move |a| {
        let third = third.clone();
        second.clone().into_iter().flat_map(move |b| {
            let a = a.clone();
            third.clone().into_iter().map(move |c| [a.clone(), b.clone(), c])
        })
    })
}

/// Each walk of a file, over each of its stretches.
fn walks() -> Vec<Op> {
    let mut all = Vec::new();
    for file in [0, 1] {
        for (first, nr) in stretches() {
            all.push(Op::Wp { file, first, nr });
            all.push(Op::Clean { file, first, nr, bitmap_pgoff: 0 });
            all.push(Op::Mkclean { file, first, nr });
            all.push(Op::WrprotectRange { file, first, nr });
            all.push(Op::Zap { file, first, nr, even_cows: false });
            all.push(Op::Zap { file, first, nr, even_cows: true });
            all.push(Op::Punch { file, first, nr });
        }
    }
    all
}

/// Nothing, a load or a store to each page, by turns.
fn touches(maps: &[Op]) -> Vec<Op> {
    let mut all = Vec::new();
    for map in maps {
        let Op::Map { process, at, pages, .. } = *map else { continue };
        for page in at..at + pages {
            let access = [None, Some(Access::Load), Some(Access::Store)][all.len() % 3];
            all.push(access.map(|access| Op::Touch { process, page, access }));
        }
    }
    all.into_iter().flatten().collect()
}

#[test]
fn every_walk_of_every_small_world() {
    let walks = walks();
    for (number, maps) in worlds().enumerate().step_by(STRIDE) {
        let kernel = KERNELS[number % KERNELS.len()];
        let mut model = Model::new(Release::named(kernel.name));
        let mut emulator = Emulator::new(kernel, ());
        // A second process that shares nothing yet.
        let before = [Op::Fork { process: 0 }].into_iter().chain(maps.clone());
        for op in before.chain(touches(&maps)) {
            assert_eq!(emulator.apply(&op), model.apply(&op), "{kernel}: {maps:?}, {op:?}");
        }
        assert_eq!(emulator.view(), model.view(), "{kernel}: {maps:?}");
        for walk in walks.iter().skip(number / KERNELS.len() % HANDS).step_by(HANDS) {
            let (mut emulator, mut model) = (emulator.clone(), model.clone());
            assert_eq!(emulator.apply(walk), model.apply(walk), "{kernel}: {maps:?}, {walk:?}");
            assert_eq!(emulator.view(), model.view(), "{kernel}: {maps:?}, {walk:?}");
            assert_eq!(emulator.world().check(), [], "{kernel}: {maps:?}, {walk:?}");
        }
    }
}
