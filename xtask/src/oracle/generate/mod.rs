//! Random scripts in the golden format, the same for a seed every time. They look like the golden
//! `random300`: a few files, mappings around the borders of page tables, an op, a look, an op, a
//! look; and there are profiles that are rich in walks, or in cuts and merges of VMAs. The hard
//! ones go where golden scripts seldom do.

mod five;
mod hard;
mod profile;

use fastrand::Rng;

use crate::oracle::kernels::Kernel;
use crate::oracle::vm::Levels;
use profile::{Kind, Profile};

/// Which profiles are told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Difficulty {
    /// Those of the golden scripts.
    Golden,
    /// The hard ones.
    Hard,
}

const WINDOW_PAGES: u64 = 4096;
const PROCS_MAX: usize = 6;
/// Where a page table begins; the first is also where all upper levels begin anew.
const BORDERS: [u64; 8] = [256, 256, 256, 768, 768, 768, 1280, 1792];
const FILE_SIZES: [u64; 10] = [1, 8, 16, 16, 33, 64, 64, 64, 130, 300];
/// Where mremap moves to: beyond what is mapped at first.
const MOVED: u64 = 3200;

struct File {
    kind: &'static str,
    pages: u64,
}

impl File {
    fn is_buffer(&self) -> bool {
        self.kind.starts_with("dev")
    }
}

/// What was mapped once; ops aim at it whether or not it still is.
#[derive(Clone, Copy)]
struct Place {
    proc: usize,
    at: u64,
    pages: u64,
}

struct Story {
    rng: Rng,
    profile: Profile,
    has_wprange: bool,
    ops: Vec<String>,
    files: Vec<File>,
    live: Vec<usize>,
    procs: usize,
    places: Vec<Place>,
    /// Those of anonymous memory, when they were mapped.
    anon: Vec<Place>,
}

/// `count` scenarios for that kernel, with page tables of so many levels.
pub(super) fn script(
    kernel: &Kernel,
    levels: Levels,
    difficulty: Difficulty,
    seed: u64,
    count: usize,
) -> String {
    let letter = match difficulty {
        Difficulty::Golden => 's',
        Difficulty::Hard => 'h',
    };
    let mut script = String::new();
    for number in 0..count {
        // Each its own generator: a scenario does not depend on how many there are.
        let rng = Rng::with_seed(seed.rotate_left(32) ^ number as u64);
        script.push_str(&format!("scenario {letter}{seed}-{number}\n"));
        for op in Story::new(rng, difficulty, kernel).tell() {
            script.push_str(&op);
            script.push('\n');
        }
    }
    match levels {
        Levels::Four => script,
        Levels::Five => five::on_five_levels(&script),
    }
}

impl Story {
    fn new(mut rng: Rng, difficulty: Difficulty, kernel: &Kernel) -> Self {
        let profile = match (difficulty, rng.u32(0..10)) {
            (Difficulty::Hard, number) => Profile::HARD[number as usize % Profile::HARD.len()],
            (_, 0..5) => Profile::Mixed,
            (_, 5..7) => Profile::Walks,
            _ => Profile::Vmas,
        };
        Self {
            rng,
            profile,
            has_wprange: kernel.name == "7.3",
            ops: Vec::new(),
            files: Vec::new(),
            live: Vec::new(),
            procs: 0,
            places: Vec::new(),
            anon: Vec::new(),
        }
    }

    fn tell(mut self) -> Vec<String> {
        if self.profile.is_hard() {
            return self.tell_hard();
        }
        let files = if self.rng.u32(0..4) == 0 { 2 } else { 1 };
        (0..files).for_each(|_| self.new_file());
        let faround = if self.rng.u32(0..10) > 0 { 65536 } else { self.choose(&[4096, 16384]) };
        self.say(format!("faround {faround}"));
        for _ in 0..self.rng.usize(1..4) {
            self.new_proc();
            (0..self.rng.usize(1..4)).for_each(|_| self.map());
        }
        for _ in 0..self.rng.usize(8..32) {
            self.op();
        }
        self.last_look();
        self.ops
    }

    fn say(&mut self, op: String) {
        self.ops.push(op);
    }

    fn choose<T: Copy>(&mut self, among: &[T]) -> T {
        among[self.rng.usize(0..among.len())]
    }

    fn new_file(&mut self) {
        if self.profile.is_hard() {
            return self.new_hard_file();
        }
        let kind = match (self.profile, self.rng.u32(0..100)) {
            (Profile::Vmas, 0..75) | (_, 0..50) => "memfd",
            (Profile::Vmas, 75..90) | (_, 50..72) => "ext4",
            (_, 72..92) => "dev1",
            _ => "dev0",
        };
        let sizes = if self.profile == Profile::Vmas { &FILE_SIZES[5..] } else { &FILE_SIZES };
        let pages = self.choose(sizes);
        let number = self.files.len();
        let prefault = match kind {
            "dev0" | "dev1" => format!(" {}", self.choose(&[1, 1, 16])),
            _ => String::new(),
        };
        self.say(format!("file {number} {kind} {pages}{prefault}"));
        self.files.push(File { kind, pages });
        if kind == "memfd" && self.rng.bool() {
            let (first, nr) = self.stretch(pages);
            self.say(format!("fill {number} {first} {nr}"));
        }
    }

    fn new_proc(&mut self) {
        let number = self.procs;
        self.procs += 1;
        self.live.push(number);
        self.say(format!("proc {number}"));
    }

    /// At least one of `pages` pages: first, count.
    fn stretch(&mut self, pages: u64) -> (u64, u64) {
        let first = self.rng.u64(0..pages);
        (first, self.rng.u64(1..=pages - first))
    }

    fn file(&mut self) -> usize {
        self.rng.usize(0..self.files.len())
    }

    /// A range for a walk: often the whole file, sometimes beyond its end.
    fn walked(&mut self, file: usize) -> (u64, u64) {
        let pages = self.files[file].pages;
        match self.rng.u32(0..10) {
            0..4 => (0, pages),
            4..9 => self.stretch(pages),
            _ => (self.rng.u64(0..pages), self.rng.u64(1..=pages)),
        }
    }

    fn map(&mut self) {
        if self.profile.is_hard() {
            return self.hard_map();
        }
        let file = self.file();
        let File { pages: size, .. } = self.files[file];
        let proc = self.choose(&self.live.clone());
        let place = if self.profile == Profile::Vmas {
            let (pages, offset) = (4 * self.rng.u64(1..5), 4 * self.rng.u64(0..size / 4));
            let base = self.choose(&[232, 232, 744, 1500]);
            // Mostly the same distance to the file's pages, so that neighbours can merge.
            let shift = self.choose(&[0, 0, 0, 0, 4]);
            (base + offset, pages, offset + shift)
        } else {
            let pages = self.length(size);
            let pgoff = self.rng.u64(0..size);
            (self.address(pages), pages, pgoff)
        };
        let (at, pages, pgoff) = place;
        let mode = self.mode(file);
        // Anonymous memory now and then: it is nobody's file, but VMAs meet it.
        let from = match self.profile {
            Profile::Vmas if mode.starts_with('p') && self.rng.u32(0..4) == 0 => "-1".to_owned(),
            _ => file.to_string(),
        };
        self.say(format!("map {proc} {from} {at} {pages} {pgoff} {mode}"));
        self.places.push(Place { proc, at, pages });
    }

    fn mode(&mut self, file: usize) -> &'static str {
        let modes: &[&str] = if self.files[file].is_buffer() {
            &["srw", "srw", "srw", "srw", "srw", "srw", "srw", "sr", "sn"]
        } else if self.profile == Profile::Vmas {
            &["srw", "srw", "srw", "srw", "sr", "prw", "prw", "pr", "srR", "sn"]
        } else {
            &[
                "srw", "srw", "srw", "srw", "srw", "srw", "srw", "srw", "srwP", "sr", "prw", "prw",
                "pr", "srR", "sn",
            ]
        };
        self.choose(modes)
    }

    fn length(&mut self, size: u64) -> u64 {
        match self.rng.u32(0..10) {
            0..4 => size,
            4 => size + 5,
            _ => self.choose(&[1, 1, 4, 4, 16, 16, 32]),
        }
    }

    /// Often across the border of a page table.
    fn address(&mut self, pages: u64) -> u64 {
        let at = if self.rng.u32(0..3) > 0 {
            let border = self.choose(&BORDERS);
            (border + 8).saturating_sub(self.rng.u64(0..=pages + 16))
        } else {
            self.rng.u64(0..3000)
        };
        at.min(WINDOW_PAGES - pages)
    }

    /// A place, and some pages of it: process, first page, count.
    fn aim(&mut self) -> Place {
        let places: Vec<Place> =
            self.places.iter().filter(|place| self.live.contains(&place.proc)).copied().collect();
        if places.is_empty() {
            return Place { proc: self.choose(&self.live.clone()), at: 256, pages: 1 };
        }
        let place = self.choose(&places);
        let first = self.rng.u64(0..place.pages);
        let left = place.pages - first;
        let pages = match self.rng.u32(0..10) {
            0..5 => 1,
            5..8 => self.rng.u64(1..=left.min(4)),
            _ => self.rng.u64(1..=left.min(40)),
        };
        Place { proc: place.proc, at: place.at + first, pages }
    }

    /// For calls that cut: in the profile of VMAs at the borders where others cut, too.
    fn aim_to_cut(&mut self) -> Place {
        if self.profile.is_hard() {
            return self.hard_aim_to_cut();
        }
        let Place { proc, at, pages } = self.aim();
        if self.profile != Profile::Vmas {
            return Place { proc, at, pages };
        }
        let at = at / 4 * 4;
        Place { proc, at, pages: (4 * self.rng.u64(1..5)).min(WINDOW_PAGES - at) }
    }

    fn op(&mut self) {
        let weights = self.profile.weights();
        let total: u32 = weights.iter().map(|(_, weight)| weight).sum();
        let mut left = self.rng.u32(0..total);
        for (kind, weight) in weights {
            if left < *weight {
                return self.perform(*kind);
            }
            left -= weight;
        }
    }

    fn perform(&mut self, kind: Kind) {
        let before = self.ops.len();
        match kind {
            Kind::Map => self.map(),
            Kind::Fork => self.fork(),
            Kind::Exit => self.exit(),
            Kind::Proc if self.procs < PROCS_MAX => {
                self.new_proc();
                (0..2).for_each(|_| self.map());
            }
            Kind::Proc => {}
            Kind::Uffd => self.track(),
            Kind::Migrate => self.migrate(),
            Kind::Scan => {
                let Place { proc, at, .. } = self.aim();
                let at = at.saturating_sub(self.rng.u64(0..40));
                let pages = self.choose(&[40, 80, 600]);
                self.say(format!("scan {proc} {at} {pages}"));
            }
            Kind::Smaps => {
                let Place { proc, at, .. } = self.aim();
                self.say(format!("smaps {proc} {at}"));
            }
            Kind::FaultAround => {
                let bytes = self.choose(&[4096, 8192, 16384, 65536, 65536, 262_144]);
                self.say(format!("faround {bytes}"));
            }
            Kind::Dontneed if self.profile == Profile::Tables => self.on_vmas(kind),
            Kind::Load | Kind::Store | Kind::Dontneed | Kind::Msync => self.on_pages(kind),
            Kind::Unmap | Kind::Protect | Kind::Remap => self.on_vmas(kind),
            Kind::SoftClear => {
                let proc = self.choose(&self.live.clone());
                self.say(format!("softclear {proc} 4"));
            }
            _ => self.on_file(kind),
        }
        if self.ops.len() == before {
            return;
        }
        self.say("dump".to_owned());
        let moves_vmas = matches!(
            kind,
            Kind::Map | Kind::Fork | Kind::Exit | Kind::Unmap | Kind::Protect | Kind::Remap
        );
        if moves_vmas {
            let file = self.file();
            self.say(format!("tree {file}"));
        }
    }

    fn fork(&mut self) {
        if self.procs == PROCS_MAX {
            return;
        }
        let (parent, child) = (self.choose(&self.live.clone()), self.procs);
        self.procs += 1;
        self.live.push(child);
        let inherited: Vec<Place> =
            self.places.iter().filter(|place| place.proc == parent).copied().collect();
        self.places.extend(inherited.iter().map(|place| Place { proc: child, ..*place }));
        self.say(format!("fork {parent} {child}"));
    }

    fn exit(&mut self) {
        if self.live.len() > 1 {
            let place = self.rng.usize(0..self.live.len());
            let proc = self.live.remove(place);
            self.say(format!("exit {proc}"));
        }
    }

    fn on_pages(&mut self, kind: Kind) {
        let Place { proc, at, pages } = self.aim();
        let name = match kind {
            Kind::Load => "r",
            Kind::Store => "w",
            Kind::Dontneed => "dontneed",
            _ => "msync",
        };
        self.say(format!("{name} {proc} {at} {pages}"));
    }

    fn on_vmas(&mut self, kind: Kind) {
        let Place { proc, at, pages } = self.aim_to_cut();
        match kind {
            Kind::Unmap => self.say(format!("unmap {proc} {at} {pages}")),
            Kind::Dontneed => self.say(format!("dontneed {proc} {at} {pages}")),
            Kind::Protect => {
                let mode = self.choose(&["r", "r", "rw", "rw", "rw", "n"]);
                self.say(format!("prot {proc} {at} {pages} {mode}"));
            }
            _ => self.remap(proc, at, pages),
        }
    }

    fn remap(&mut self, proc: usize, at: u64, pages: u64) {
        if self.profile.is_hard() {
            return self.hard_remap(proc, at, pages);
        }
        let to_pages = match self.rng.u32(0..8) {
            0 => self.rng.u64(1..=pages),
            1 => pages + self.rng.u64(1..5),
            _ => pages,
        };
        let to = match (self.profile, self.rng.u32(0..4)) {
            (Profile::Vmas, 0..2) => 4 * self.rng.u64(50..250),
            (Profile::Vmas, _) => MOVED + at % 512,
            _ => MOVED + self.rng.u64(0..500),
        };
        let to = to.min(WINDOW_PAGES - to_pages);
        self.say(format!("remap {proc} {at} {pages} {to} {to_pages}"));
        self.places.push(Place { proc, at: to, pages: to_pages });
    }

    fn on_file(&mut self, kind: Kind) {
        let file = self.file();
        let pages = self.files[file].pages;
        let (first, nr) = self.walked(file);
        // A buffer refuses what wants a page cache.
        let cached = !self.files[file].is_buffer() || self.profile.is_hard();
        let even_cows = u8::from(self.rng.bool());
        match kind {
            Kind::Wp => self.say(format!("wp {file} {first} {nr}")),
            Kind::Clean => {
                let inside = self.rng.u64(0..=first);
                let base = self.choose(&[0, 0, first, inside]);
                self.say(format!("clean {file} {first} {nr} {base}"));
            }
            Kind::Wprange if self.has_wprange => self.say(format!("wprange {file} {first} {nr}")),
            Kind::Dax => self.say(format!("dax {file} {first} {nr}")),
            Kind::BitmapReset => {
                let hull = if self.rng.u32(0..4) > 0 {
                    String::new()
                } else {
                    format!(" {} {}", self.rng.u64(0..=pages), self.rng.u64(0..=pages))
                };
                self.say(format!("bmreset {file} {pages}{hull}"));
            }
            Kind::Zap => {
                let nr = if self.rng.u32(0..8) == 0 { 0 } else { nr };
                self.say(format!("zap {file} {first} {nr} {even_cows}"));
            }
            Kind::ZapPages => {
                let nr = if self.rng.u32(0..8) == 0 { 0 } else { nr };
                self.say(format!("zapp {file} {first} {nr} {even_cows}"));
            }
            Kind::Mkclean if cached => {
                let page = self.rng.u64(0..pages);
                self.say(format!("mkclean {file} {page} 0 0"));
            }
            Kind::Fsync if cached => self.say(format!("fsync {file}")),
            Kind::Truncate if cached => {
                let longer = if self.profile == Profile::Cache { 40 } else { 0 };
                let to = self.rng.u64(0..=pages + longer);
                self.say(format!("trunc {file} {to}"));
            }
            Kind::Punch if cached => {
                let (first, nr) = self.stretch(pages);
                self.say(format!("punch {file} {first} {nr}"));
            }
            Kind::Fill if cached => {
                let (first, nr) = self.stretch(pages);
                self.say(format!("fill {file} {first} {nr}"));
            }
            _ => {}
        }
    }

    fn last_look(&mut self) {
        for number in 0..self.files.len() {
            let pages = self.files[number].pages;
            self.say(format!("tree {number}"));
            self.say(format!("order {number} 0 {pages}"));
            self.say(format!("pages {number}"));
            if self.files[number].is_buffer() {
                self.say(format!("bufbits {number} 0"));
            }
        }
    }
}
