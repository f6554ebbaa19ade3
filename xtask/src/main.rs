//! The chores of the project: serve, dist, test, bench. Each does its own set-up.

mod dist;
mod serve;
mod shell;
mod tools;

use anyhow::{Result, bail};

const USAGE: &str = "\
usage: cargo xtask COMMAND

  serve [PORT]     build the page and serve it at http://127.0.0.1:PORT/ (8080)
  dist             write the page, a static site, to dist/
";

fn main() -> Result<()> {
    std::env::set_current_dir(shell::root())?;
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["serve"] => serve::serve(8080),
        ["serve", port] => serve::serve(port.parse()?),
        ["dist"] => dist::dist(),
        [] | ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        _ => bail!("no such command: {}\n\n{USAGE}", args.join(" ")),
    }
}
