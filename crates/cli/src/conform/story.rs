//! A golden script as a scenario: what the oracle found, to be looked at step by step. The
//! script's looks are left out, for a scenario shows everything.

use rangewalk_core::addr::PAGE_SIZE;
use rangewalk_core::kernel::Kernel;
use rangewalk_core::scenario::{Severity, format, parse};

use super::op::{Backing, Case, MapMode, Op, ProtMode};
use super::replay::{SHMEM_ENABLED_FROM_TRACEFS, WINDOW};

/// Longer than any file of a script: to the end.
const TO_THE_END: u64 = 1 << 20;

/// The scenario's text in canonical form, or what it cannot say.
///
/// # Errors
/// An op that the language does not have.
pub fn story(kernel: &Kernel, case: &Case) -> Result<String, String> {
    let mut text = format!("title {}\nkernel {kernel}\n", case.name);
    for (number, line) in case.ops.iter().enumerate() {
        let said = statement(&line.op, number);
        text.push_str(&said.ok_or_else(|| format!("no scenario can say `{}`", line.text))?);
    }
    let (scenario, diagnostics) = parse(&text);
    match diagnostics.iter().find(|diagnostic| diagnostic.severity == Severity::Error) {
        Some(error) => Err(error.to_string()),
        None => Ok(format(&scenario)),
    }
}

/// One line, or none for a look, a trace among them.
fn statement(op: &Op, number: usize) -> Option<String> {
    let said = match *op {
        Op::Dump
        | Op::Tree { .. }
        | Op::Order { .. }
        | Op::Pages { .. }
        | Op::BufBits { clear: false, .. }
        | Op::TraceDump
        | Op::Smaps { .. }
        | Op::Cat { .. } => return Some(String::new()),
        Op::TraceWrite { ref file, ref text } if file == SHMEM_ENABLED_FROM_TRACEFS => {
            format!("shmem-huge {text}")
        }
        Op::TraceWrite { .. } => return Some(String::new()),
        Op::Levels { levels } => format!("levels {}", levels.all().len()),
        Op::BufBits { clear: true, file } => format!("forget f{file}"),
        // The kernel takes the power of two below.
        Op::FaultAround { bytes } => {
            format!("faround {}", PAGE_SIZE << (bytes / PAGE_SIZE).max(1).ilog2())
        }
        Op::File { file, backing, pages } => match backing {
            Backing::Memfd => format!("file f{file} shmem {pages}"),
            Backing::Ext4 => format!("file f{file} ext4 {pages}"),
            Backing::Dev0 { prefault } => {
                format!("file f{file} dev-pagetable {pages} prefault {prefault}")
            }
            Backing::Dev1 { prefault } => {
                format!("file f{file} dev-mkwrite {pages} prefault {prefault}")
            }
        },
        Op::Map { proc, file, at, pages, pgoff, mode } => {
            let (at, modes) = (address(at), map_mode(mode));
            match file {
                Some(file) => format!("map M{number} P{proc} f{file} {pgoff}+{pages} {at} {modes}"),
                None if mode.shared => {
                    format!("map M{number} P{proc} anon 0+{pages} {at} {modes} shared")
                }
                None => format!("map M{number} P{proc} anon {pgoff}+{pages} {at} {modes}"),
            }
        }
        Op::Zap { file, first, nr, even_cows } | Op::ZapPages { file, first, nr, even_cows } => {
            let nr = if nr == 0 { TO_THE_END } else { nr };
            format!("zap f{file} {first}+{nr}{}", if even_cows { "" } else { " keep-cows" })
        }
        Op::BitmapReset { file, bits, hull } => {
            let hull = hull.map_or(String::new(), |(start, end)| format!(" {start} {end}"));
            format!("bitmap f{file} {bits}{hull}")
        }
        _ => return on_process(op).or_else(|| on_file(op)),
    };
    Some(said + "\n")
}

fn on_process(op: &Op) -> Option<String> {
    let place = |proc: usize, at: u64, pages: u64| format!("P{proc} {}+{pages}", address(at));
    let said = match *op {
        Op::Proc { proc } => format!("proc P{proc}"),
        Op::Fork { proc, child } => format!("fork P{proc} P{child}"),
        Op::Exit { proc } => format!("exit P{proc}"),
        Op::SoftClear { proc } => format!("softclear P{proc}"),
        Op::Load { proc, at, pages } => format!("load {}", place(proc, at, pages)),
        Op::Store { proc, at, pages } => format!("store {}", place(proc, at, pages)),
        Op::Uffd { proc, at, pages } => format!("uffd {}", place(proc, at, pages)),
        Op::Scan { proc, at, pages } => format!("scan {}", place(proc, at, pages)),
        Op::Unmap { proc, at, pages } => format!("unmap {}", place(proc, at, pages)),
        Op::Dontneed { proc, at, pages } => format!("dontneed {}", place(proc, at, pages)),
        Op::Msync { proc, at, pages } => format!("msync {}", place(proc, at, pages)),
        Op::Protect { proc, at, pages, mode } => {
            let mode = match mode {
                ProtMode::Read => "r",
                ProtMode::ReadWrite => "rw",
                ProtMode::None => "none",
            };
            format!("protect {} {mode}", place(proc, at, pages))
        }
        Op::Remap { proc, at, pages, to, to_pages } => {
            format!("remap {} {}+{to_pages}", place(proc, at, pages), address(to))
        }
        _ => return None,
    };
    Some(said + "\n")
}

fn on_file(op: &Op) -> Option<String> {
    let said = match *op {
        Op::Wp { file, first, nr } => format!("wp f{file} {first}+{nr}"),
        Op::Clean { file, first, nr, bitmap_pgoff } => {
            format!("clean f{file} {first}+{nr} at {bitmap_pgoff}")
        }
        Op::Wprange { file, first, nr } => format!("wrprotect f{file} {first}+{nr}"),
        Op::Dax { file, first, nr } => format!("dax f{file} {first}+{nr}"),
        Op::Mkclean { file, pgoff } => format!("mkclean f{file} {pgoff}"),
        Op::Migrate { file, pgoff, .. } => format!("{} f{file} {pgoff}", op.name()),
        Op::Fsync { file } => format!("fsync f{file}"),
        Op::Truncate { file, pages } => format!("truncate f{file} {pages}"),
        Op::Punch { file, first, nr } => format!("punch f{file} {first}+{nr}"),
        Op::Fill { file, first, nr } => format!("fill f{file} {first}+{nr}"),
        _ => return None,
    };
    Some(said + "\n")
}

fn address(at: u64) -> String {
    format!("@{:x}", WINDOW.add_pages(at).0)
}

fn map_mode(mode: MapMode) -> String {
    let letters = [(mode.read, "r"), (mode.write, "w"), (mode.exec, "x")];
    let mut words: String =
        letters.into_iter().filter(|(holds, _)| *holds).map(|(_, letter)| letter).collect();
    if words.is_empty() {
        words.push_str("none");
    }
    let options =
        [(!mode.shared, " private"), (mode.read_only_fd, " ro-fd"), (mode.populate, " populate")];
    words.extend(options.into_iter().filter(|(holds, _)| *holds).map(|(_, option)| option));
    words
}

#[cfg(test)]
mod tests {
    use rangewalk_core::kernel::{KERNELS, LINUX_6_12};
    use rangewalk_core::scenario::{Outcome, parse as parse_scenario, run};

    use super::super::{scenario, script};
    use super::*;

    const SCRIPT: &str = "scenario there-and-back\nfaround 65536\nfile 0 memfd 8\nfile 1 dev1 8 4\n\
        proc 0\nmap 0 0 10 8 0 srw\nmap 0 1 300 8 0 sr\nmap 0 -1 40 8 0 prwP\nfill 0 0 4\n\
        w 0 10 2\nfork 0 1\nprot 1 10 4 r\nremap 1 10 4 900 4\nunmap 0 40 2\nmsync 0 10 8\n\
        exit 1\nfsync 0\nbmreset 0 8 1 2\n";

    #[test]
    fn a_script_that_became_a_scenario_becomes_the_script_again() {
        let cases = script::parse(SCRIPT).expect("a script");
        let text = story(&LINUX_6_12, &cases[0]).expect("a scenario");
        let again = scenario::script(&parse_scenario(&text).0).expect("a script again");
        let looks = ["dump", "tree", "order", "pages", "bufbits"];
        let acts =
            again.iter().filter(|line| !looks.contains(&line.split(' ').next().unwrap_or("")));
        // Files come first, and the window around faults is as it was.
        let (first, rest): (Vec<&str>, Vec<&str>) =
            acts.map(String::as_str).partition(|line| line.starts_with("file"));
        let expected: Vec<&str> = SCRIPT.lines().skip(2).collect();
        let (files, acts) = expected.split_at(2);
        assert_eq!(first, files);
        assert_eq!(rest, [&["faround 65536", "faround 65536"], acts].concat());
    }

    /// Every op of the format, also where a kernel refuses it.
    const EVERY_OP: &str = "scenario all\nfile 0 memfd 8\nfile 1 ext4 8\nfile 2 dev0 8 4\n\
        file 3 dev1 8 1\nfaround 100000\nproc 0\nproc 1\nmap 0 0 10 8 0 srwx\n\
        map 0 -1 40 8 0 prwP\nmap 0 -1 60 8 3 srw\nmap 1 1 10 8 2 srR\nmap 1 3 40 8 0 srw\n\
        r 0 10 2\nw 0 60 3\nunmap 0 10 1\nprot 0 11 2 r\nprot 0 12 2 rw\nprot 0 13 1 n\n\
        dontneed 0 60 2\nmsync 1 10 4\nremap 0 12 2 900 2\nfork 0 2\nexit 2\nwp 0 0 8\n\
        clean 0 2 3 1\nbmreset 0 8\nbmreset 0 8 1 3\nzap 0 0 4 1\nzap 0 2 0 0\nzapp 0 0 8 1\n\
        mkclean 0 9 0 0\nmkclean 2 1 0 0\nwprange 3 0 8\ndax 3 0 8\nsmaps 0 10\n\
        uffd 0 40 8\nscan 0 40 8\nmigrate 0 1\nmigrated 0 1\n\
        fsync 1\nfsync 2\ntrunc 0 4\ntrunc 2 4\n\
        punch 0 6 4\npunch 3 0 2\nfill 0 10 2\nfill 2 0 2\nsoftclear 0 4\ndump\ntree 0\n\
        order 0 0 8\npages 0\nbufbits 3 0\nbufbits 3 1\ntr current_tracer nop\ntrdump\n\
        cat /proc/meminfo\n";

    #[test]
    fn a_scenario_can_say_every_op() {
        let cases = script::parse(EVERY_OP).expect("a script");
        for kernel in KERNELS {
            let text = story(kernel, &cases[0]).expect("a scenario");
            let run = run(&parse_scenario(&text).0);
            let carried_out = |outcome: &Outcome| !outcome.text.contains("not reached");
            assert!(run.outcomes.iter().all(carried_out), "{text}");
        }
    }
}
