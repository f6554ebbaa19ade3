//! Puts a capture in order and cuts it down to what a scenario holds, the most interesting first.

use std::cmp::Reverse;

use rangewalk_core::scenario::limits::{FILES_MAX, MAPPINGS_MAX, PROCESSES_MAX};

use super::gather::{Capture, CapturedFile};

/// Processes by birth, files by interest, no more of either than the language has room for.
pub(super) fn tidy(capture: &mut Capture) {
    capture.processes.sort_by_key(|process| (process.origin.started, process.pid));
    files_by_interest(capture);
    trim(capture);
    families(capture);
}

/// Memory that several processes share and somebody may write to is what walks are for. A locale's
/// cache, mapped by everybody, is dull.
fn files_by_interest(capture: &mut Capture) {
    let Capture { files, processes, .. } = capture;
    let interest = |place: usize, file: &CapturedFile| {
        let own = processes.iter().filter_map(|process| {
            let mut own = process.mappings.iter().filter(|captured| captured.file == place);
            let first = own.next()?;
            Some(own.chain([first]).any(|c| c.mapping.shared && c.mapping.write))
        });
        let writable: Vec<bool> = own.collect();
        (writable.contains(&true), writable.len(), file.pages)
    };
    let mut order: Vec<usize> = (0..files.len()).collect();
    order.sort_by_key(|place| Reverse(interest(*place, &files[*place])));
    *files = order.iter().map(|place| files[*place].clone()).collect();
    for captured in processes.iter_mut().flat_map(|process| &mut process.mappings) {
        let place = order.iter().position(|place| *place == captured.file);
        captured.file = place.expect("every file has its place");
    }
}

fn trim(capture: &mut Capture) {
    let Capture { files, processes, remarks, .. } = capture;
    files.truncate(FILES_MAX);
    let (mut files_over, mut mappings_over, mut room) = (0, 0, MAPPINGS_MAX);
    for process in processes.iter_mut() {
        let all = process.mappings.len();
        process.mappings.retain(|captured| captured.file < FILES_MAX);
        let sayable = process.mappings.len();
        process.mappings.truncate(room);
        room -= process.mappings.len();
        files_over += all - sayable;
        mappings_over += sayable - process.mappings.len();
    }
    processes.retain(|process| !process.mappings.is_empty());
    let processes_over = processes.len().saturating_sub(PROCESSES_MAX);
    processes.truncate(PROCESSES_MAX);
    for (count, what, limit) in [
        (files_over, "mappings", format!("{FILES_MAX} files")),
        (mappings_over, "mappings", MAPPINGS_MAX.to_string()),
        (processes_over, "processes", PROCESSES_MAX.to_string()),
    ] {
        if count > 0 {
            remarks.push(format!("{what} left out: {count} (the limit is {limit})"));
        }
    }
}

/// Which processes were forked with what they map. A child that maps the same at the same addresses
/// has it from its parent: other addresses are random.
fn families(capture: &mut Capture) {
    let processes = &mut capture.processes;
    for child in 1..processes.len() {
        let parent = processes[..child].iter().rposition(|parent| {
            parent.pid == processes[child].origin.parent
                && parent.mappings == processes[child].mappings
        });
        processes[child].forked_from = parent;
    }
}
