//! The i_mmap tree beside two published interval maps: the same intervals, the same queries, in one
//! run. Lengths are 1 + random below a random power of two up to 4,096 pages, in a file of 16 pages
//! a mapping; each query asks for 16 pages and visits every hit.

use std::collections::BTreeSet;

use rangewalk_core::addr::VirtAddr;
use rangewalk_core::kernel::LINUX_7_3;
use rangewalk_core::machine::vma::{OpenFile, OpenMode};
use rangewalk_core::machine::{Cpu, FileKind, MappingId, Stop, World};
use rangewalk_core::mm::interval_tree::{
    TreeQuery, vma_interval_tree_iter_first, vma_interval_tree_iter_next,
};
use rangewalk_core::mm::mmap::{MmapRequest, Prot, Sharing, do_mmap};
use rangewalk_core::mm::process;

use crate::measure::nanoseconds_each;

const FILE: MappingId = MappingId(0);
const QUERIES: u32 = 100_000;
const QUERY_PAGES: u64 = 16;
const SIZES: [u32; 3] = [1_000, 10_000, 100_000];
/// Pages from the start of one mapping to the next in its process, and mappings in a process.
const ROOM: u64 = 5_000;
const VMAS_IN_A_PROCESS: u64 = 10_000;

/// xorshift64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// Intervals, first page and length, no two the same; and the first pages of the queries.
struct Workload {
    intervals: Vec<(u64, u64)>,
    queries: Vec<u64>,
}

fn workload(size: u32) -> Workload {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let pages = 16 * u64::from(size);
    let mut seen = BTreeSet::new();
    let mut intervals = Vec::new();
    while intervals.len() < size as usize {
        let power = random.below(13);
        let length = 1 + random.below(1 << power);
        let interval = (random.below(pages), length);
        if seen.insert(interval) {
            intervals.push(interval);
        }
    }
    Workload { intervals, queries: (0..QUERIES).map(|_| random.below(pages)).collect() }
}

fn mapped(workload: &Workload) -> Result<World, Stop> {
    let mut world = World::new(&LINUX_7_3);
    let mapping = world.add_file(FileKind::Shmem, 1 << 22);
    let mut sink = ();
    let cpu = &mut Cpu::new(&mut world, &mut sink);
    let mut mm = process::create(cpu)?;
    for (number, (pgoff, pages)) in (0..).zip(&workload.intervals) {
        let place = number % VMAS_IN_A_PROCESS;
        if number > 0 && place == 0 {
            mm = process::create(cpu)?;
        }
        let request = MmapRequest {
            addr: VirtAddr(0x1000_0000).add_pages(place * ROOM),
            pages: *pages,
            pgoff: *pgoff,
            file: Some(OpenFile { mapping, mode: OpenMode::ReadWrite }),
            sharing: Sharing::Shared,
            prot: Prot::READ | Prot::WRITE,
        };
        do_mmap(cpu, mm, request)?.expect("the range fits");
    }
    Ok(world)
}

fn hits(cpu: &mut Cpu<()>, first: u64) -> Result<u64, Stop> {
    let last = first + QUERY_PAGES - 1;
    let mut hits = 0;
    let query = &mut TreeQuery::new(FILE, first, last);
    let mut next = vma_interval_tree_iter_first(cpu, query)?;
    while let Some(vma) = next {
        hits += 1;
        next = vma_interval_tree_iter_next(cpu, query, vma)?;
    }
    Ok(hits)
}

/// Times all queries and counts the hits of every round.
fn time(workload: &Workload, mut hits: impl FnMut(u64) -> u64) -> (f64, u64) {
    let mut total = 0;
    let each = nanoseconds_each(&workload.queries, |first| total += hits(*first));
    (each, total)
}

fn ours(workload: &Workload) -> (f64, u64) {
    let mut world = mapped(workload).expect("no tape, no limit");
    let mut sink = ();
    let mut cpu = Cpu::new(&mut world, &mut sink);
    time(workload, |first| hits(&mut cpu, first).unwrap_or_default())
}

/// Nanoseconds a query.
pub(crate) fn query(size: u32) -> f64 {
    ours(&workload(size)).0
}

/// How many times faster than `iset`, at the size where it is least.
pub(crate) fn times_iset() -> f64 {
    least(|workload| {
        let mut map = iset::IntervalMap::new();
        for (first, pages) in &workload.intervals {
            map.insert(*first..first + pages, ());
        }
        time(workload, |first| map.iter(first..first + QUERY_PAGES).map(|_| 1).sum())
    })
}

/// How many times faster than `rb-interval-map`, at the size where it is least.
pub(crate) fn times_rb_interval_map() -> f64 {
    least(|workload| {
        let mut map = rb_interval_map::IntervalMap::new();
        for (first, pages) in &workload.intervals {
            map.insert(rb_interval_map::Interval::new(*first, first + pages), ());
        }
        time(workload, |first| {
            let query = rb_interval_map::Interval::new(first, first + QUERY_PAGES);
            map.find_all_overlap(&query).into_iter().map(|_| 1).sum()
        })
    })
}

fn least(rival: impl Fn(&Workload) -> (f64, u64)) -> f64 {
    let times = |size: u32| {
        let workload = workload(size);
        let ((our_time, our_hits), (time, hits)) = (ours(&workload), rival(&workload));
        assert_eq!(our_hits, hits, "hits among {size}");
        time / our_time
    };
    SIZES.into_iter().map(times).fold(f64::INFINITY, f64::min)
}
