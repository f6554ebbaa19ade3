//! `rangewalk`: the same core without a browser. One subcommand a file.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod command;
mod failure;
mod input;

use command::{capture, conform};

/// Walks over Linux address spaces, without a browser.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Capture(capture::Arguments),
    Conform(conform::Arguments),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Capture(arguments) => capture::run(&arguments),
        Command::Conform(arguments) => conform::run(&arguments),
    };
    match done {
        Ok(verdict) => verdict.into(),
        Err(failure) => failure.report(),
    }
}
