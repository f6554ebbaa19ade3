//! The order of steps: what a kernel's own tracer wrote down, kprobes and function_graph, and what
//! the emulator's tape says of the same functions.
//!
//! A script sets the tracer up by writing its files (`tr FILE TEXT`) and reads it (`trdump`). Both
//! sides become a list of [`Call`]s, which must be equal. What the kernel did for others than the
//! emulated processes (the workers' own code and stacks, the harness's own files) is left out by
//! rules that look only at who calls what at which address; see [`ftrace`].

pub mod ftrace;
mod graph;
mod own;
mod probed;
mod tape;
pub mod tracer;

use std::fmt;

use rangewalk_core::kernel::Kernel;
use rangewalk_core::machine::World;
use rangewalk_core::trace::{Tape, Timeline};

use tracer::{Mode, Tracer};

/// One call that a tracer saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Calls around it that were traced too.
    pub depth: usize,
    /// The function.
    pub func: String,
    /// It returns; otherwise it is entered.
    pub returns: bool,
    /// What the probe fetched, in its order.
    pub args: Vec<Value>,
}

/// A number that a probe fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// Known in the bits of `mask`.
    Bits {
        /// The number.
        value: u64,
        /// Bits of it that are known.
        mask: u64,
    },
    /// A pointer; which one is the kernel's business.
    Pointer {
        /// Whether it is NULL.
        null: bool,
    },
    /// What a NULL pointer points to.
    Fault,
}

impl Value {
    /// Fully known.
    #[must_use]
    pub const fn number(value: u64) -> Self {
        Self::Bits { value, mask: u64::MAX }
    }

    /// Nothing is known of it.
    pub const UNKNOWN: Self = Self::Bits { value: 0, mask: 0 };

    /// Whether the emulator's knowledge agrees with what the kernel fetched.
    fn agrees(self, kernel: Self) -> bool {
        match (self, kernel) {
            (Self::Bits { value, mask }, Self::Bits { value: fetched, .. }) => {
                value & mask == fetched & mask
            }
            (Self::Pointer { null }, Self::Bits { value: fetched, .. }) => null == (fetched == 0),
            _ => self == kernel,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bits { mask: 0, .. } => f.write_str("?"),
            Self::Bits { value, mask } => write!(f, "{:#x}", value & mask),
            Self::Pointer { null: true } => f.write_str("NULL"),
            Self::Pointer { null: false } => f.write_str("a pointer"),
            Self::Fault => f.write_str("(fault)"),
        }
    }
}

impl Call {
    /// Whether the emulator's call is the kernel's.
    #[must_use]
    pub fn agrees(&self, kernel: &Self) -> bool {
        (self.depth, &self.func, self.returns) == (kernel.depth, &kernel.func, kernel.returns)
            && self.args.len() == kernel.args.len()
            && self.args.iter().zip(&kernel.args).all(|(own, fetched)| own.agrees(*fetched))
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let args: Vec<String> = self.args.iter().map(Value::to_string).collect();
        let verb = if self.returns { " returns" } else { "" };
        write!(f, "{}{}{verb}({})", "  ".repeat(self.depth), self.func, args.join(", "))
    }
}

/// What the emulator did since the trace was emptied, as `tracer` would have written it down.
/// `world` is the machine after it.
#[must_use]
pub fn emulated(kernel: &Kernel, tracer: &Tracer, world: &World, tape: &Tape) -> Vec<Call> {
    let timeline = Timeline::new(world.clone(), tape.clone());
    match tracer.mode {
        Mode::Probes => own::without_harness(probed::calls(kernel, tracer, timeline)),
        Mode::Graph => graph::calls(kernel, tracer, timeline.tape()),
    }
}
