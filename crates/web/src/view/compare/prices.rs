//! What everything costs: figures that can be edited, each with its source.

use std::rc::Rc;

use yew::prelude::*;

use crate::command::{Ask, Command};
use crate::model::compare::score::{PriceRow, ps_of};
use crate::platform::element;
use crate::view::live::{Own, Piece, is_same};
use crate::view::markup::html;

/// The table of prices.
#[derive(PartialEq)]
pub(super) struct Prices {
    pub(super) rows: Rc<[PriceRow]>,
    pub(super) on_command: Callback<Command>,
}

impl Piece for Prices {
    fn is_like(&self, before: &dyn Piece) -> bool {
        is_same(self, before)
    }

    fn draw(&self, _: &Own) -> Html {
        let reset = self.on_command.reform(|_: MouseEvent| Command::Compare(Ask::Prices));
        html! {
            <details class="cmp-prices">
                <summary class="btn">{ "What everything costs" }</summary>
                <p class="quiet">
                    { "Nanoseconds for one. Measured figures are from Linux 6.18 in a virtual machine; " }
                    { "put your own in their place." }
                </p>
                <table>
                    <thead><tr>
                        <th scope="col">{ "one of" }</th>
                        <th scope="col">{ "ns" }</th>
                        <th scope="col">{ "where the figure is from" }</th>
                    </tr></thead>
                    <tbody>{ for self.rows.iter().map(|row| self.row(row)) }</tbody>
                </table>
                <button class="btn" onclick={reset}>{ "As it was" }</button>
            </details>
        }
    }
}

impl Prices {
    fn row(&self, row: &PriceRow) -> Html {
        let (count, on_command) = (row.count, self.on_command.clone());
        let onchange = Callback::from(move |event: Event| {
            if let Some(ps) = element::typed(&event).and_then(|text| ps_of(&text)) {
                on_command.emit(Command::Compare(Ask::Price(count, ps)));
            }
        });
        html! {
            <tr>
                <th scope="row">{ row.count.name() }</th>
                <td><input inputmode="decimal" size="8" aria-label={format!("{}, ns", row.count.name())}
                    value={row.ns.clone()} {onchange}/></td>
                <td>{ &row.source }</td>
            </tr>
        }
    }
}
