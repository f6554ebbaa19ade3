//! `bench`: every figure we hold ourselves to, measured, beside its target. A report, not a test.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use flate2::{Compression, write::GzEncoder};

use crate::shell::{command, run, run_showing};
use crate::tools::{self, PageTools};
use crate::{dist, page};

/// A measured figure.
#[derive(Debug, PartialEq)]
struct Row {
    place: &'static str,
    name: String,
    value: f64,
    unit: String,
    target: String,
}

/// Measures some of the figures.
type Part = fn() -> Result<Vec<Row>>;

const FIRST_KB_MAX: f64 = 200.0;
const WHOLE_KB_MAX: f64 = 250.0;

/// Measures everything and prints the table, with what could be measured if something could not.
pub(crate) fn bench() -> Result<()> {
    let parts: [(&str, Part); 5] = [
        ("native", native),
        ("browser", browser),
        ("size", size),
        ("views", views),
        ("lighthouse", lighthouse),
    ];
    let mut rows = Vec::new();
    let mut failed = Vec::new();
    for (name, measure) in parts {
        println!("\n== {name}");
        match measure() {
            Ok(measured) => rows.extend(measured),
            Err(error) => {
                println!("error: {error:#}");
                failed.push(name);
            }
        }
    }
    print(&rows);
    if !failed.is_empty() {
        bail!("not measured: {}", failed.join(", "));
    }
    Ok(())
}

fn native() -> Result<Vec<Row>> {
    figures("native", "cargo run --quiet --release --package rangewalk-bench")
}

/// The same program in Chromium, built and shrunk like the page's.
fn browser() -> Result<Vec<Row>> {
    let tools = PageTools::set_up()?;
    tools::browsers()?;
    let build = "cargo build --quiet --package rangewalk-bench --profile wasm";
    run(command(build).args(["--target", "wasm32-unknown-unknown"]))?;
    let bindgen = "wasm-bindgen --target web --no-typescript --out-dir target/bench \
                   target/wasm32-unknown-unknown/wasm/rangewalk-bench.wasm";
    run(command(bindgen).env("PATH", &tools.path))?;
    let program = "target/bench/rangewalk-bench_bg.wasm";
    run(command("wasm-opt -O3").args([program, "-o", program]).env("PATH", &tools.path))?;
    figures("browser", "node tests/browser/bench-figures.mjs target/bench")
}

/// What a visitor downloads, compressed as a web server does it: before the first picture, and in
/// all, with the parts that come later.
fn size() -> Result<Vec<Row>> {
    dist::dist()?;
    let (mut first, mut whole) = (0, 0);
    for folder in page::sorted(Path::new("dist"))?.iter().filter(|path| path.is_dir()) {
        for path in page::sorted(folder)? {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
            gzip.write_all(&fs::read(&path)?)?;
            let bytes = u32::try_from(gzip.finish()?.len())?;
            let late = page::is_late(&path);
            println!("{bytes:>8} bytes {}  {}", if late { "late" } else { "    " }, path.display());
            whole += bytes;
            first += if late { 0 } else { bytes };
        }
    }
    let row = |name: &str, bytes: u32, most: f64| Row {
        place: "page",
        name: format!("{name}: wasm + js + css, gzip"),
        value: f64::from(bytes) / 1000.0,
        unit: "kB".into(),
        target: format!("<= {most}"),
    };
    Ok(vec![row("first load", first, FIRST_KB_MAX), row("whole page", whole, WHOLE_KB_MAX)])
}

/// Of the page in dist/: a large comparison and a large sweep.
fn views() -> Result<Vec<Row>> {
    tools::node_modules()?;
    tools::browsers()?;
    let mut rows = figures("page", "node tests/browser/bench-compare.mjs")?;
    rows.extend(figures("page", "node tests/browser/bench-sweep.mjs")?);
    Ok(rows)
}

/// Of the page in dist/.
fn lighthouse() -> Result<Vec<Row>> {
    tools::node_modules()?;
    tools::browsers()?;
    figures("page", "node tests/browser/bench-lighthouse.mjs")
}

/// Runs a program that prints figures, and collects them.
fn figures(place: &'static str, words: &str) -> Result<Vec<Row>> {
    let (status, shown) = run_showing(&mut command(words))?;
    if !status.success() {
        bail!("`{words}` failed ({status})");
    }
    shown.lines().filter(|line| line.starts_with("figure\t")).map(|line| row(place, line)).collect()
}

/// A row from `figure`, name, value, unit and target with tabs between.
fn row(place: &'static str, line: &str) -> Result<Row> {
    let [_, name, value, unit, target] = line.split('\t').collect::<Vec<_>>()[..] else {
        bail!("not a figure's line: {line}");
    };
    let value = value.parse().with_context(|| format!("not a number: {line}"))?;
    Ok(Row { place, name: name.into(), value, unit: unit.into(), target: target.into() })
}

fn is_met(row: &Row) -> bool {
    let limit = |mark: &str| row.target.strip_prefix(mark)?.trim().parse::<f64>().ok();
    limit("<=").is_some_and(|most| row.value <= most)
        || limit(">=").is_some_and(|least| row.value >= least)
}

fn print(rows: &[Row]) {
    println!("\n| figure | where | measured | target | |\n|---|---|--:|--:|---|");
    for row in rows {
        let Row { place, name, value, unit, target } = row;
        let mark = if is_met(row) { "met" } else { "MISSED" };
        println!("| {name} | {place} | {value:.1} {unit} | {target} | {mark} |");
    }
    let met = rows.iter().filter(|row| is_met(row)).count();
    println!("\n{met} of {} targets met", rows.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_judged_by_its_own_target() {
        let met = |line| is_met(&row("native", line).unwrap());
        assert!(met("figure\ta\t2\tns\t<= 2"));
        assert!(!met("figure\ta\t2.1\tns\t<= 2"));
        assert!(met("figure\ta\t95\tof 100\t>= 95"));
        assert!(!met("figure\ta\t94\tof 100\t>= 95"));
    }

    #[test]
    fn a_malformed_line_is_an_error() {
        assert!(row("native", "figure\ta\tfast\tns\t<= 2").is_err());
        assert!(row("native", "figure\ta\t2").is_err());
    }
}
