//! What concerns the machine: how many CPUs there are, which one an access runs on, what comes in
//! when, and what is switched on.

use super::Parser;
use super::lex::Words;
use super::number::number;
use crate::arch::Levels;
use crate::machine::CpuId;
use crate::machine::address_space::ShmemEnabled;
use crate::machine::event::Access;
use crate::machine::tlb_state::CPUS_MAX;
use crate::mm::tlb::Flushes;
use crate::scenario::ast::{Op, Part};
use crate::scenario::diagnostic::{Diagnostic, Site};

impl Parser {
    /// `cpus 2`.
    pub(super) fn cpus(&mut self, line: u32, words: &mut Words<'_>) -> Result<Op, Box<Diagnostic>> {
        let token = words.peek();
        let cpus = number(words, "the number of CPUs", CPUS_MAX.into())?;
        let site = token.map_or(Site { line, column: 1, len: 4 }, |token| token.site);
        let cpus = u8::try_from(cpus).ok().filter(|cpus| *cpus > 0);
        let Some(cpus) = cpus else {
            return Err(Diagnostic::error(site, "a machine without CPUs"));
        };
        super::statement::once(&mut self.cpus_line, line, site, "cpus")?;
        Ok(Op::Cpus(cpus))
    }

    /// `levels 5`.
    pub(super) fn levels(
        &mut self,
        line: u32,
        words: &mut Words<'_>,
    ) -> Result<Op, Box<Diagnostic>> {
        let token = words.take(Part::Number, "how many levels page tables have")?;
        let levels = match token.text {
            "4" => Levels::Four,
            "5" => Levels::Five,
            other => {
                return Err(Diagnostic::error(token.site, format!("`{other}` is not 4 or 5"))
                    .hint("4 is PGD, PUD, PMD, PTE; 5 has the P4D between PGD and PUD"));
            }
        };
        super::statement::once(&mut self.levels_line, line, token.site, "levels")?;
        if !self.scenario.processes.is_empty() {
            return Err(Diagnostic::error(token.site, "a process has its tables already")
                .hint("`levels` stands above the first `proc`"));
        }
        self.levels = levels;
        Ok(Op::Levels(levels))
    }

    /// The number of a CPU that there is.
    pub(super) fn cpu(&self, words: &mut Words<'_>) -> Result<CpuId, Box<Diagnostic>> {
        let token = words.peek();
        let cpu = number(words, "the CPU", CPUS_MAX.into())?;
        let cpus = self.scenario.cpus();
        match (token, u8::try_from(cpu)) {
            (_, Ok(cpu)) if cpu < cpus => Ok(CpuId(cpu)),
            (token, _) => {
                let site = token.map_or(Site { line: 1, column: 1, len: 1 }, |token| token.site);
                let message = format!("there is no CPU {cpu}: they count from 0 to {}", cpus - 1);
                Err(Diagnostic::error(site, message).hint("`cpus` says above how many there are"))
            }
        }
    }

    /// `cpu 1` behind an access.
    pub(super) fn on_cpu(&self, words: &mut Words<'_>) -> Result<CpuId, Box<Diagnostic>> {
        if words.take_if("cpu") { self.cpu(words) } else { Ok(CpuId(0)) }
    }

    /// `during store A 3 cpu 1`.
    pub(super) fn during(&self, words: &mut Words<'_>) -> Result<Op, Box<Diagnostic>> {
        let token = words.take(Part::Keyword, "load or store")?;
        let access = match token.text {
            "load" => Access::Load,
            "store" => Access::Store,
            other => {
                let message = format!("`{other}` cannot come in during another statement");
                return Err(Diagnostic::error(token.site, message).hint("load or store"));
            }
        };
        let place = self.place(words)?;
        let site = words.peek().map_or(token.site, |token| token.site);
        let cpu = self.on_cpu(words)?;
        if cpu == CpuId(0) {
            return Err(Diagnostic::error(site, "CPU 0 is busy with the statement above")
                .hint("another CPU's access comes in: as `cpu 1`"));
        }
        let above = self.scenario.statements.last().map(|statement| &statement.op);
        if !above.is_some_and(Op::may_be_interrupted) {
            return Err(Diagnostic::error(
                token.site,
                "nothing above that it could come in during",
            )
            .hint("it stands right below the walk or call that it comes in during"));
        }
        Ok(Op::During(access, place, cpu))
    }
}

/// `shmem-huge force`.
pub(super) fn shmem_huge(words: &mut Words<'_>) -> Result<ShmemEnabled, Box<Diagnostic>> {
    let token = words.take(Part::Option, "force or never")?;
    match token.text {
        "force" => Ok(ShmemEnabled::Force),
        "never" => Ok(ShmemEnabled::Never),
        other => Err(Diagnostic::error(token.site, format!("`{other}` is not force or never"))
            .hint("force caches shared memory in folios of 2 MiB where they have room")),
    }
}

/// `flushes off`.
pub(super) fn flushes(words: &mut Words<'_>) -> Result<Flushes, Box<Diagnostic>> {
    let token = words.take(Part::Option, "on or off")?;
    match token.text {
        "on" => Ok(Flushes::On),
        "off" => Ok(Flushes::Off),
        other => Err(Diagnostic::error(token.site, format!("`{other}` is not on or off"))
            .hint("on is what the kernel does, off leaves the flushes of wp and clean out")),
    }
}
