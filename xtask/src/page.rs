//! The page's build: the program is compiled, cut into its parts, bound to JavaScript and shrunk;
//! the styles become two files; index.html is told where all that is.

use std::ffi::OsString;
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use wasm_split_cli_support::{Options, transform};

use crate::shell::{command, run};
use crate::tools::{PageTools, Shrink};

/// The styles of the first picture, in the order in which they build on each other.
const STYLES: &[&str] = &["static/base.css", "static/shell.css", "static/stage.css"];
/// The styles of what is shown later.
const LATE_STYLES: &[&str] = &["static/panels.css", "static/compare.css"];
/// What the page starts its worker with.
const WORKER: &str = "worker.js";
/// What a picture is painted with that somebody takes away.
const PAINTER: &str = "painter.js";
/// What stands in index.html for the folder of the files below.
const FOLDER: &str = "FILES";
/// Where the program is built: apart, for the compiler is asked for other things than elsewhere.
const BUILD: &str = "target/page-build";
/// Where the page is put together.
const WORK: &str = "target/page";

/// Builds the page into `dist/`, which then holds nothing else.
pub(crate) fn build(tools: &PageTools) -> Result<()> {
    let files = Path::new(WORK).join(FOLDER);
    if Path::new(WORK).exists() {
        fs::remove_dir_all(WORK)?;
    }
    fs::create_dir_all(&files)?;
    program(tools, &files)?;
    for (name, styles) in [("page.css", STYLES), ("late.css", LATE_STYLES)] {
        let styles = styles.iter().map(fs::read_to_string);
        fs::write(files.join(name), styles.collect::<std::io::Result<Vec<_>>>()?.concat())?;
    }
    for script in ["boot.js", WORKER, PAINTER] {
        fs::copy(Path::new("static").join(script), files.join(script))?;
    }
    if tools.npm == Shrink::Can {
        shrink(tools, &files)?;
    }
    // All of them change their address together: parts of two builds never meet.
    let folder = format!("page-{:016x}", hash(&files)?);
    fs::rename(&files, Path::new(WORK).join(&folder))?;
    let html = fs::read_to_string("index.html")?.replace(FOLDER, &folder);
    fs::write(Path::new(WORK).join("index.html"), html)?;
    if Path::new("dist").exists() {
        fs::remove_dir_all("dist")?;
    }
    fs::rename(WORK, "dist").context("could not move the page to dist/")
}

/// The program: `rangewalk.js`, `rangewalk_bg.wasm`, and the late parts that it fetches itself.
fn program(tools: &PageTools, files: &Path) -> Result<()> {
    // The cut follows the linker's own record of what refers to what, and names.
    let mut cargo = command("cargo rustc --profile wasm --target wasm32-unknown-unknown");
    cargo.args(["--package", "rangewalk-web", "--bin", "rangewalk-web"]);
    cargo.args(["--target-dir", BUILD]);
    if tools.std == Shrink::Can {
        cargo.args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"]);
        cargo.env("RUSTFLAGS", "-Zunstable-options -Cpanic=immediate-abort");
        // Not stable yet, but in the compiler at hand: no other need be fetched.
        cargo.env("RUSTC_BOOTSTRAP", "1");
    }
    run(cargo.args(["--", "-Clink-arg=--emit-relocs", "-Cstrip=none"]))?;
    let whole = Path::new(BUILD).join("wasm32-unknown-unknown/wasm/rangewalk-web.wasm");
    let whole = fs::read(whole)?;
    let cut = files.join("rangewalk.wasm");
    let mut options = Options::new(&whole);
    (options.output_dir, options.main_out_path) = (files, &cut);
    (options.main_module, options.link_name) = ("./rangewalk.js", "./parts.js");
    transform(options).map_err(|error| anyhow!("the program could not be cut: {error:#}"))?;
    run(command("wasm-bindgen --target web --no-typescript --keep-lld-exports")
        .arg("--remove-name-section")
        .args([Path::new("--out-dir"), files, &cut])
        .env("PATH", &tools.path))?;
    fs::remove_file(&cut)?;
    Ok(())
}

/// The same files, smaller.
fn shrink(tools: &PageTools, files: &Path) -> Result<()> {
    let is_wasm = |file: &PathBuf| file.extension() == Some("wasm".as_ref());
    let (wasm, texts): (Vec<_>, Vec<_>) = sorted(files)?.into_iter().partition(is_wasm);
    for file in wasm {
        // The linker puts the stack lowest: nothing lives in its last kilobyte.
        run(command("wasm-opt -Oz --strip-debug --strip-producers --low-memory-unused")
            .args(["--enable-bulk-memory", "--enable-nontrapping-float-to-int"])
            .args(["--enable-sign-ext", "--enable-mutable-globals"])
            .args(["--enable-reference-types", "--enable-multivalue", "-o"])
            .args([&file, &file])
            .env("PATH", &tools.path))?;
    }
    let mut folder = OsString::from("--outdir=");
    folder.push(files);
    run(command("esbuild --minify --allow-overwrite --log-level=warning")
        .arg(folder)
        .args(texts)
        .env("PATH", &tools.path))
}

/// Of the names and contents of the files in `folder`.
fn hash(folder: &Path) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    for file in sorted(folder)? {
        hasher.write(file.as_os_str().as_encoded_bytes());
        hasher.write(&fs::read(&file)?);
    }
    Ok(hasher.finish())
}

/// The files in `folder`, by name.
pub(crate) fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    files.sort();
    Ok(files)
}

/// True for a file that the page asks for after its first picture.
pub(crate) fn is_late(file: &Path) -> bool {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    // As the cut names them: a part, and what several parts have in common.
    let late = [WORKER, PAINTER, "late.css"];
    name.starts_with("split_") || name.starts_with("chunk_") || late.contains(&name)
}
