//! The stage in parts, so that a step re-renders what it changed.

use std::rc::Rc;

use yew::prelude::*;

use super::{bits, facts, grid, lanes, leaf_row, say, strip, tables, tlbs, tree};
use crate::model::stage::StageModel;
use crate::view::live::{Own, Piece, is_same, live, live_as};

/// What is drawn by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The file strip.
    Strip,
    /// Links of the tree.
    Links,
    /// Nodes of the tree.
    Nodes,
    /// Headers of the lanes, and what is folded.
    Heads,
    /// One VMA's row.
    Lane(usize),
    /// The row at hand: what is yellow in it.
    LaneNow,
    /// Header of the CPUs' rows.
    TlbHead,
    /// What one CPU has cached of one mapping.
    Tlb(usize),
    /// The upper tables.
    Tables,
    /// Header and outlines of the leaf table.
    Grid,
    /// One row of the leaf table.
    LeafRow(usize),
    /// What is yellow in the tables.
    TablesNow,
    /// The entry, in all its bits.
    Entry,
    /// The call stack.
    Stack,
    /// Locks.
    Held,
    /// Counters.
    Counters,
    /// The sentence.
    Say,
}

/// A part of a model.
struct PartOf {
    model: Rc<StageModel>,
    part: Part,
}

/// Only the part counts: the rest of the model may differ.
impl PartialEq for PartOf {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (&*self.model, &*other.model);
        self.part == other.part
            && match self.part {
                Part::Strip => a.strip == b.strip,
                Part::Links | Part::Nodes => a.tree == b.tree,
                Part::Heads => a.lanes.heads == b.lanes.heads && a.lanes.fold == b.lanes.fold,
                Part::Lane(at) => {
                    a.lanes.cell == b.lanes.cell && a.lanes.rows.get(at) == b.lanes.rows.get(at)
                }
                Part::LaneNow => a.lanes.cell == b.lanes.cell && a.lanes.here() == b.lanes.here(),
                Part::TlbHead => tlbs::head_of(a) == tlbs::head_of(b),
                Part::Tlb(at) => tlbs::row_of(a, at) == tlbs::row_of(b, at),
                Part::Tables => {
                    let (a, b) = (&a.tables, &b.tables);
                    a.process == b.process && a.address == b.address && a.columns == b.columns
                }
                Part::Grid => a.tables.leaf.is_drawn_like(&b.tables.leaf),
                Part::LeafRow(at) => a.tables.leaf.rows.get(at) == b.tables.leaf.rows.get(at),
                Part::TablesNow => {
                    a.tables.columns == b.tables.columns
                        && a.tables.leaf.now() == b.tables.leaf.now()
                }
                Part::Entry => a.entry == b.entry && a.tables.leaf.now() == b.tables.leaf.now(),
                Part::Stack => a.stack == b.stack,
                Part::Held => a.held == b.held,
                Part::Counters => a.counters == b.counters,
                Part::Say => a.sentence == b.sentence,
            }
    }
}

impl Piece for PartOf {
    fn is_like(&self, before: &dyn Piece) -> bool {
        is_same(self, before)
    }

    fn draw(&self, _: &Own) -> Html {
        draw(&self.model, self.part)
    }
}

fn draw(model: &StageModel, part: Part) -> Html {
    match part {
        Part::Strip => strip::strip(&model.strip, model.form),
        Part::Links => model.tree.as_ref().map_or_else(Html::default, tree::links),
        Part::Nodes => model.tree.as_ref().map_or_else(Html::default, tree::nodes),
        Part::Heads => lanes::heads(&model.lanes),
        Part::Lane(at) => lanes::lane(&model.lanes, at),
        Part::LaneNow => lanes::now(&model.lanes),
        Part::TlbHead => tlbs::head(model),
        Part::Tlb(at) => tlbs::row(model, at),
        Part::Tables => tables::tables(&model.tables),
        Part::Grid => grid::grid(&model.tables.leaf),
        Part::LeafRow(at) => {
            model.tables.leaf.rows.get(at).map_or_else(Html::default, leaf_row::leaf_row)
        }
        Part::TablesNow => tables::now(&model.tables),
        Part::Entry => bits::full(model),
        Part::Stack => facts::stack(&model.stack),
        Part::Held => facts::held(&model.held),
        Part::Counters => facts::counters(&model.counters),
        Part::Say => say::say(&model.sentence),
    }
}

/// A part as a node of the tree of components.
pub(super) fn part(model: &Rc<StageModel>, part: Part) -> Html {
    live(PartOf { model: model.clone(), part })
}

/// All rows of the lanes, each keeping its identity.
pub(super) fn lane_rows(model: &Rc<StageModel>) -> Html {
    let rows = model.lanes.rows.iter().enumerate();
    rows.map(|(at, row)| live_as(row.id, PartOf { model: model.clone(), part: Part::Lane(at) }))
        .collect()
}

/// All rows of the CPUs, each keeping its identity.
pub(super) fn tlb_rows(model: &Rc<StageModel>) -> Html {
    let rows = model.tlbs.iter().flat_map(|tlbs| tlbs.rows.iter().enumerate());
    rows.map(|(at, row)| live_as(row.id, PartOf { model: model.clone(), part: Part::Tlb(at) }))
        .collect()
}

/// All rows of the leaf table.
pub(super) fn leaf_rows(model: &Rc<StageModel>) -> Html {
    (0..model.tables.leaf.rows.len()).map(|at| part(model, Part::LeafRow(at))).collect()
}
