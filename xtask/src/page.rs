//! The page's build: the program is compiled, cut into its parts, bound to JavaScript and shrunk;
//! the styles become one file; index.html is told where all that is.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use wasm_split_cli_support::{Options, transform};

use crate::shell::{command, run};
use crate::tools::{PageTools, WasmOpt};

/// The styles, in the order in which they build on each other.
const STYLES: [&str; 4] =
    ["static/base.css", "static/shell.css", "static/stage.css", "static/compare.css"];
/// What the page starts its worker with.
const WORKER: &str = "worker.js";
/// What stands in index.html for the folder of the files below.
const FOLDER: &str = "FILES";
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
    let styles = STYLES.map(fs::read_to_string).into_iter().collect::<std::io::Result<Vec<_>>>()?;
    fs::write(files.join("page.css"), styles.concat())?;
    for script in ["boot.js", WORKER] {
        fs::copy(Path::new("static").join(script), files.join(script))?;
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
    run(command("cargo rustc --profile wasm --target wasm32-unknown-unknown")
        .args(["--package", "rangewalk-web", "--bin", "rangewalk-web", "--"])
        .args(["-Clink-arg=--emit-relocs", "-Cstrip=none"]))?;
    let whole = fs::read("target/wasm32-unknown-unknown/wasm/rangewalk-web.wasm")?;
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
    if tools.wasm_opt == WasmOpt::Present {
        for wasm in sorted(files)?.iter().filter(|file| file.extension() == Some("wasm".as_ref())) {
            run(command("wasm-opt -Oz --strip-debug --strip-producers --enable-bulk-memory")
                .args(["--enable-nontrapping-float-to-int", "--enable-sign-ext"])
                .args(["--enable-mutable-globals", "--enable-reference-types"])
                .args(["--enable-multivalue", "-o"])
                .args([wasm, wasm])
                .env("PATH", &tools.path))?;
        }
    }
    Ok(())
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
    name.starts_with("split_") || name.starts_with("chunk_") || name == WORKER
}
