//! `rangewalk conform`, the built binary: what it prints and how it exits.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SCRIPT: &str = "\
# One store, then protected.
scenario small
file 0 memfd 4
proc 0
map 0 0 0 4 0 srw
w 0 1 1
wp 0 0 4
dump
scenario other
proc 0
cat /proc/version
proc 1
";

const ANSWERS: &str = concat!(
    r#"{"kernel":"6.12.117+deb12-amd64"}"#,
    "\n",
    r#"{"s":"small","ops":[{"op":"file 0 memfd 4","rc":0},{"op":"proc 0","rc":0},"#,
    r#"{"op":"map 0 0 0 4 0 srw","rc":0},{"op":"w 0 1 1","rc":0,"hits":"1"},"#,
    r#"{"op":"wp 0 0 4","rc":0,"n":1},{"op":"dump","procs":[{"p":0,"vmas":["#,
    r#"{"a":0,"n":4,"o":0,"f":0,"fl":"80000fb","pp":"8000000000000027","#,
    r#""t":"0 8400000000000825 0*2","x":". f1 .*2","m":"0 1 0*2"}]}]}]}"#,
    "\n",
    r#"{"s":"other","ops":[{"op":"proc 0","rc":0},"#,
    r#"{"op":"cat /proc/version","text":"Linux"},{"op":"proc 1","rc":0}]}"#,
    "\n",
    r#"{"done":2,"secs":0.1}"#,
    "\n",
);

/// A folder that is gone when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).expect("a folder for the test");
        Self(path)
    }

    fn conform(&self, script: &str, answers: &str) -> Output {
        std::fs::write(self.0.join("script.txt"), script).expect("the script");
        std::fs::write(self.0.join("answers.jsonl"), answers).expect("the answers");
        Command::new(env!("CARGO_BIN_EXE_rangewalk"))
            .args(["conform", "script.txt", "answers.jsonl"])
            .current_dir(&self.0)
            .output()
            .expect("the binary runs")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder left behind harms nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[test]
fn an_unsupported_op_is_counted_and_its_scenario_unequal() {
    let output = Folder::new("unsupported").conform(SCRIPT, ANSWERS);
    let expected = "\
accesses       1/1
returns        4/6 (2 behind an unsupported op)
counts+bitmaps 1/1
vmas           1/1
pte words      4/4
mapped pages   4/4
mapcounts      4/4
tree           0/0
order          0/0
page cache     0/0
calls          0/0
unsupported: cat 1
conform: 1 of 2 scenarios equal (kernel 6.12)
";
    assert_eq!(text(&output.stdout), expected);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn equal_answers_exit_with_0() {
    let script = &SCRIPT[..SCRIPT.find("scenario other").expect("two scenarios")];
    let answers: Vec<&str> = ANSWERS.lines().collect();
    let answers = format!("{}\n{}\n{{\"done\":1}}\n", answers[0], answers[1]);
    let output = Folder::new("equal").conform(script, &answers);
    assert!(text(&output.stdout).ends_with("conform: 1 of 1 scenarios equal (kernel 6.12)\n"));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_difference_names_scenario_op_expected_and_got() {
    let answers = ANSWERS.replace("8400000000000825", "8400000000000025");
    let output = Folder::new("differs").conform(SCRIPT, &answers);
    let difference = "\
small, op 6: dump
  p0 vma 0+4 pte words of page 1
  expected 8400000000000025
  got      8400000000000825
";
    let text = text(&output.stdout);
    assert!(text.starts_with(difference), "{text}");
    assert!(text.contains("pte words      3/4\n"), "{text}");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn bad_input_exits_with_2_and_names_the_line() {
    let folder = Folder::new("bad");
    for (script, answers, says) in [
        (
            SCRIPT.replace("wp 0 0 4", "wp 0 0"),
            ANSWERS.to_owned(),
            "script.txt:7: error: NR is missing",
        ),
        (SCRIPT.to_owned(), ANSWERS.replace("\"n\":1}", "\"n\":1"), "answers.jsonl:2: error: "),
        (
            SCRIPT.to_owned(),
            ANSWERS.replace("proc 0", "proc 1"),
            "answers.jsonl:2: error: small, op 2",
        ),
        (
            SCRIPT.to_owned(),
            ANSWERS.replace("{\"done\":2,\"secs\":0.1}\n", ""),
            "the file ends before",
        ),
        (
            SCRIPT.to_owned(),
            ANSWERS.replace("6.12.117", "5.4.0"),
            "kernel 5.4.0+deb12-amd64 is not",
        ),
    ] {
        let output = folder.conform(&script, &answers);
        assert!(text(&output.stderr).contains(says), "{says}: {}", text(&output.stderr));
        assert_eq!(output.status.code(), Some(2), "{says}");
    }
}
