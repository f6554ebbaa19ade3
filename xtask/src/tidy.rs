//! Rules of the house that no compiler checks, as tests: they read the sources, name each breach.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::shell::root;

const FILE_LINES_MAX: usize = 600;
const LINE_COLUMNS_MAX: usize = 100;
/// Markup nests deep, and rustfmt leaves it alone.
const MARKUP_COLUMNS_MAX: usize = 120;

/// Layers of `crates/core/src`, lowest first. A module uses only those in layers before its own.
const LAYERS: [&[&str]; 6] = [
    &["addr", "kernel", "order"],
    &["arch"],
    &["machine"],
    &["mm", "trace"],
    &["link", "scenario"],
    &["compare"],
];

/// A source file: its path from the repository's top, and its text.
struct Source {
    path: String,
    text: String,
}

#[test]
fn each_file_says_what_lives_in_it() {
    let breaches =
        sources(&["crates", "xtask"]).into_iter().filter(|file| !file.text.starts_with("//!"));
    assert_none(breaches.map(|file| format!("{}: line 1 is no `//!`", file.path)));
}

#[test]
fn files_are_short_and_lines_fit() {
    let mut breaches = Vec::new();
    for file in sources(&["crates", "xtask"]) {
        let count = file.text.lines().count();
        if count > FILE_LINES_MAX {
            breaches.push(format!("{}: {count} lines, limit {FILE_LINES_MAX}", file.path));
        }
        let markup = file.path.starts_with("crates/web/src/view/");
        let columns_max = if markup { MARKUP_COLUMNS_MAX } else { LINE_COLUMNS_MAX };
        for (number, line) in (1..).zip(file.text.lines()) {
            if line.chars().count() > columns_max {
                breaches.push(format!("{}:{number}: over {columns_max} columns", file.path));
            }
        }
    }
    assert_none(breaches);
}

#[test]
fn the_core_is_layered() {
    let mut breaches = Vec::new();
    for file in sources(&["crates/core/src"]) {
        let own = first_word(file.path.trim_start_matches("crates/core/src/"));
        if own == "lib" {
            continue;
        }
        let Some(own_layer) = layer(own) else {
            breaches.push(format!("{}: {own} is in no layer", file.path));
            continue;
        };
        for used in file.text.split("crate::").skip(1).map(first_word) {
            if used != own && layer(used).is_some_and(|layer| layer >= own_layer) {
                breaches.push(format!("{}: uses crate::{used}", file.path));
            }
        }
    }
    assert_none(breaches);
}

#[test]
fn the_page_names_the_browser_in_one_place() {
    let mut breaches = Vec::new();
    for file in sources(&["crates/web/src"]) {
        let inside = file.path.trim_start_matches("crates/web/src/");
        if inside.starts_with("platform") || inside == "main.rs" {
            continue;
        }
        if file.text.contains("gloo::") {
            breaches.push(format!("{}: names gloo", file.path));
        }
        for names in file.text.split("web_sys::").skip(1) {
            if !web_names(names).iter().all(|name| is_event_type(name)) {
                breaches
                    .push(format!("{}: names web_sys beyond events and their targets", file.path));
            }
        }
    }
    assert_none(breaches);
}

#[test]
fn the_map_names_only_what_exists() {
    let map = text("ARCHITECTURE.md");
    let is_path = |word: &&str| {
        let known =
            ["crates/", "xtask/", "docs/", "tests/", "static/", "scenarios/", ".ci/", ".github/"];
        known.iter().any(|folder| word.starts_with(folder)) && !word.contains(['*', '<', '{', ' '])
    };
    // Every second piece between backticks is code.
    let paths = map.split('`').skip(1).step_by(2).filter(is_path);
    let missing = paths.filter(|path| !root().join(path).exists());
    assert_none(missing.map(|path| format!("ARCHITECTURE.md: no {path}")));
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut breaches = Vec::new();
    for document in documents() {
        let folder = document.parent().unwrap_or(root());
        let text = fs::read_to_string(&document).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap_or_default();
            if !link.contains("://") && !path.is_empty() && !folder.join(path).exists() {
                breaches.push(format!("{}: no {link}", document.display()));
            }
        }
    }
    assert_none(breaches);
}

/// A simplification is marked `FIDELITY: name` in the code, and docs/fidelity.md explains it under
/// the heading `## name`.
#[test]
fn simplifications_are_all_told() {
    let mut marked = BTreeSet::new();
    for file in sources(&["crates"]) {
        let names =
            file.text.split("FIDELITY: ").skip(1).filter_map(|rest| rest.split_whitespace().next());
        marked
            .extend(names.map(|name| name.trim_matches(|c: char| !c.is_alphanumeric()).to_owned()));
    }
    let page = text("docs/fidelity.md");
    let headings = page.lines().filter_map(|line| line.strip_prefix("## "));
    let told: BTreeSet<String> = headings.filter(|h| !h.contains(' ')).map(str::to_owned).collect();
    let unmarked =
        told.difference(&marked).map(|name| format!("{name}: told, but not in the code"));
    let untold = marked.difference(&told).map(|name| format!("{name}: in the code, but not told"));
    assert_none(unmarked.chain(untold));
}

#[test]
fn the_changelog_is_open() {
    let changelog = text("CHANGELOG.md");
    let first = changelog.lines().find(|line| line.starts_with("## "));
    assert_eq!(first, Some("## Unreleased"), "CHANGELOG.md: the first section is not Unreleased");
}

/// All breaches at once: one run tells everything there is to mend.
fn assert_none(breaches: impl IntoIterator<Item = String>) {
    let breaches: Vec<String> = breaches.into_iter().collect();
    assert!(breaches.is_empty(), "\n{}", breaches.join("\n"));
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|modules| modules.contains(&module))
}

/// The name that `text` starts with.
fn first_word(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

/// The names right after `web_sys::`: one, or those of a list in braces.
fn web_names(text: &str) -> Vec<&str> {
    match text.strip_prefix('{').and_then(|list| list.split('}').next()) {
        Some(list) => list.split(',').map(str::trim).filter(|name| !name.is_empty()).collect(),
        None => vec![first_word(text)],
    }
}

/// What a component's closures must name: events, and the elements they come from.
fn is_event_type(name: &str) -> bool {
    name.ends_with("Event") || name.ends_with("Element")
}

/// The document's text: one that is not there says nothing.
fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_default()
}

/// The Rust files under those folders.
fn sources(folders: &[&str]) -> Vec<Source> {
    let mut paths = Vec::new();
    for folder in folders {
        collect(&root().join(folder), "rs", &mut paths);
    }
    assert!(!paths.is_empty(), "no sources under {folders:?}");
    let relative =
        |path: &Path| path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
    paths
        .iter()
        .map(|path| Source { path: relative(path), text: fs::read_to_string(path).unwrap() })
        .collect()
}

/// The documents at the top and in docs/.
fn documents() -> Vec<PathBuf> {
    let top = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> =
        top.filter(|path| path.extension().is_some_and(|x| x == "md")).collect();
    collect(&root().join("docs"), "md", &mut paths);
    paths
}

fn collect(folder: &Path, extension: &str, paths: &mut Vec<PathBuf>) {
    for entry in
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
    {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, extension, paths);
        } else if path.extension().is_some_and(|found| found == extension) {
            paths.push(path);
        }
    }
}
