//! `rangewalk`: the same core without a browser. One subcommand a file.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod command;
mod compared;
mod failure;
mod input;
mod json;
mod output;
mod played;
mod source;
mod text;

use command::{
    argue, capture, compare, conform, film, fmt, link, run, script, story, sweep, trace, unlink,
};

/// Walks over Linux address spaces, without a browser.
///
/// Exits with 0 if all is well, with 1 if an `expect` does not hold or answers differ,
/// with 2 on bad input.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Run(run::Arguments),
    Trace(trace::Arguments),
    Compare(compare::Arguments),
    Sweep(sweep::Arguments),
    Argue(argue::Arguments),
    Film(film::Arguments),
    Fmt(fmt::Arguments),
    Link(link::Arguments),
    Unlink(unlink::Arguments),
    Capture(capture::Arguments),
    Conform(conform::Arguments),
    Script(script::Arguments),
    Story(story::Arguments),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Trace(arguments) => trace::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Argue(arguments) => argue::run(&arguments),
        Command::Film(arguments) => film::run(&arguments),
        Command::Sweep(arguments) => sweep::run(&arguments),
        Command::Fmt(arguments) => fmt::run(&arguments),
        Command::Link(arguments) => link::run(&arguments),
        Command::Unlink(arguments) => unlink::run(&arguments),
        Command::Capture(arguments) => capture::run(&arguments),
        Command::Conform(arguments) => conform::run(&arguments),
        Command::Script(arguments) => script::run(&arguments),
        Command::Story(arguments) => story::run(&arguments),
    };
    match done {
        Ok(verdict) => verdict.into(),
        Err(failure) => {
            output::remark(&failure.0);
            ExitCode::from(2)
        }
    }
}
