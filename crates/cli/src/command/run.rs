//! `rangewalk run`: what came of each statement, and the world at the end.

use std::path::PathBuf;

use rangewalk_core::scenario::run::{Verdict as Statement, statement_texts};

use crate::failure::{Failure, Verdict};
use crate::json;
use crate::output::{print, remark};
use crate::played::Played;
use crate::source::Source;

/// Carry a scenario out: what each statement came to, and every page-table word at the end
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// The scenario; `-` is standard input
    file: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Verdict, Failure> {
    let source = Source::load(&arguments.file)?;
    let played = Played::new(&source)?;
    if arguments.json {
        print(&format!("{}\n", json::report(&played)))?;
    } else {
        print(&report(&played))?;
    }
    remark(&source.show_all(&played.run.diagnostics));
    Ok(played.verdict())
}

fn report(played: &Played) -> String {
    let mut out = String::new();
    let (mut expects, mut held) = (0, 0);
    for (statement, outcome) in statement_texts(&played.scenario).iter().zip(&played.run.outcomes) {
        match outcome.verdict {
            Statement::Held => (expects, held) = (expects + 1, held + 1),
            Statement::Broken => expects += 1,
            Statement::Done | Statement::Failed if outcome.text.is_empty() => {}
            Statement::Done | Statement::Failed => {
                out.push_str(&format!("{:>5}  {statement}: {}\n", outcome.line, outcome.text));
            }
        }
    }
    if expects > 0 {
        out.push_str(&format!("{held} of {expects} expectations hold\n"));
    }
    let steps = played.run.timeline.tape().len();
    out.push_str(&format!("{steps} steps\n\n{}", played.run.state()));
    out
}
