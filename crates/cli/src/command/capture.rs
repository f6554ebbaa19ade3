//! `rangewalk capture`: real processes, written down as a scenario.

use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use rangewalk::capture::maps::FileKey;
use rangewalk::capture::procfs::Procfs;
use rangewalk::capture::{Choice, Detail, Naming, Request, gather, write};

use crate::failure::{Failure, Verdict};
use crate::output::{print, remark};

/// Write down, as a scenario, which processes map a file or shared memory, and where (Linux)
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    what: What,
    /// Also read which pages each process has touched (needs the right to read its pagemap)
    #[arg(long)]
    touched: bool,
    /// Look at and walk over these pages of the file only: the first, and how many
    #[arg(long, value_name = "FIRST+COUNT", value_parser = pages)]
    pages: Option<Range<u64>>,
    /// Leave out paths, names and process numbers
    #[arg(long)]
    clean: bool,
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct What {
    /// A file, or shared memory as maps calls it: `/dev/zero (deleted)`, `/memfd:x`, `/SYSV...`
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
    /// Whatever these processes map shared
    #[arg(long, value_name = "N", num_args = 1..)]
    pid: Vec<u32>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Verdict, Failure> {
    let choice = match &arguments.what.file {
        Some(path) => file(path),
        None => Choice::Pids(arguments.what.pid.clone()),
    };
    let detail = if arguments.touched { Detail::TouchedPages } else { Detail::Mappings };
    let naming = if arguments.clean { Naming::Clean } else { Naming::Real };
    let pages = arguments.pages.clone().unwrap_or(0..u64::MAX);
    let request = Request { choice, detail, pages };
    let capture = gather(&Procfs::new("/proc"), &request).map_err(|error| {
        let failure = Failure::at("capture", &error);
        match error.kind() {
            io::ErrorKind::PermissionDenied => failure.hint("root may look at every process"),
            io::ErrorKind::NotFound => failure.hint("is it still there? this needs Linux's /proc"),
            _ => failure,
        }
    })?;
    for note in &capture.remarks {
        remark(&format!("capture: note: {note}\n"));
    }
    if capture.processes.is_empty() {
        let hint = "maps tells what a process maps: grep s /proc/PID/maps";
        return Err(Failure::at("capture", "no process maps that").hint(hint));
    }
    print(&write(&capture, naming))?;
    Ok(Verdict::Fine)
}

fn pages(word: &str) -> Result<Range<u64>, String> {
    let (first, count) = word.split_once('+').unwrap_or((word, "1"));
    let range = first.parse().ok().zip(count.parse().ok());
    let range = range.and_then(|(first, count): (u64, u64)| Some(first..first.checked_add(count)?));
    range
        .filter(|range| !range.is_empty())
        .ok_or_else(|| "pages are FIRST+COUNT: 8716+32".to_owned())
}

fn file(path: &Path) -> Choice {
    let absolute = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    Choice::File { path: absolute.to_string_lossy().into_owned(), key: key(path) }
}

/// Linux keeps the major number of a device in bits 8 to 19 and from bit 32 on, the minor number in
/// the others.
#[cfg(unix)]
fn key(path: &Path) -> Option<FileKey> {
    use std::os::unix::fs::MetadataExt;
    let data = path.metadata().ok()?;
    let (dev, inode) = (data.dev(), data.ino());
    let major = u32::try_from((dev >> 8 & 0xfff) | (dev >> 32 & 0xffff_f000)).ok()?;
    let minor = u32::try_from((dev & 0xff) | (dev >> 12 & 0xffff_ff00)).ok()?;
    Some(FileKey { major, minor, inode })
}

/// Without a `/proc` there is nothing to compare it with.
#[cfg(not(unix))]
fn key(_: &Path) -> Option<FileKey> {
    None
}
