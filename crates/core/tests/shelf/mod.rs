//! The folders of `scenarios/`, for tests.

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios").canonicalize().unwrap()
}

/// The folders that hold a scenario, sorted.
pub(crate) fn folders() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![scenarios()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.file_name().is_some_and(|name| name == "scenario.txt") {
                found.push(folder.clone());
            }
        }
    }
    found.sort();
    found
}
