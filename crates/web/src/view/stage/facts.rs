//! Call stack, what is held, and what it has cost so far.

use yew::prelude::*;

use crate::model::counters::Counters;
use crate::model::held::Held;
use crate::model::stack::{Call, OUTER, Stack};
use crate::view::markup::html;

/// Callers above callees. The timeline's frames are where one goes to a call.
pub(super) fn stack(stack: &Stack) -> Html {
    let calls = stack.calls.iter().enumerate();
    let mut rows: Vec<Html> = calls.map(|call| self::call(call, stack)).collect();
    if stack.left_out > 0 {
        let more = format!("… {} more", stack.left_out);
        rows.insert(OUTER, html! { <li key="more" class="more">{ more }</li> });
    }
    html! {
        <section class="stg-stack">
            <h3>{"Call stack"}</h3>
            if stack.calls.is_empty() {
                <p class="not">{"between calls"}</p>
            }
            <ol>{ for rows }</ol>
        </section>
    }
}

fn call((at, call): (usize, &Call), stack: &Stack) -> Html {
    let class = if at + 1 == stack.calls.len() { "top" } else { "" };
    html! {
        <li key={at} title={call.file} {class}>
            <code>{call.name}</code><span>{call.args.clone()}</span>
        </li>
    }
}

/// Locks, and what is pending.
pub(super) fn held(held: &Held) -> Html {
    html! {
        <section class="stg-held">
            <h3>{"Held"}</h3>
            if held.rows.is_empty() {
                <p class="not">{"nothing"}</p>
            }
            <ul>
                {held.rows.iter().map(|row| html! {
                    <li class={if row.held { "" } else { "not" }}>
                        if let Some(lock) = &row.lock { <code>{lock.clone()}</code>{" "} }
                        <em>{row.note.clone()}</em>
                    </li>
                }).collect::<Html>()}
            </ul>
        </section>
    }
}

/// The counters of the statement; the one that the step changed is marked.
pub(super) fn counters(counters: &Counters) -> Html {
    html! {
        <section class="stg-count">
            <h3>{"So far"}</h3>
            if counters.rows.is_empty() {
                <p class="not">{"nothing yet"}</p>
            }
            <dl>
                {counters.rows.iter().map(|row| html! {
                    <div key={row.name} class={if row.hot { "hot" } else { "" }}>
                        <dt>{row.name}</dt><dd>{row.value.clone()}</dd>
                    </div>
                }).collect::<Html>()}
            </dl>
        </section>
    }
}
