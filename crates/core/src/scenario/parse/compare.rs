//! `compare` and `sweep`, and what makes long stories short: `repeat`, and accesses to some of
//! many pages.

use super::Parser;
use super::lex::Words;
use super::number::{number, pages};
use super::statement::once;
use crate::machine::event::Access;
use crate::scenario::ast::{FileId, Op, Pages, Part, ProcessId};
use crate::scenario::diagnostic::{Diagnostic, Site, nearest};
use crate::scenario::limits::{FILE_PAGES_MAX, LANES_MAX, LANES_MIN, REPEAT_MAX};
use crate::scenario::strategy::{Axis, AxisRange, Strategy};

impl Parser {
    /// A statement whose first word is one of these.
    pub(super) fn comparing(
        &mut self,
        keyword: &str,
        line: u32,
        words: &mut Words<'_>,
    ) -> Result<Op, Box<Diagnostic>> {
        match keyword {
            "compare" => self.compare(line, words),
            "sweep" => self.sweep(line, words),
            "repeat" => self.repeat(line, words),
            _ => self.end(line, words),
        }
    }

    /// `compare data 0+8 wp clean mkclean`.
    fn compare(&mut self, line: u32, words: &mut Words<'_>) -> Result<Op, Box<Diagnostic>> {
        let site = words.site(Part::Keyword);
        let file = self.scope.file(words)?;
        let token = words.peek();
        let pages = pages(words, "the page range")?;
        let range = token.map_or(site, |token| token.site);
        let mut lanes = Vec::new();
        while !words.is_done() {
            lanes.push(self.lane(words, (file, pages), &lanes)?);
        }
        let count = lanes.len();
        if !(LANES_MIN..=LANES_MAX).contains(&count) {
            let message =
                format!("{LANES_MIN} to {LANES_MAX} lanes stand side by side, not {count}");
            return Err(Diagnostic::error(site, message).hint(known_lanes()));
        }
        self.outside_of_repeat(site, "compare")?;
        once(&mut self.compare_line, line, site, "compare")?;
        self.warn_of_range(Some(range), file, pages);
        Ok(Op::Compare(file, pages, lanes))
    }

    fn lane(
        &self,
        words: &mut Words<'_>,
        (file, pages): (FileId, Pages),
        others: &[Strategy],
    ) -> Result<Strategy, Box<Diagnostic>> {
        let token = words.take(Part::Option, "a lane")?;
        let Some(strategy) = Strategy::by_name(token.text) else {
            let names = Strategy::ALL.map(Strategy::name);
            let hint = match nearest(token.text, names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => known_lanes(),
            };
            let message = format!("`{}` is not a lane", token.text);
            return Err(Diagnostic::error(token.site, message).hint(hint));
        };
        if others.contains(&strategy) {
            let message = format!("`{}` stands here twice", token.text);
            return Err(Diagnostic::error(token.site, message));
        }
        let declared = self.scenario.file(file);
        if strategy == Strategy::Mkclean && declared.kind.is_device() {
            let message = format!("{} is a device buffer: it has no folios", declared.name);
            return Err(Diagnostic::error(token.site, message).hint("wrprotect needs none"));
        }
        let bits = self.bitmap_bits(file);
        if strategy.records() && pages.end() > bits {
            let message = format!("the bitmap covers pages 0 to {}", bits.saturating_sub(1));
            return Err(Diagnostic::error(token.site, message).hint("widen it with `bitmap`"));
        }
        Ok(strategy)
    }

    /// `sweep mappings 1..64 pages 1..4096`.
    fn sweep(&mut self, line: u32, words: &mut Words<'_>) -> Result<Op, Box<Diagnostic>> {
        let site = words.site(Part::Keyword);
        let mut ranges: Vec<AxisRange> = Vec::new();
        while !words.is_done() || ranges.is_empty() {
            let token = words.take(Part::Option, "what is turned")?;
            let Some(axis) = Axis::ALL.into_iter().find(|axis| axis.name() == token.text) else {
                let known = Axis::ALL.map(Axis::name).join(" ");
                let message = format!("`{}` is nothing that can be turned", token.text);
                return Err(Diagnostic::error(token.site, message).hint(format!("one of {known}")));
            };
            if ranges.len() == 2 || ranges.iter().any(|range| range.axis == axis) {
                let message = "a sweep turns one thing, or two different ones";
                return Err(Diagnostic::error(token.site, message));
            }
            ranges.push(axis_range(words, axis)?);
        }
        if self.compare_line.is_none() {
            return Err(Diagnostic::error(site, "there is nothing to sweep over")
                .hint("`compare` above says which lanes, and on what"));
        }
        once(&mut self.sweep_line, line, site, "sweep")?;
        Ok(Op::Sweep(ranges))
    }

    /// `repeat 100`.
    fn repeat(&mut self, line: u32, words: &mut Words<'_>) -> Result<Op, Box<Diagnostic>> {
        let site = words.site(Part::Keyword);
        let rounds = number(words, "the number of rounds", REPEAT_MAX)?;
        self.outside_of_repeat(site, "repeat")?;
        words.finish()?;
        self.repeat_line = Some((line, self.scenario.processes.len()));
        Ok(Op::Repeat(rounds))
    }

    /// `end`. Whoever was forked in a round has exited in it, for the next one forks it again.
    fn end(&mut self, line: u32, words: &mut Words<'_>) -> Result<Op, Box<Diagnostic>> {
        let site = words.site(Part::Keyword);
        let Some((_, before)) = self.repeat_line.take() else {
            return Err(Diagnostic::error(site, "nothing that it could end")
                .hint("`repeat` begins what it ends"));
        };
        let (processes, exits) = (&self.scenario.processes, &self.exits);
        let forked = (0u32..).zip(processes).skip(before);
        let stays = forked.filter(|(id, _)| !exits.iter().any(|(dead, _)| dead.0 == *id));
        for (_, process) in stays {
            let message = format!("{} is still there when the next round forks it", process.name);
            let site = Site { line, ..site };
            let remark = Diagnostic::error(site, message).hint("let it exit in the same round");
            self.diagnostics.push(*remark);
        }
        Ok(Op::End)
    }

    /// What may not be repeated.
    pub(super) fn outside_of_repeat(&self, site: Site, what: &str) -> Result<(), Box<Diagnostic>> {
        match self.repeat_line {
            None => Ok(()),
            Some((begin, _)) => {
                let message = format!("`{what}` inside the `repeat` of line {begin}");
                Err(Diagnostic::error(site, message).hint("`end` ends it"))
            }
        }
    }

    /// Within a `repeat` only those may exit that were forked there.
    pub(super) fn exits_each_round(
        &self,
        site: Site,
        process: ProcessId,
    ) -> Result<(), Box<Diagnostic>> {
        match self.repeat_line {
            Some((_, before)) if (process.0 as usize) < before => {
                Err(Diagnostic::error(site, "it is gone when the next round comes to it")
                    .hint("what is forked in a round may exit in it"))
            }
            _ => Ok(()),
        }
    }

    /// A `repeat` that nothing ends.
    pub(super) fn close_repeat(&mut self) {
        if let Some((line, _)) = self.repeat_line {
            let site = Site { line, column: 1, len: 6 };
            let message = "nothing ends this: `end` is missing";
            self.diagnostics.push(*Diagnostic::error(site, message));
        }
    }

    /// `load A 3+4`, `store A some 8 cpu 1`.
    pub(super) fn access(
        &self,
        access: Access,
        words: &mut Words<'_>,
    ) -> Result<Op, Box<Diagnostic>> {
        let place = self.place(words)?;
        if !words.take_if("some") {
            return Ok(Op::Access(access, place, self.on_cpu(words)?));
        }
        let token = words.peek();
        let some = number(words, "how many", FILE_PAGES_MAX)?;
        let (_, start, end) = self.scenario.extent(place);
        let count = end.pages_since(start);
        match token {
            Some(token) if some > count => {
                let message = format!("{some} of {count} pages");
                Err(Diagnostic::error(token.site, message))
            }
            _ => Ok(Op::AccessSome(access, place, some, self.on_cpu(words)?)),
        }
    }
}

/// `1..64`.
fn axis_range(words: &mut Words<'_>, axis: Axis) -> Result<AxisRange, Box<Diagnostic>> {
    let token = words.take(Part::Number, "from where to where")?;
    let (least, most) = axis.bounds();
    let ends = token.text.split_once("..").and_then(|(from, to)| {
        let (from, to) = (from.parse().ok()?, to.parse().ok()?);
        (least <= from && from <= to && to <= most).then_some((from, to))
    });
    match ends {
        Some((from, to)) => Ok(AxisRange { axis, from, to }),
        None => {
            let message = format!("`{}` is no range of {}", token.text, axis.name());
            Err(Diagnostic::error(token.site, message)
                .hint(format!("FROM..TO, within {least}..{most}")))
        }
    }
}

fn known_lanes() -> String {
    format!("lanes are: {}", Strategy::ALL.map(Strategy::name).join(" "))
}
