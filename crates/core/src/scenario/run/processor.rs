//! Accesses on other CPUs: those that come in during a statement, and what came of them.

use super::{Outcome, Runner, Verdict, outcome};
use crate::machine::event::FaultEnd;
use crate::machine::sink::{Intrusion, MayFault};
use crate::machine::{CpuId, MmId, Stop};
use crate::mm::access::touch;
use crate::mm::tlb::switch_mm;
use crate::scenario::ast::{Op, ProcessId, Statement};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::run::statement::counted;

impl Runner<'_> {
    /// The process calls the kernel, so CPU 0 runs it.
    pub(super) fn syscall_of(&mut self, process: ProcessId) -> Result<MmId, Stop> {
        let mm = self.mm(process);
        switch_mm(&mut self.cpu(), mm)?;
        Ok(mm)
    }

    /// Lines up the accesses that stand below a statement and come in during it.
    pub(super) fn expect_intrusions(&mut self, index: u32) {
        let below = self.scenario.statements.iter().skip(index as usize + 1);
        let during = below.map_while(|statement| match statement.op {
            Op::During(access, place, cpu) => Some((statement.line, access, place, cpu)),
            _ => None,
        });
        for (line, access, place, cpu) in during.collect::<Vec<_>>() {
            let (process, start, end) = self.scenario.extent(place);
            // A child that is still to be forked has nothing to come in with.
            let Some(mm) = self.rest.mms[process.0 as usize] else { continue };
            for page in 0..end.pages_since(start) {
                let addr = start.add_pages(page);
                let may_fault = MayFault::Yes;
                let intrusion = Intrusion { cpu, mm, addr, access, may_fault };
                self.watch.intrusions.line_up(line, intrusion);
            }
        }
    }

    /// The statement is over: whoever waited for its locks goes on.
    pub(super) fn let_waiting_go_on(&mut self) -> Result<(), Stop> {
        while let Some((line, intrusion)) = self.watch.intrusions.next_waiting() {
            let Intrusion { cpu, mm, addr, access, .. } = intrusion;
            let done = touch(&mut self.cpu().on(cpu), mm, addr, access)?;
            self.watch.intrusions.came_in(line, (done.faults, done.end));
        }
        Ok(())
    }

    /// What came of an access that stood below another statement.
    pub(super) fn during(&mut self, statement: &Statement, cpu: CpuId) -> Outcome {
        let line = statement.line;
        let fail = |runner: &mut Self, text: &str| {
            runner.rest.diagnostics.push(*Diagnostic::error(statement.site(), text));
            outcome(statement, Verdict::Failed, None, text.to_owned())
        };
        let left = self.watch.intrusions.forget(line);
        let came = self.watch.intrusions.results(line);
        if left > 0 || came.is_empty() {
            let never = "never came in: the statement above flushes nothing of that page";
            return fail(self, &format!("CPU {} {never}", cpu.0));
        }
        if came.iter().any(|(_, end)| *end != FaultEnd::Retry) {
            return fail(self, "the access ends in a signal");
        }
        let faults = came.iter().map(|(faults, _)| u64::from(*faults)).sum();
        self.rest.last.faults = Some(faults);
        outcome(statement, Verdict::Done, Some(faults), counted(faults, "fault"))
    }
}
