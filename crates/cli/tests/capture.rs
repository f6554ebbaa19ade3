//! Captures of a made-up `/proc` and of the real one, and that what is written runs.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rangewalk::capture::maps::FileKey;
use rangewalk::capture::procfs::Procfs;
use rangewalk::capture::{Choice, Detail, Naming, Request, gather, write};
use rangewalk_core::scenario::{Severity, format, parse, run};

/// A `/proc` of our own; gone when dropped.
struct FakeProc(PathBuf);

impl FakeProc {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(path.join("self")).expect("a folder for the test");
        Self(path)
    }

    fn process(&self, pid: u32, parent: u32, started: u64, comm: &str, smaps: &str) {
        let folder = self.0.join(pid.to_string());
        let headers: Vec<&str> = smaps.lines().filter(|line| !line.starts_with("Vm")).collect();
        // Field 22 is the time of the start.
        let between = "1 1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0";
        let stat = format!("{pid} ({comm}) S {parent} {between} {started} 0\n");
        fs::create_dir_all(&folder).expect("a process");
        for (name, text) in [
            ("maps", headers.join("\n")),
            ("smaps", smaps.to_owned()),
            ("comm", format!("{comm}\n")),
            ("stat", stat),
        ] {
            fs::write(folder.join(name), text).expect(name);
        }
    }

    fn pagemap(&self, pid: u32, start: u64, entries: &[u64]) {
        let path = self.0.join(pid.to_string()).join("pagemap");
        let mut file = File::create(path).expect("a pagemap");
        file.seek(SeekFrom::Start(start / 4096 * 8)).expect("a sparse file");
        for entry in entries {
            file.write_all(&entry.to_ne_bytes()).expect("an entry");
        }
    }

    fn capture(&self, choice: &Choice, detail: Detail, naming: Naming) -> String {
        let request = Request { choice: choice.clone(), detail, pages: 0..u64::MAX };
        let capture = gather(&Procfs::new(&self.0), &request).expect("a /proc");
        let text = write(&capture, naming);
        assert_runs(&text);
        text
    }
}

impl Drop for FakeProc {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A capture is canonical, and carried out without an error.
fn assert_runs(text: &str) {
    let (scenario, diagnostics) = parse(text);
    assert_eq!(format(&scenario), text);
    let ran = run(&scenario).diagnostics;
    let mut remarks = diagnostics.iter().chain(&ran);
    let wrong = remarks.find(|d| d.severity == Severity::Error);
    assert_eq!(wrong.map(ToString::to_string), None, "{text:.2000}");
}

fn named(path: &str) -> Choice {
    Choice::File { path: path.to_owned(), key: None }
}

const SERVER: &str = "\
10000000-10010000 rw-s 00000000 00:01 77 /dev/zero (deleted)
VmFlags: rd wr sh mr mw me ms
20000000-20004000 rw-s 00002000 00:1b 9 /dev/shm/PostgreSQL.538
VmFlags: rd wr sh mr mw me ms
30000000-30001000 rw-p 00000000 00:00 0 [heap]
VmFlags: rd wr mr mw me
";

#[test]
fn a_server_and_its_children_in_the_order_of_their_birth() {
    let proc = FakeProc::new("family");
    proc.process(900, 1, 500, "postgres", SERVER);
    proc.process(41, 900, 700, "postgres", SERVER);
    proc.process(901, 900, 600, "postgres", SERVER);
    proc.process(
        902,
        1,
        800,
        "a (reader)",
        "\
7f0000000000-7f0000002000 r--s 00001000 00:01 77 /dev/zero (deleted)
VmFlags: rd mr me ms
7f0000004000-7f0000005000 rw-p 00003000 00:01 77 /dev/zero (deleted)
VmFlags: rd wr mr mw me
",
    );
    proc.process(903, 1, 900, "other", "30000000-30001000 rw-p 00000000 00:00 0 [heap]\n");
    let text = proc.capture(&named("/dev/zero"), Detail::Mappings, Naming::Real);
    assert_eq!(
        text,
        "\
title 4 processes share one file of 16 pages

file zero shmem 16  # /dev/zero (deleted)
proc postgres-900 a--reader-902

map A postgres-900 zero 0+16 @10000000 rw
fork postgres-900 postgres-901
fork postgres-900 postgres-41
map B a--reader-902 zero 1+2 @7f0000000000 r ro-fd
map C a--reader-902 zero 3+1 @7f0000004000 rw private

wp zero 0+16
"
    );
}

#[test]
fn pids_choose_what_they_share() {
    let proc = FakeProc::new("pids");
    proc.process(900, 1, 500, "postgres", SERVER);
    let choice = Choice::Pids(vec![900]);
    let text = proc.capture(&choice, Detail::Mappings, Naming::Clean);
    assert_eq!(
        text,
        "\
title 1 processes share 2 files of 22 pages

file F0 shmem 16
file F1 shmem 6
proc P0

map A P0 F0 0+16 @10000000 rw
map B P0 F1 2+4  @20000000 rw

wp F0 0+16
"
    );
}

#[test]
fn touched_pages_are_loads_and_known_written_ones_stores() {
    const PRESENT: u64 = 1 << 63;
    const SOFT_DIRTY: u64 = 1 << 55;
    let proc = FakeProc::new("touched");
    let smaps = "\
10000000-10008000 rw-s 00001000 00:01 77 /memfd:frames (deleted)
VmFlags: rd wr sh mr mw me ms
10008000-1000a000 rw-s 0000a000 00:01 77 /memfd:frames (deleted)
VmFlags: rd wr sh mr mw me ms sd
";
    proc.process(5, 1, 500, "compositor", smaps);
    let dirty = PRESENT | SOFT_DIRTY;
    let entries = [0, 0, PRESENT, PRESENT, dirty, SOFT_DIRTY, dirty, 0, dirty, 0];
    proc.pagemap(5, 0x1000_0000, &entries);
    let key = Some(FileKey { major: 0, minor: 1, inode: 77 });
    let choice = Choice::File { path: "/gone".to_owned(), key };
    let text = proc.capture(&choice, Detail::TouchedPages, Naming::Clean);
    assert_eq!(
        text,
        "\
title 1 processes share one file of 12 pages
# a page is known to be written only since soft-dirty was cleared
# (/proc/PID/clear_refs); the others are loads

faround 4K
file F0 shmem 12
proc P0

map A P0 F0  1+8 @10000000 rw
map B P0 F0 10+2 @10008000 rw

load A 3+2
store A 5
store A 7
load B 10

wp F0 3+9
"
    );
}

#[test]
fn only_the_pages_asked_for_are_looked_at() {
    let proc = FakeProc::new("pages");
    let smaps = "10000000-10008000 rw-s 00001000 00:01 77 /memfd:frames (deleted)\nVmFlags: mw\n";
    proc.process(5, 1, 500, "compositor", smaps);
    proc.pagemap(5, 0x1000_0000, &[1 << 63; 8]);
    let request =
        Request { choice: named("/memfd:frames"), detail: Detail::TouchedPages, pages: 3..5 };
    let capture = gather(&Procfs::new(&proc.0), &request).expect("a /proc");
    let text = write(&capture, Naming::Clean);
    assert_runs(&text);
    assert!(text.ends_with("\nload A 3+2\n\nwp F0 3+2\n"), "{text}");
}

#[test]
fn what_is_left_out_is_said() {
    let proc = FakeProc::new("limits");
    let lines = (0..5000u64).map(|page| {
        let start = 0x1000_0000 + page * 0x2000;
        let end = start + 0x1000;
        format!("{start:x}-{end:x} rw-s 00000000 00:01 77 /memfd:many (deleted)\nVmFlags: mw\n")
    });
    proc.process(5, 1, 500, "many", &lines.collect::<String>());
    let huge = "10000000-10200000 rw-s 00000000 00:0f 8 /dev/hugepages/x\nVmFlags: mw ht\n";
    proc.process(6, 1, 600, "huge", huge);
    fs::create_dir_all(proc.0.join("7/maps")).expect("a process that cannot be read");
    let text = proc.capture(&named("/memfd:many"), Detail::Mappings, Naming::Clean);
    assert!(text.contains("\n# processes that could not be read: 1\n"), "{text:.400}");
    assert!(text.contains("\n# mappings left out: 904 (the limit is 4096)\n"), "{text:.400}");
    let choice = named("/dev/hugepages/x");
    let request = Request { choice, detail: Detail::Mappings, pages: 0..u64::MAX };
    let remarks = gather(&Procfs::new(&proc.0), &request).expect("a /proc").remarks;
    assert!(remarks.iter().any(|remark| remark.starts_with("mappings left out: 1 (huge")));
}

/// The binary maps itself, so its own file is always mapped by somebody.
#[cfg(target_os = "linux")]
#[test]
fn the_real_proc() {
    let binary = env!("CARGO_BIN_EXE_rangewalk");
    let capture = |arguments: &[&str]| {
        let command = std::process::Command::new(binary).arg("capture").args(arguments).output();
        command.expect("the binary runs")
    };
    let output = capture(&["--file", binary, "--touched"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    assert_runs(&text);
    assert!(text.contains(" rx private\n") && text.contains("\nload A "), "{text}");

    let output = capture(&["--file", "/nobody/maps/this"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no process maps that"));
    let output = capture(&["--pid", "4194304"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("process 4194304: "));
}
