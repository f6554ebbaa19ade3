//! Where one stands and how to move: the big number, the buttons, the speed, and the keys beside
//! what they do.

use yew::prelude::*;

use crate::command::{Command, Go, Panel, Play};
use crate::view::icon::{Sign, icon};
use crate::view::markup::html;

/// Where the page stands, in numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct TransportModel {
    /// Steps done of the statement, and how many it has.
    pub step: (u32, u32),
    /// The statement, from 1, and how many there are.
    pub statement: (usize, usize),
    /// Steps done of the run, and how many it has.
    pub whole: (u32, u32),
    /// Entries changed by the statement so far, and in all.
    pub changes: (usize, usize),
    /// Whether it plays.
    pub playing: bool,
    /// Steps a second.
    pub speed: u32,
}

/// The pane under the editor.
pub fn transport(model: &TransportModel, on_command: &Callback<Command>) -> Html {
    let (step, steps) = model.step;
    let (statement, statements) = model.statement;
    let (at, len) = model.whole;
    html! {
        <>
            <p class="step"><b>{ step }</b><span>{ format!("of {steps} steps") }</span></p>
            <p class="whole">
            { format!("statement {statement} of {statements} · {at} of {len} in all") }</p>
            { buttons(model.playing, Signs::All, on_command) }
            { keys(model.speed, on_command) }
        </>
    }
}

/// How many buttons there is room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signs {
    /// Seven.
    All,
    /// Five.
    Phone,
    /// Five, of a comparison.
    Compare,
    /// Three.
    Embed,
}

/// The transport buttons.
pub fn buttons(playing: bool, signs: Signs, on_command: &Callback<Command>) -> Html {
    let play = if playing { Sign::Pause } else { Sign::Play };
    let signs: &[Sign] = match signs {
        Signs::All => {
            &[Sign::First, Sign::Out, Sign::Back, play, Sign::Step, Sign::Over, Sign::Last]
        }
        Signs::Phone => &[Sign::First, Sign::Back, play, Sign::Step, Sign::Over],
        Signs::Compare => &[Sign::First, Sign::Back, play, Sign::Step, Sign::Last],
        Signs::Embed => &[Sign::Back, play, Sign::Step],
    };
    let button = |sign: &Sign| {
        let (label, command) = meaning(*sign);
        let onclick = on_command.reform(move |_: MouseEvent| command.clone());
        let class = matches!(sign, Sign::Play | Sign::Pause).then_some("go");
        html! {
            <button {class} {onclick} aria-label={label} title={label}>{ icon(*sign) }</button>
        }
    };
    html! { <div class="tport" role="group" aria-label="Playback">{ for signs.iter().map(button) }
    </div> }
}

fn meaning(sign: Sign) -> (&'static str, Command) {
    match sign {
        Sign::First => ("First step (Home)", Command::Go(Go::First)),
        Sign::Out => ("Step out (↑)", Command::Go(Go::Out)),
        Sign::Back => ("Step back (←)", Command::Go(Go::Back)),
        Sign::Play => ("Play (space)", Command::Play(Play::Toggle)),
        Sign::Pause => ("Pause (space)", Command::Play(Play::Toggle)),
        Sign::Step => ("Step (→)", Command::Go(Go::Step)),
        Sign::Over => ("Step over (↓)", Command::Go(Go::Over)),
        Sign::Last => ("Last step (End)", Command::Go(Go::Last)),
    }
}

/// Keys that are buttons too, with what they do.
fn keys(speed: u32, on_command: &Callback<Command>) -> Html {
    let key = |name: &'static str, label: &'static str, command: Command| {
        let onclick = on_command.reform(move |_: MouseEvent| command.clone());
        html! { <button class="key" {onclick} aria-label={label} title={label}>{ name }</button> }
    };
    let go = |name, label, go| key(name, label, Command::Go(go));
    let known = |names: [&'static str; 2], what: &'static str| {
        html! { <span aria-hidden="true">{ for names.map(|name| html! { <kbd>{ name }
        </kbd> }) }{ what }</span> }
    };
    html! {
        <div class="keyhelp">
            { known(["←", "→"], "step") }
            { known(["↑", "↓"], "out, over") }
            <span>
                { go("N", "N: previous change", Go::PreviousChange) }
                { go("n", "n: next change", Go::NextChange) }
                { "change" }
            </span>
            <span>
                { key("[", "[: slower", Command::Play(Play::Slower)) }
                { key("]", "]: faster", Command::Play(Play::Faster)) }
                { format!("{}/s", speed) }
            </span>
            <span>
                { go("PgUp", "PgUp: previous statement", Go::PreviousStatement) }
                { go("PgDn", "PgDn: next statement", Go::NextStatement) }
                { "statement" }
            </span>
            <span>{ key("g", "g: go to step", Command::Show(Panel::GoTo)) }{ "go to…" }</span>
        </div>
    }
}
