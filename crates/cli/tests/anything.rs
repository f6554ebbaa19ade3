//! Whatever is read, nothing panics or hangs: random changes of scenarios and scripts that are
//! good, and of answers to them.

#[path = "../../../fuzz/properties.rs"]
mod properties;

use proptest::prelude::*;
use rangewalk::conform::script;
use rangewalk_core::compare::argument::CLAIMS;
use rangewalk_core::scenario::gallery::GALLERY;

/// One change of a text of lines of words.
#[derive(Clone, Debug)]
enum Change {
    /// A line goes.
    Drop(usize),
    /// A line comes again somewhere else.
    Repeat(usize, usize),
    /// A word takes the place of another one, from anywhere in the text.
    Word(usize, usize, usize),
    /// A word becomes this number.
    Number(usize, usize, u64),
    /// A character becomes another one.
    Char(usize, char),
}

fn change() -> impl Strategy<Value = Change> {
    let place = || 0..10_000usize;
    let number = prop_oneof![0..64u64, Just(512), Just(4096), any::<u64>()];
    prop_oneof![
        1 => place().prop_map(Change::Drop),
        2 => (place(), place()).prop_map(|(from, to)| Change::Repeat(from, to)),
        4 => (place(), place(), place()).prop_map(|(line, word, by)| Change::Word(line, word, by)),
        4 => (place(), place(), number).prop_map(|(line, word, n)| Change::Number(line, word, n)),
        1 => (place(), any::<char>()).prop_map(|(at, to)| Change::Char(at, to)),
    ]
}

fn changed(text: &str, changes: &[Change]) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for change in changes {
        let len = lines.len().max(1);
        match *change {
            Change::Drop(line) if len > 1 => drop(lines.remove(line % len)),
            Change::Repeat(from, to) => lines.insert(to % len, lines[from % len].clone()),
            Change::Word(line, word, by) => {
                put(&mut lines[line % len], word, words[by % words.len()]);
            }
            Change::Number(line, word, n) => put(&mut lines[line % len], word, &n.to_string()),
            Change::Char(at, to) => {
                let line = &mut lines[at % len];
                let mut chars: Vec<char> = line.chars().collect();
                if let Some(place) = at.checked_rem(chars.len()) {
                    chars[place] = to;
                    *line = chars.into_iter().collect();
                }
            }
            Change::Drop(_) => {}
        }
    }
    lines.join("\n")
}

/// Puts `text` in the place of a word of the line.
fn put(line: &mut String, word: usize, text: &str) {
    let mut words: Vec<&str> = line.split_whitespace().collect();
    if let Some(place) = word.checked_rem(words.len()) {
        words[place] = text;
        *line = words.join(" ");
    }
}

/// The scenarios of a golden script, each as a script of its own.
fn scripts() -> Vec<String> {
    let all = ["facts", "merge", "facts73", "trace"].map(|name| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../golden");
        std::fs::read_to_string(format!("{folder}/{name}.txt")).expect(name)
    });
    let cases = all.iter().flat_map(|text| text.split("\nscenario ").skip(1));
    cases.map(|case| format!("scenario {case}\n")).collect()
}

/// An answer to the fuzzer's script, line by line.
const ANSWERS: &str = r#"{"kernel":"6.12.117"}
{"s":"all","ops":[{"op":"file 0 memfd 4","rc":0},
{"op":"tree 0","nodes":[[0,0,0,3,3,-1,"-","b"]]},{"op":"trdump","trace":["x"]}]}
{"done":1}"#;

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// What the fuzzers, or thinking about them, brought up.
#[test]
fn a_bitmap_may_show_less_than_is_cleaned() {
    let head = "scenario s\nfile 0 memfd 8\nproc 0\nmap 0 0 0 8 0 srw\nw 0 0 8\n";
    properties::golden_script(&format!("{head}bmreset 0 2\nclean 0 0 8 0\n"));
    properties::golden_script(&format!(
        "{head}fill 0 8 8\nmap 0 0 0 8 8 srw\nw 0 0 8\nclean 0 0 16 0\n"
    ));
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn scenarios(
        which in 0..GALLERY.len(),
        changes in prop::collection::vec(change(), 0..24),
    ) {
        properties::scenario(&changed(GALLERY[which].text, &changes));
    }

    #[test]
    fn comparisons(
        which in 0..CLAIMS.len(),
        changes in prop::collection::vec(change(), 0..12),
    ) {
        let changed = changed(CLAIMS[which].scenario, &changes);
        properties::scenario(&changed);
        properties::comparison(&changed);
    }

    #[test]
    fn golden_scripts(
        which in 0..10_000usize,
        changes in prop::collection::vec(change(), 0..24),
    ) {
        let scripts = scripts();
        let changed = changed(&scripts[which % scripts.len()], &changes);
        // What is not understood is left out, line by line, so that the rest is replayed.
        let mut kept = String::new();
        for line in changed.lines() {
            let longer = format!("{kept}{line}\n");
            if script::parse(&longer).is_ok() {
                kept = longer;
            }
        }
        properties::golden_script(&changed);
        properties::golden_script(&kept);
    }

    #[test]
    fn answers(changes in prop::collection::vec(change(), 0..8)) {
        let script = script::parse(include_str!("../../../fuzz/answers-script.txt")).unwrap();
        properties::answers(&script, &changed(ANSWERS, &changes));
    }

    #[test]
    fn links(
        which in 0..GALLERY.len(),
        changes in prop::collection::vec(change(), 0..8),
        fragment in "1\\.[A-Za-z0-9_-]{0,200}",
    ) {
        properties::link(&changed(GALLERY[which].text, &changes));
        properties::link(&fragment);
    }
}
