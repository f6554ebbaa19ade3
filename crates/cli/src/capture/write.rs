//! Writes a capture down as a scenario.

use std::fmt::Write;

use rangewalk_core::arch::Levels;
use rangewalk_core::scenario;
use rangewalk_core::scenario::limits::COLUMNS_MAX;

use super::gather::{Capture, CapturedFile, CapturedMapping, CapturedProcess};
use super::names::Names;

/// Longest name of a file, so that `map` lines fit a mail.
const FILE_NAME_MAX: usize = 8;
/// Most slots that the final walk may visit, so that the run fits a tape.
const WALKED_SLOTS_MAX: u64 = 65_536;

/// What to call files and processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// As they are called, with paths and process numbers.
    Real,
    /// F0, P0: nothing that names the machine.
    Clean,
}

/// The scenario, in canonical form: the files, the processes, their mappings at their real
/// addresses, the pages they touched, and a walk over them.
#[must_use]
pub fn write(capture: &Capture, naming: Naming) -> String {
    let mut writing = Writing::new(capture, naming);
    writing.head();
    writing.declarations();
    writing.mappings();
    writing.walk();
    let (scenario, _) = scenario::parse(&writing.text);
    scenario::format(&scenario)
}

struct Writing<'c> {
    capture: &'c Capture,
    naming: Naming,
    names: Names,
    files: Vec<String>,
    processes: Vec<String>,
    text: String,
}

impl<'c> Writing<'c> {
    fn new(capture: &'c Capture, naming: Naming) -> Self {
        let mut names = Names::default();
        let files = capture.files.iter().enumerate().map(|(number, file)| match naming {
            Naming::Real => names.fresh(base_name(file), "", FILE_NAME_MAX),
            Naming::Clean => names.fresh("F", &number.to_string(), FILE_NAME_MAX),
        });
        let files = files.collect();
        let processes =
            capture.processes.iter().enumerate().map(|(number, process)| match naming {
                Naming::Real => {
                    names.fresh(&process.comm, &format!("-{}", process.pid), usize::MAX)
                }
                Naming::Clean => names.fresh("P", &number.to_string(), usize::MAX),
            });
        let processes = processes.collect();
        Self { capture, naming, names, files, processes, text: String::new() }
    }

    fn line(&mut self, line: impl AsRef<str>) {
        self.text.push_str(line.as_ref());
        self.text.push('\n');
    }

    /// On as many lines as it takes.
    fn comment(&mut self, text: &str) {
        let mut line = "#".to_owned();
        for word in ascii(text).split(' ') {
            if line.len() > 1 && line.len() + 1 + word.len() > COLUMNS_MAX as usize {
                self.line(&line);
                line.truncate(1);
            }
            line.push(' ');
            line.push_str(word);
        }
        self.line(line);
    }

    fn head(&mut self) {
        let (processes, files) = (self.processes.len(), &self.capture.files);
        let pages: u64 = files.iter().map(|file| file.pages).sum();
        let what = match files.len() {
            1 => "one file".to_owned(),
            count => format!("{count} files"),
        };
        self.line(format!("title {processes} processes share {what} of {pages} pages"));
        for remark in &self.capture.remarks {
            self.comment(remark);
        }
        self.line("");
    }

    fn declarations(&mut self) {
        let touched = self.all_mappings().any(|mapping| !mapping.touched.is_empty());
        if touched {
            // Else a load would map the pages around it as well.
            self.line("faround 4K");
        }
        if self.all_mappings().any(|m| m.mapping.end > Levels::Four.task_size()) {
            self.line("levels 5");
        }
        for (name, file) in self.files.clone().iter().zip(&self.capture.files) {
            let line = format!("file {name} shmem {}", file.pages);
            let comment = match self.naming {
                Naming::Real => format!("  # {}", tail(&ascii(&file.path), line.len() + 4)),
                Naming::Clean => String::new(),
            };
            self.line(line + &comment);
        }
        let mut line = "proc".to_owned();
        let unrelated = self.processes.clone().into_iter().zip(&self.capture.processes);
        for (name, _) in unrelated.filter(|(_, process)| process.forked_from.is_none()) {
            if line.len() + 1 + name.len() > COLUMNS_MAX as usize {
                self.line(&line);
                line.truncate("proc".len());
            }
            line.push(' ');
            line.push_str(&name);
        }
        self.line(line);
        self.line("");
    }

    /// What each process maps, by `map` or inherited by `fork`; then what it touched.
    fn mappings(&mut self) {
        let mut labels: Vec<Vec<String>> = Vec::new();
        for (process, name) in self.capture.processes.iter().zip(self.processes.clone()) {
            let own = match process.forked_from {
                Some(parent) => {
                    self.line(format!("fork {} {name}", self.processes[parent]));
                    let base =
                        |label: &String| label.split('.').next().unwrap_or_default().to_owned();
                    labels[parent].iter().map(|label| format!("{}.{name}", base(label))).collect()
                }
                None => self.map_lines(process, &name),
            };
            labels.push(own);
        }
        self.line("");
        for (process, labels) in self.capture.processes.iter().zip(labels) {
            for (mapping, label) in process.mappings.iter().zip(labels) {
                self.text.push_str(&touched(&label, mapping));
            }
        }
        self.line("");
    }

    /// The labels of the mappings.
    fn map_lines(&mut self, process: &CapturedProcess, name: &str) -> Vec<String> {
        let mut labels = Vec::new();
        for mapping in &process.mappings {
            let label = self.names.label();
            let (first, count) = mapping.pages();
            let (file, at) = (&self.files[mapping.file], mapping.mapping.start);
            let modes = modes(mapping);
            self.line(format!("map {label} {name} {file} {first}+{count} @{at:x} {modes}"));
            labels.push(label);
        }
        labels
    }

    /// A walk over the first file, from its first touched page on.
    fn walk(&mut self) {
        let Some(file) = self.files.first() else { return };
        let mappings = self.all_mappings().filter(|mapping| mapping.file == 0);
        let touched = mappings
            .clone()
            .filter_map(|mapping| Some(mapping.pages().0 + mapping.touched.first()?.first));
        let (asked, pages) = (&self.capture.pages, self.capture.files[0].pages);
        let first = touched.min().unwrap_or(asked.start.min(pages - 1));
        let room = WALKED_SLOTS_MAX / (mappings.count() as u64).max(1);
        let count = (pages.min(asked.end) - first).min(room.max(1));
        let line = format!("wp {file} {first}+{count}");
        self.line(line);
    }

    fn all_mappings(&self) -> impl Iterator<Item = &'c CapturedMapping> + Clone + use<'c> {
        self.capture.processes.iter().flat_map(|process| &process.mappings)
    }
}

fn base_name(file: &CapturedFile) -> &str {
    let path = file.path.strip_suffix(" (deleted)").unwrap_or(&file.path);
    path.rsplit(['/', ':']).next().unwrap_or(path)
}

fn modes(captured: &CapturedMapping) -> String {
    let mapping = &captured.mapping;
    let mut modes = String::new();
    for (has, letter) in [(mapping.read, 'r'), (mapping.write, 'w'), (mapping.exec, 'x')] {
        if has {
            modes.push(letter);
        }
    }
    if modes.is_empty() {
        modes.push_str("none");
    }
    if !mapping.shared {
        modes.push_str(" private");
    } else if mapping.vm_flags.is_some_and(|flags| !flags.may_write) {
        modes.push_str(" ro-fd");
    }
    modes
}

/// One line a run of pages.
fn touched(label: &str, captured: &CapturedMapping) -> String {
    let (pgoff, _) = captured.pages();
    captured.touched.iter().fold(String::new(), |mut lines, run| {
        let verb = if run.written { "store" } else { "load" };
        writeln!(lines, "{verb} {label} {}+{}", pgoff + run.first, run.count)
            .expect("a string takes what it is given");
        lines
    })
}

/// The end of a path, as much as fits a line behind `column`.
fn tail(path: &str, column: usize) -> String {
    let room = (COLUMNS_MAX as usize).saturating_sub(column);
    match path.len().checked_sub(room) {
        None | Some(0) => path.to_owned(),
        Some(over) => format!("...{}", path.get(over + 3..).unwrap_or_default()),
    }
}

fn ascii(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect()
}
