//! Set-up: the tools that build and test the page, each found or installed once, pinned.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::shell::{self, command, output, run};

const BROWSERS: [(&str, &[&str]); 2] = [
    ("chromium", &["chromium", "chromium-browser", "google-chrome"]),
    ("firefox-esr", &["firefox-esr", "firefox"]),
];

/// Whether what makes the page smaller is at hand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shrink {
    Can,
    Cannot,
}

/// What builds the page.
pub(crate) struct PageTools {
    /// A PATH that finds its tools first.
    pub(crate) path: OsString,
    /// `wasm-opt` and `esbuild`, which come with npm.
    pub(crate) npm: Shrink,
    /// The standard library's sources, and a compiler that builds it without the words of panics.
    pub(crate) std: Shrink,
}

impl PageTools {
    /// Finds or installs everything the page's build needs.
    pub(crate) fn set_up() -> Result<Self> {
        wasm_target()?;
        let folder = tools_folder();
        cargo_tool(&folder, "wasm-bindgen", "wasm-bindgen-cli", &wasm_bindgen_version()?)?;
        let npm = if shell::which("npm").is_some() {
            node_modules()?;
            Shrink::Can
        } else {
            println!("No Node.js here: the page is built unoptimised, larger than it need be.");
            Shrink::Cannot
        };
        Ok(Self { path: path_with(&folder)?, npm, std: std_sources() })
    }
}

/// Adds the sources of the standard library to the toolchain in use, if that can build them so that
/// a panic is a trap and nothing else.
fn std_sources() -> Shrink {
    let sysroot = output(&mut command("rustc --print sysroot")).unwrap_or_default();
    let sources = Path::new(&sysroot).join("lib/rustlib/src/rust/library/std");
    let builds = output(
        command("rustc --print cfg -Zunstable-options -Cpanic=immediate-abort")
            .env("RUSTC_BOOTSTRAP", "1"),
    );
    let there = || sources.is_dir() || run(&mut command("rustup component add rust-src")).is_ok();
    if builds.is_some() && there() {
        return Shrink::Can;
    }
    println!(
        "The standard library is taken as it is: the page is a tenth larger than it need be. To \
         build it takes rustup and Rust 1.91 or later."
    );
    Shrink::Cannot
}

/// Installs the packages of package-lock.json into node_modules/ unless they are there.
pub(crate) fn node_modules() -> Result<()> {
    let modified = |file: &str| fs::metadata(file).and_then(|meta| meta.modified()).ok();
    // npm writes the first file when it is done.
    if modified("node_modules/.package-lock.json") >= modified("package-lock.json") {
        return Ok(());
    }
    if shell::which("npm").is_none() {
        bail!("this needs Node.js 20 or later with npm: install it");
    }
    run(&mut command("npm ci --no-audit --no-fund --loglevel=error"))
}

/// Sees to it that both browsers are there: installs them when root on Debian, else names them.
pub(crate) fn browsers() -> Result<()> {
    let missing: Vec<&str> = BROWSERS
        .iter()
        .filter(|(_, programs)| programs.iter().all(|program| shell::which(program).is_none()))
        .map(|(package, _)| *package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.join(" ");
    let root = output(&mut command("id -u")).as_deref() == Some("0");
    if !root || shell::which("apt-get").is_none() {
        bail!("the browser tests need {packages}: on Debian, `sudo apt-get install {packages}`");
    }
    println!("The browser tests need {packages}: installing.");
    run(&mut command("apt-get update -qq"))?;
    let install = "apt-get install -y -qq --no-install-recommends";
    run(command(install).args(missing).env("DEBIAN_FRONTEND", "noninteractive"))
}

/// Adds that component to the toolchain in use, unless its cargo command is there.
pub(crate) fn component(name: &str, subcommand: &str) -> Result<()> {
    match output(command("cargo").args([subcommand, "--version"])) {
        Some(_) => Ok(()),
        None => run(command("rustup component add").arg(name)),
    }
}

/// Adds the wasm target to the toolchain in use.
fn wasm_target() -> Result<()> {
    let sysroot = output(&mut command("rustc --print sysroot")).context("rustc does not run")?;
    if Path::new(&sysroot).join("lib/rustlib/wasm32-unknown-unknown").is_dir() {
        return Ok(());
    }
    run(&mut command("rustup target add wasm32-unknown-unknown"))
}

/// Where built tools are kept. Naming one folder for several checkouts builds them once.
fn tools_folder() -> PathBuf {
    std::env::var_os("RANGEWALK_TOOLS").map_or_else(|| PathBuf::from("target/tools"), PathBuf::from)
}

/// Takes a cargo-installed program of that version from PATH or the tools folder, or builds it.
fn cargo_tool(folder: &Path, program: &str, package: &str, version: &str) -> Result<()> {
    let wanted = format!("{program} {version}");
    let is_wanted = |file: &Path| {
        output(Command::new(file).arg("--version")).is_some_and(|said| said.starts_with(&wanted))
    };
    if is_wanted(Path::new(program)) || is_wanted(&folder.join("bin").join(program)) {
        return Ok(());
    }
    println!("{wanted} is not at hand: building it into {}, once.", folder.display());
    let start = Instant::now();
    // A plain debug build: the tools run for seconds, to optimise them takes many minutes.
    // Without default features, neither asks the network for anything.
    run(command("cargo install --locked --no-default-features --debug --force --quiet")
        .args([package, "--version", version, "--root"])
        .arg(folder)
        .env("CARGO_PROFILE_DEV_DEBUG", "0"))?;
    println!("Built {wanted} in {} s.", start.elapsed().as_secs());
    Ok(())
}

/// The version in Cargo.lock: wasm-bindgen-cli must be the same.
fn wasm_bindgen_version() -> Result<String> {
    let id = output(&mut command("cargo pkgid wasm-bindgen"))
        .context("cargo does not know a package wasm-bindgen")?;
    let (_, version) = id.rsplit_once('@').context("`cargo pkgid` named no version")?;
    Ok(version.to_owned())
}

/// PATH with the tools folder and node_modules in front: a wrong version elsewhere never wins.
fn path_with(folder: &Path) -> Result<OsString> {
    let first = [shell::root().join(folder).join("bin"), shell::root().join("node_modules/.bin")];
    let rest = std::env::var_os("PATH").unwrap_or_default();
    Ok(std::env::join_paths(first.into_iter().chain(std::env::split_paths(&rest)))?)
}
