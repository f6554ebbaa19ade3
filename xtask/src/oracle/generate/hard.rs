//! The hard profiles: what they map, cut and move, and where.

use super::profile::{Kind, Profile};
use super::{BORDERS, File, MOVED, Place, Story, WINDOW_PAGES};

/// Entries of a page table; the window's page 256 begins one.
const TABLE: u64 = 512;
/// Pages that one entry of a PUD maps.
const GIGABYTE: u64 = TABLE * TABLE;
/// Pages of a buffer that the guest has room for.
const BUFFER_MAX: u64 = 1000;
/// Whether shared memory has folios of 2 MiB, as the guest finds it from tracefs.
const SHMEM_ENABLED: &str = "../mm/transparent_hugepage/shmem_enabled";
/// The window's page where tables of all levels begin.
const FIRST_TABLE: u64 = 256;

impl Story {
    pub(super) fn tell_hard(mut self) -> Vec<String> {
        // It stays over scenarios: whoever turns it on turns it off.
        let is_huge = self.profile == Profile::Tables && self.rng.u32(0..3) == 0;
        if is_huge {
            self.say(format!("tr {SHMEM_ENABLED} force"));
        }
        let files = self.choose(&[1, 1, 2, 2, 3]);
        (0..files).for_each(|_| self.new_file());
        let faround = self.choose(&[65536, 65536, 65536, 65536, 16384, 4096, 131_072]);
        self.say(format!("faround {faround}"));
        for _ in 0..self.rng.usize(1..5) {
            self.new_proc();
            (0..self.rng.usize(1..5)).for_each(|_| self.map());
        }
        let ops = if self.profile == Profile::Storm { 40..110 } else { 15..60 };
        for _ in 0..self.rng.usize(ops) {
            self.op();
        }
        self.last_look();
        if is_huge {
            self.say("cat /proc/sys/kernel/tainted".to_owned());
            self.say(format!("tr {SHMEM_ENABLED} never"));
        }
        self.ops
    }

    pub(super) fn new_hard_file(&mut self) {
        let (kind, pages) = (self.choose(self.profile.files()), self.choose(self.profile.sizes()));
        let pages = if kind.starts_with("dev") { pages.min(BUFFER_MAX) } else { pages };
        let number = self.files.len();
        let prefault = match kind {
            "dev0" | "dev1" => format!(" {}", self.choose(&[1, 1, 4, 16, 64])),
            _ => String::new(),
        };
        self.say(format!("file {number} {kind} {pages}{prefault}"));
        self.files.push(File { kind, pages });
        if matches!(kind, "memfd" | "ext4") && self.rng.u32(0..3) > 0 {
            let (first, nr) = self.stretch(pages);
            // Of ext4 all is cached already: a hole, or a write of several pages into one.
            match (kind, self.rng.u32(0..3)) {
                ("memfd", _) | (_, 0) => self.say(format!("fill {number} {first} {nr}")),
                _ => {
                    self.say(format!("punch {number} {first} {nr}"));
                    if self.rng.bool() {
                        self.say(format!("fill {number} {first} {}", nr.div_ceil(2)));
                    }
                }
            }
        }
    }

    pub(super) fn hard_map(&mut self) {
        let file = self.file();
        let (size, is_buffer) = (self.files[file].pages, self.files[file].is_buffer());
        let proc = self.choose(&self.live.clone());
        let (at, pages, pgoff) = match self.profile {
            Profile::Cuts => self.place_to_cut(size),
            Profile::Tables => self.place_of_tables(size),
            _ => {
                let pages = self.length(size);
                (self.address(pages), pages, self.choose(&[0, 0, size / 3, size - 1]))
            }
        };
        let mode = self.choose(self.profile.modes(is_buffer));
        let is_anon = mode.starts_with('p') && self.rng.u32(0..3) == 0;
        let from = if is_anon { "-1".to_owned() } else { file.to_string() };
        self.say(format!("map {proc} {from} {at} {pages} {pgoff} {mode}"));
        self.places.push(Place { proc, at, pages });
        if is_anon {
            self.anon.push(Place { proc, at, pages });
        }
    }

    /// Anonymous memory of its own that userfaultfd write-protects: nothing else can be so in the
    /// emulator.
    pub(super) fn track(&mut self) {
        let proc = self.choose(&self.live.clone());
        let pages = self.choose(&[4, 12, 30]);
        let place = self.anon.iter().copied().find(|place| self.live.contains(&place.proc));
        let Place { proc, at, pages } = match place.filter(|_| self.rng.bool()) {
            Some(place) => Place { pages: place.pages.min(pages), ..place },
            None => Place { proc, at: self.address(pages), pages },
        };
        self.say(format!("map {proc} -1 {at} {pages} 0 prw"));
        self.places.push(Place { proc, at, pages });
        let pages = self.rng.u64(1..=pages);
        self.say(format!("uffd {proc} {at} {pages}"));
    }

    /// Both ends of a migration, and in between what meets its entries without waiting for it. Not
    /// of 2 MiB: the emulator leaves those where they are.
    pub(super) fn migrate(&mut self) {
        const WAIT_FOR_NOBODY: [Kind; 10] = [
            Kind::Wp,
            Kind::Clean,
            Kind::Scan,
            Kind::Smaps,
            Kind::SoftClear,
            Kind::Protect,
            Kind::Unmap,
            Kind::Remap,
            Kind::Dontneed,
            Kind::Zap,
        ];
        let file = self.file();
        if self.files[file].is_buffer() {
            return;
        }
        let page = self.rng.u64(0..self.files[file].pages);
        self.say(format!("migrate {file} {page}"));
        for _ in 0..self.rng.usize(1..5) {
            let kind = self.choose(&WAIT_FOR_NOBODY);
            self.perform(kind);
        }
        self.say(format!("migrated {file} {page}"));
    }

    /// At a fixed distance from the file's pages, so that neighbours can merge.
    fn place_to_cut(&mut self, size: u64) -> (u64, u64, u64) {
        let grain = self.choose(&[1, 4]);
        let pages = grain * self.rng.u64(1..6);
        let pgoff = grain * self.rng.u64(0..(size / grain).clamp(1, 12));
        let base = self.choose(&[232, 232, 250, 744, 1500]);
        let shift = self.choose(&[0, 0, 0, 0, 0, grain]);
        (base + pgoff, pages, pgoff + shift)
    }

    /// Whole tables, or nearly.
    fn place_of_tables(&mut self, size: u64) -> (u64, u64, u64) {
        let table = FIRST_TABLE + TABLE * self.rng.u64(0..3);
        let at = table + self.choose(&[0, 0, 0, 0, 1, 17, 256]);
        let pages = self.choose(&[TABLE, TABLE, 2 * TABLE, 2 * TABLE + 9, TABLE - 1, 300, size]);
        let at = match self.rng.u32(0..12) {
            0 => FIRST_TABLE + GIGABYTE * self.rng.u64(1..4),
            _ => at.min(WINDOW_PAGES - pages),
        };
        (at, pages, self.choose(&[0, 0, 1, 100, TABLE]).min(size - 1))
    }

    pub(super) fn hard_aim_to_cut(&mut self) -> Place {
        let place = self.aim();
        match self.profile {
            Profile::Cuts => {
                let grain = self.choose(&[1, 4]);
                let at = place.at / grain * grain;
                let pages = (grain * self.rng.u64(1..6)).min(WINDOW_PAGES.saturating_sub(at));
                Place { at, pages: pages.max(1), ..place }
            }
            Profile::Tables => {
                let table = (place.at - FIRST_TABLE.min(place.at)) / TABLE * TABLE + FIRST_TABLE;
                let at = table + self.choose(&[0, 0, 0, 0, 0, 1, 16, 300]);
                let pages = self.choose(&[TABLE, TABLE, TABLE, 2 * TABLE, TABLE + 5, 600, 510]);
                Place { at, pages, ..place }
            }
            _ => place,
        }
    }

    pub(super) fn hard_remap(&mut self, proc: usize, at: u64, pages: u64) {
        let to_pages = match self.rng.u32(0..10) {
            0 => self.rng.u64(1..=pages),
            1 => pages + self.rng.u64(1..=pages),
            _ => pages,
        };
        let to = match (self.profile, self.rng.u32(0..4)) {
            (Profile::Cuts, 0..2) => at + self.choose(&[4, 8, 12, 16, 500, 512, 1000]),
            (Profile::Cuts, _) => self.choose(&[232, 250, 744, 1500, MOVED]) + self.rng.u64(0..24),
            (Profile::Tables, 0) => {
                let further = TABLE * self.rng.u64(1..4) + GIGABYTE * self.rng.u64(0..2);
                at + further
            }
            (Profile::Tables, 1) => at + self.rng.u64(500..1600),
            (Profile::Tables, _) => {
                let offset = self.choose(&[0, 0, 0, (at + TABLE - FIRST_TABLE) % TABLE, 5]);
                FIRST_TABLE + TABLE * self.rng.u64(3..7) + offset
            }
            _ => self.choose(&BORDERS) + MOVED - FIRST_TABLE + self.rng.u64(0..200),
        };
        self.say(format!("remap {proc} {at} {pages} {to} {to_pages}"));
        self.places.push(Place { proc, at: to, pages: to_pages });
    }
}
