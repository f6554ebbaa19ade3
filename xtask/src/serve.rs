//! `serve`: the page at a local address, built again when a source file changes.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::{Result, anyhow};
use tiny_http::{Header, Request, Response, Server};

use crate::page;
use crate::tools::PageTools;

/// What the page is made of.
const SOURCES: [&str; 5] = ["index.html", "static", "crates/core", "crates/web", "scenarios"];
/// How often they are looked at.
const PERIOD: Duration = Duration::from_secs(1);

/// Builds the page in release and serves it until interrupted.
pub(crate) fn serve(port: u16) -> Result<()> {
    let tools = PageTools::set_up()?;
    // First of all, so that a port that is taken is known before a long build.
    let server = Server::http(("127.0.0.1", port)).map_err(|error| anyhow!("{error}"))?;
    println!("Rangewalk will be at http://127.0.0.1:{port}/ once it is built.");
    page::build(&tools)?;
    println!("Rangewalk is at http://127.0.0.1:{port}/.");
    thread::spawn(move || {
        for request in server.incoming_requests() {
            // A browser that went away is no error.
            let _ = answer(request);
        }
    });
    let mut built = SystemTime::now();
    loop {
        thread::sleep(PERIOD);
        if SOURCES.iter().any(|source| changed(Path::new(source)) > Some(built)) {
            built = SystemTime::now();
            match page::build(&tools) {
                Ok(()) => println!("Built again: reload the page."),
                Err(error) => println!("error: {error:#}"),
            }
        }
    }
}

fn answer(request: Request) -> std::io::Result<()> {
    let path = request.url().split(['?', '#']).next().unwrap_or_default().to_owned();
    let name = if path == "/" { "index.html" } else { path.trim_start_matches('/') };
    // Only plain names lead out of no folder.
    let plain = name.split('/').all(|part| !part.is_empty() && !part.starts_with('.'));
    let file = PathBuf::from("dist").join(name);
    match if plain { File::open(&file).ok() } else { None } {
        Some(open) => {
            let kind = match file.extension().and_then(|kind| kind.to_str()) {
                Some("html") => "text/html; charset=utf-8",
                Some("css") => "text/css",
                Some("js") => "text/javascript",
                Some("wasm") => "application/wasm",
                _ => "application/octet-stream",
            };
            let headers = [("Content-Type", kind), ("Cache-Control", "no-cache")];
            let headers = headers.iter().filter_map(|(name, value)| {
                Header::from_bytes(name.as_bytes(), value.as_bytes()).ok()
            });
            let response = headers.fold(Response::from_file(open), Response::with_header);
            request.respond(response)
        }
        None => request.respond(Response::from_string("no such file").with_status_code(404)),
    }
}

/// When the file, or the newest inside the folder, was last changed.
fn changed(path: &Path) -> Option<SystemTime> {
    let inside = fs::read_dir(path).into_iter().flatten().flatten();
    let own = fs::metadata(path).and_then(|meta| meta.modified()).ok();
    inside.map(|entry| changed(&entry.path())).chain([own]).max().flatten()
}
