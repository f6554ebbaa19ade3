//! `run`, `trace`, `fmt`, `link`, `unlink`, the built binary: what they print and how they exit.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

const STORY: &str = "\
title Two writers
file data shmem 8
proc P1 P2
map A P1 data 0+8 @7f1000000000 rw
map B P2 data 4+4 @7f2000000000 rw
store A 3+2
store B 4
wp data 0+8
expect 3
";

/// Exit code, standard output, standard error.
type Ended = (Option<i32>, String, String);

fn start(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_rangewalk"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs")
}

fn rangewalk(arguments: &[&str], stdin: &str) -> Ended {
    let mut child = start(arguments);
    child.stdin.take().expect("piped").write_all(stdin.as_bytes()).expect("the input");
    let output = child.wait_with_output().expect("the output");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios")
}

#[test]
fn run_says_what_came_of_each_statement_and_every_word() {
    let (code, out, err) = rangewalk(&["run", "-"], STORY);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("    8  wp data 0+8: 3 entries write-protected\n"), "{out}");
    assert!(out.contains("1 of 1 expectations hold\n"), "{out}");
    assert!(out.contains("\nprocess P2, 4 tables\n  vma B 7f2000000000 data 4+4 rw"), "{out}");
    assert!(out.contains("    4 8400000000000825\n"), "{out}");
}

#[test]
fn run_as_json() {
    let (code, out, _) = rangewalk(&["run", "--json", "-"], &STORY.replace("expect 3", "expect 4"));
    assert_eq!(code, Some(1));
    let report: Value = serde_json::from_str(&out).expect("JSON");
    let walk = &report["statements"][7];
    assert_eq!((&walk["text"], &walk["value"]), (&"wp data 0+8".into(), &3.into()));
    assert_eq!(report["statements"][8]["verdict"], "broken");
    let remark = &report["diagnostics"][0];
    assert_eq!((&remark["line"], &remark["severity"]), (&9.into(), &"error".into()));
    let ptes = report["processes"][0]["vmas"][0]["ptes"].as_array().expect("words");
    assert_eq!(ptes.len(), 2);
    assert_eq!(ptes[0][0], 3);
    assert!(ptes[0][1].as_str().expect("hex").starts_with("84"));
}

#[test]
fn an_expectation_that_does_not_hold_exits_with_1_and_is_shown_in_place() {
    let (code, _, err) = rangewalk(&["run", "-"], &STORY.replace("expect 3", "expect 4"));
    assert_eq!(code, Some(1));
    let expected = "\
<stdin>:9:1: error: expected 4, got 3
    9 | expect 4
      | ^^^^^^^^
";
    assert_eq!(err, expected);
}

#[test]
fn bad_input_exits_with_2_and_is_shown_in_place() {
    let (code, out, err) = rangewalk(&["run", "-"], &STORY.replace("store B 4", "\tstore  BB 4"));
    assert_eq!((code, out.as_str()), (Some(2), ""));
    let expected = "\
<stdin>:7:9: error: `BB` is not a mapping that is known here
    7 |  store  BB 4
      |         ^^
      = hint: did you mean `B`?
";
    assert_eq!(err, expected);
    // Understood, but it goes wrong where no `expect` says so.
    let (code, _, err) = rangewalk(&["run", "-"], &format!("{STORY}store P1 @1000\n"));
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains("SIGSEGV") && err.contains("   10 | store P1 @1000\n"), "{err}");
    let (code, _, err) = rangewalk(&["run", "/no/such/file"], "");
    assert_eq!(code, Some(2));
    assert!(err.starts_with("/no/such/file: error: "), "{err}");
}

#[test]
fn every_command_that_reads_a_scenario_refuses_a_bad_one() {
    for command in ["run", "trace", "fmt", "link"] {
        let (code, out, err) = rangewalk(&[command, "-"], "wp data 0+8\n");
        assert_eq!((code, out.as_str()), (Some(2), ""), "{command}");
        assert!(err.starts_with("<stdin>:1:4: error: "), "{command}: {err}");
    }
}

#[test]
fn trace_is_the_golden_text_of_the_gallery() {
    let folder = scenarios().join("walk/clipped");
    let file = folder.join("scenario.txt");
    let (code, out, _) = rangewalk(&["trace", file.to_str().expect("a path")], "");
    assert_eq!(code, Some(0));
    assert_eq!(out, fs::read_to_string(folder.join("trace.txt")).expect("a trace"));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = start(&["trace", "-"]);
    let long = format!("{STORY}{}", "wp data 0+8\n".repeat(3000));
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(long.as_bytes()).expect("the input");
    drop(stdin);
    child.stdout.take().expect("piped").read_exact(&mut [0; 10]).expect("a beginning");
    let output = child.wait_with_output().expect("the output");
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

#[test]
fn fmt_prints_checks_and_writes() {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fmt.txt");
    let path = file.to_str().expect("a path");
    let ragged = STORY.replace("store B 4", "store   B  4+1   # again");
    let canonical = STORY.replace("store B 4", "store B 4  # again");
    fs::write(&file, &ragged).expect("a file");
    assert_eq!(rangewalk(&["fmt", path], "").1, canonical);
    let (code, out, _) = rangewalk(&["fmt", "--check", path], "");
    assert_eq!((code, out), (Some(1), format!("{path}:7: not in canonical form\n")));
    assert_eq!(rangewalk(&["fmt", "--write", path], "").0, Some(0));
    assert_eq!(fs::read_to_string(&file).expect("a file"), canonical);
    assert_eq!(rangewalk(&["fmt", "--check", path], "").0, Some(0));
    // What is not understood is not touched.
    let broken = format!("{ragged}what\n");
    fs::write(&file, &broken).expect("a file");
    assert_eq!(rangewalk(&["fmt", "--write", path], "").0, Some(2));
    assert_eq!(fs::read_to_string(&file).expect("a file"), broken);
    fs::remove_file(&file).expect("gone");
}

#[test]
fn a_link_holds_the_text_as_written_and_the_step() {
    let (code, link, _) = rangewalk(&["link", "--step", "12", "-"], STORY);
    assert_eq!(code, Some(0));
    assert!(link.starts_with("#1.") && link.ends_with('\n') && link.len() < 200, "{link}");
    for form in [link.trim(), link.trim().trim_start_matches('#'), &format!("http://x/y{link}")] {
        let (code, text, err) = rangewalk(&["unlink", form], "");
        assert_eq!((code, text.as_str()), (Some(0), STORY));
        assert_eq!(err, "link: note: it opens with 12 steps done\n");
    }
    assert_eq!(rangewalk(&["unlink", "-"], &link).1, STORY);
    let (code, _, err) = rangewalk(&["link", "--step", "99999", "-"], STORY);
    assert_eq!(code, Some(2));
    assert!(err.starts_with("<stdin>: error: --step 99999 is behind the end"), "{err}");
}

#[test]
fn a_link_that_cannot_be_opened_exits_with_2() {
    let (_, link, _) = rangewalk(&["link", "-"], STORY);
    for bad in [&link[..link.len() / 2], "#9.AAAA", "#about", "", "#1.!!!"] {
        let (code, out, err) = rangewalk(&["unlink", bad], "");
        assert_eq!((code, out.as_str()), (Some(2), ""), "{bad}");
        assert!(err.starts_with("link: error: this "), "{bad}: {err}");
    }
}

/// The argument's own scenarios, and every lane there is.
#[test]
fn compare_sets_lanes_side_by_side() {
    let narrow = |out: &str| {
        assert!(out.is_ascii());
        assert!(out.lines().all(|line| line.len() <= 72), "{out}");
    };
    for entry in fs::read_dir(scenarios().join("argument")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("a scenario");
        let (code, out, _) = rangewalk(&["compare", "-"], &text);
        if text.contains("\ncompare ") {
            assert_eq!(code, Some(0), "{}", path.display());
            narrow(&out);
        } else {
            assert_eq!(code, Some(2), "{}", path.display());
        }
    }
    let story = "file bo dev-pagetable 8\nproc P\nmap A P bo 0+8 @7f1000000000 rw\nstore A\n\
        compare bo 0+8 wp clean-skip wp-skip wrprotect wrprotect-pages softclear\nstore A 3\n";
    let (code, out, err) = rangewalk(&["compare", "-"], story);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    narrow(&out);
    let queries = out.lines().find_map(|line| line.strip_prefix("tree queries"));
    let queries: Vec<&str> = queries.expect("a row").split_whitespace().collect();
    assert_eq!(queries, ["1", "1", "1", "1", "8", "0"]);
    assert!(out.contains("\nwp: 8 entries read-only; the dirt of 8 moved to bit 58.\n"), "{out}");

    let (code, out, _) = rangewalk(&["compare", "--json", "-"], story);
    assert_eq!(code, Some(0));
    let json: Value = serde_json::from_str(&out).expect("JSON");
    let lane = &json["lanes"][4];
    assert_eq!(lane["lane"], "wrprotect-pages");
    assert_eq!(lane["job"]["score"]["tree-queries"], 8);
    assert_eq!(lane["job"]["score"]["dirt-lost"], 8);
    assert_eq!(lane["after"]["score"]["write-faults"], 1);
    let end = &json["ranges"][0]["entries"][3]["ends"][0];
    assert_eq!((&end[1], &end[2]), (&"read-only".into(), &"moved to bit 58".into()));
}

#[test]
fn compare_with_nothing_to_compare_and_what_a_kernel_cannot_do() {
    let (code, out, err) = rangewalk(&["compare", "-"], STORY);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("it compares nothing"), "{err}");
    let old = STORY.replace("wp data 0+8\nexpect 3", "compare data 0+8 wp wrprotect");
    let (code, out, err) = rangewalk(&["compare", "-"], &format!("kernel 6.12\n{old}"));
    assert_eq!(code, Some(2));
    assert!(out.contains("\nwrprotect: it fails with EOPNOTSUPP"), "{out}");
    assert!(err.contains("mapping_wrprotect_range came with 6.15"), "{err}");
}

#[test]
fn sweep_prints_a_table_csv_and_the_scenario_of_a_point() {
    let story =
        STORY.replace("wp data 0+8\nexpect 3", "compare data 0+8 wp mkclean\nsweep pages 1..8");
    let (code, out, err) = rangewalk(&["sweep", "--metric", "job:tree-queries", "-"], &story);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    // Three of twelve entries are there: a quarter, so two pages of eight.
    assert!(out.contains("        8           1           2\n"), "{out}");
    let (_, out, _) = rangewalk(&["sweep", "--csv", "-"], &story);
    let mut lines = out.lines();
    let head: Vec<&str> = lines.next().expect("a head").split(',').collect();
    assert_eq!(&head[..3], ["pages", "lane", "job:tree-queries"]);
    // 1, 2, 3, 4, 6 and 8 pages, two lanes each.
    assert_eq!(lines.clone().count(), 12);
    assert!(lines.all(|line| line.split(',').count() == head.len()));
    let (_, point, _) = rangewalk(&["sweep", "--at", "6", "-"], &story);
    assert!(point.contains("\ncompare data 0+6 wp mkclean\n"), "{point}");
    assert_eq!(rangewalk(&["compare", "-"], &point).0, Some(0));
    for (bad, said) in
        [("7,8", "one value for each axis"), ("0", "out of bounds"), ("x", "no number")]
    {
        let (code, _, err) = rangewalk(&["sweep", "--at", bad, "-"], &story);
        assert!(code == Some(2) && err.contains(said), "{err}");
    }
}

#[test]
fn argue_tells_every_claim() {
    let (code, out, _) = rangewalk(&["argue"], "");
    assert_eq!(code, Some(0));
    assert!(out.lines().all(|line| line.len() <= 72), "{out}");
    assert_eq!(out.matches("\n   => ").count(), 8);
    let (_, scenario, _) = rangewalk(&["argue", "--scenario", "closest"], "");
    assert_eq!(rangewalk(&["compare", "-"], &scenario).0, Some(0));
}

#[test]
fn film_tells_frames_switches_and_what_each_method_costs() {
    let story = fs::read_to_string(scenarios().join("film/frames.txt")).expect("a story");
    let (code, out, err) = rangewalk(&["film", "-"], &story);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.lines().all(|line| line.len() <= 72), "{out}");
    assert!(out.contains("\nframe   82: the driver goes over to pagetable\n"), "{out}");
    let (_, moved, _) = rangewalk(&["film", "--scans", "0", "-"], &story);
    assert!(moved.contains("\nframe   80: the driver goes over to pagetable\n"), "{moved}");
    assert_eq!(rangewalk(&["film", "-"], STORY).0, Some(2));
}
