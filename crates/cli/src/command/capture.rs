//! `rangewalk capture`: real processes, written down as a scenario.

use std::io;
use std::path::{Path, PathBuf};

use rangewalk::capture::maps::FileKey;
use rangewalk::capture::procfs::Procfs;
use rangewalk::capture::{Choice, Detail, Naming, gather, write};

use crate::failure::{Failure, Verdict};

/// Write down, as a scenario, which processes map a file or shared memory, and where (Linux)
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    what: What,
    /// Also read which pages each process has touched (needs the right to read its pagemap)
    #[arg(long)]
    touched: bool,
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
    let capture = gather(&Procfs::new("/proc"), &choice, detail).map_err(|error| {
        let hint = match error.kind() {
            io::ErrorKind::PermissionDenied => "\n  hint: root may look at every process",
            io::ErrorKind::NotFound => "\n  hint: is it still there? capture needs Linux's /proc",
            _ => "",
        };
        Failure(format!("capture: error: {error}{hint}"))
    })?;
    for remark in &capture.remarks {
        eprintln!("capture: note: {remark}");
    }
    if capture.processes.is_empty() {
        let hint = "maps shows what a process maps: `grep -h s /proc/PID/maps`";
        return Err(Failure(format!("capture: error: no process maps that\n  hint: {hint}")));
    }
    print!("{}", write(&capture, naming));
    Ok(Verdict::Fine)
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
