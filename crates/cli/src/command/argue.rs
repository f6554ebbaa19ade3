//! `rangewalk argue`: the claims of September 2019, each put to the test.

use rangewalk_core::compare::argument::CLAIMS;

use crate::failure::{Failure, Verdict};
use crate::output::print;
use crate::text::wrapped;

/// Put the claims of the mail of September 2019 to the test
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only this one: its scenario, to be compared and changed
    #[arg(long)]
    scenario: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Verdict, Failure> {
    if let Some(name) = &arguments.scenario {
        let Some(claim) = CLAIMS.iter().find(|claim| claim.name == name) else {
            let known: Vec<&str> = CLAIMS.iter().map(|claim| claim.name).collect();
            return Err(Failure::at("--scenario", format!("`{name}` is no claim"))
                .hint(&format!("one of {}", known.join(" "))));
        };
        print(claim.scenario)?;
        return Ok(Verdict::Fine);
    }
    let mut out = String::new();
    for (number, claim) in (1..).zip(&CLAIMS) {
        let verdict = claim.verdict();
        wrapped(&format!("{number}. {} ({})", claim.title, claim.name), &mut out);
        wrapped(&format!("   {}", claim.says), &mut out);
        wrapped(&format!("   [{}]", claim.source), &mut out);
        let holds = verdict.holds.name();
        wrapped(&format!("   => {holds}. {}", verdict.sentence), &mut out);
        out.push('\n');
    }
    print(&out)?;
    Ok(Verdict::Fine)
}
