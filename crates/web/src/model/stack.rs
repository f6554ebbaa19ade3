//! The call stack, in the names of the emulated kernel.

use rangewalk_core::addr::VirtAddr;
use rangewalk_core::arch::{Level, Levels};
use rangewalk_core::machine::func::Args;
use rangewalk_core::machine::{Func, MmId, VmaId};
use rangewalk_core::trace::Frame;

use crate::model::stage_now::Now;

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The function's symbol.
    pub name: &'static str,
    /// Its arguments, or what they come to at its level.
    pub args: String,
    /// Source file in the kernel.
    pub file: &'static str,
}

/// Callers before callees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stack {
    /// All calls, or the outer and inner ones if they are too many.
    pub calls: Vec<Call>,
    /// Calls left out behind the second.
    pub left_out: usize,
}

/// Most calls on show.
const SHOWN_MAX: usize = 10;
/// Calls kept at the outer end when the middle is left out.
pub const OUTER: usize = 2;

impl Stack {
    /// The stack of the step just done.
    #[must_use]
    pub fn new(now: &Now<'_>) -> Self {
        let mut calls: Vec<Call> = now.stack.iter().map(|frame| call(now, frame)).collect();
        let left_out = match calls.len() {
            len if len > SHOWN_MAX => len - SHOWN_MAX,
            _ => 0,
        };
        calls.drain(OUTER.min(calls.len())..(OUTER + left_out).min(calls.len()));
        Self { calls, left_out }
    }
}

fn call(now: &Now<'_>, frame: &Frame) -> Call {
    Call {
        name: frame.func.symbol_in(now.kernel()),
        args: args(now, frame),
        file: frame.func.file(),
    }
}

fn args(now: &Now<'_>, frame: &Frame) -> String {
    let [a, b] = frame.args;
    let id = u32::try_from(a).unwrap_or(u32::MAX);
    if matches!(frame.func, Func::WalkPageRange | Func::WpCleanPreVma | Func::WpCleanPostVma) {
        return now.place.vma.map_or_else(String::new, |vma| now.vma(vma).to_owned());
    }
    match frame.func.args() {
        Args::Nothing => String::new(),
        Args::Size => a.to_string(),
        Args::Pages => format!("{a}, {b}"),
        Args::Pgoffs => format!("{a}–{b}"),
        Args::Vma => now.vma(VmaId(id)).to_owned(),
        Args::Mm => now.process(MmId(id)).to_owned(),
        Args::Addr => match frame.func {
            Func::WpPte | Func::CleanRecordPte => Level::Pte.index(VirtAddr(a)).to_string(),
            _ => format!("{a:x}"),
        },
        Args::Range => range(now, frame.func, VirtAddr(a), VirtAddr(b)),
    }
}

/// What a walk's range comes to at its level.
fn range(now: &Now<'_>, func: Func, start: VirtAddr, end: VirtAddr) -> String {
    let at = now.place.addr.unwrap_or(start);
    match func {
        Func::WalkPgdRange => now.world().levels().top().index(at).to_string(),
        Func::WalkP4dRange if now.world().levels() == Levels::Four => "folded".to_owned(),
        Func::WalkP4dRange => Level::P4d.index(at).to_string(),
        Func::WalkPudRange => Level::Pud.index(at).to_string(),
        Func::WalkPmdRange => Level::Pmd.index(at).to_string(),
        Func::WalkPteRange => {
            let last = VirtAddr(end.0.saturating_sub(1).max(start.0));
            let (first, last) = (Level::Pte.index(start), Level::Pte.index(last));
            if first == last { first.to_string() } else { format!("{first}–{last}") }
        }
        _ => start.to_string(),
    }
}
