//! The chores of the project: serve, dist, test, bench, oracle. Each does its own set-up.

mod bench;
mod dist;
mod oracle;
mod page;
mod serve;
mod shell;
mod test;
#[cfg(test)]
mod tidy;
mod tools;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

const USAGE: &str = "\
usage: cargo xtask COMMAND

  serve [PORT]     build the page and serve it at http://127.0.0.1:PORT/ (8080)
  dist             write the page, a static site, to dist/
  test [STAGE...]  fmt, clippy, unit, page, browser, oracle: all when
                   none is named
  bench            print every figure we hold ourselves to, beside its target
  oracle [--kernel 6.12|6.1|7.3] [--five-levels] [--seed S] [--count N] [--boot ARGS] [FILE...]
                   ask a real kernel in a virtual machine: about N random scenarios,
                   golden scripts, or scenarios of the gallery
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &[&str]) -> Result<()> {
    std::env::set_current_dir(shell::root())?;
    match args {
        ["serve"] => serve::serve(8080),
        ["serve", port] => serve::serve(port.parse().context("PORT is a number up to 65535")?),
        ["dist"] => dist::dist(),
        ["test", stages @ ..] => test::test(stages),
        ["bench"] => bench::bench(),
        ["oracle", arguments @ ..] => oracle::oracle(arguments),
        [] | ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        _ => bail!("no such command: {}\n\n{USAGE}", args.join(" ")),
    }
}
