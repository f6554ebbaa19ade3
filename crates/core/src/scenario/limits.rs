//! Every limit of the language, in one place. Hitting one is a diagnostic that names the number.

/// Columns of a line that survives a mail.
pub const COLUMNS_MAX: u32 = 72;
/// Lines that are read; the rest is kept but not understood.
pub const LINES_MAX: u32 = 20_000;
/// Characters in a name.
pub const NAME_MAX: usize = 16;
/// Files.
pub const FILES_MAX: usize = 16;
/// Pages in one file: 64 GiB.
pub const FILE_PAGES_MAX: u64 = 1 << 24;
/// Pages in one file on disk, which begins with all of them cached: 256 MiB.
pub const DISK_PAGES_MAX: u64 = 1 << 16;
/// First page offset that no mapping reaches.
pub const PGOFF_MAX: u64 = 1 << 40;
/// Processes, those that have exited included.
pub const PROCESSES_MAX: usize = 256;
/// Mappings, those inherited by fork included.
pub const MAPPINGS_MAX: usize = 4_096;
/// Entries that one fault of a device buffer inserts: one page table.
pub const PREFAULT_MAX: u64 = 512;
/// The same, unless said otherwise: as TTM does.
pub const PREFAULT_DEFAULT: u32 = 16;
/// Bytes of the fault-around window: one page table.
pub const FAULT_AROUND_MAX: u64 = 2 << 20;
/// Rounds of a `repeat`.
pub const REPEAT_MAX: u64 = 10_000;
/// Lanes of a `compare`, at least and at most.
pub const LANES_MIN: usize = 2;
/// Likewise.
pub const LANES_MAX: usize = 6;
/// Steps on a tape.
pub const STEPS_MAX: u32 = 1_000_000;
/// Steps on all tapes of a comparison, as many for each lane; what a lane does behind its share is
/// counted, not recorded.
pub const LANES_STEPS_MAX: u32 = 1_200_000;
/// Steps of a run that is not recorded.
pub const UNTRACED_STEPS_MAX: u32 = 100_000_000;
/// Diagnostics of one text.
pub const DIAGNOSTICS_MAX: usize = 200;
/// Levels of an expected tree; a red-black tree of 4,096 nodes has at most 26.
pub const TREE_DEPTH_MAX: usize = 32;
