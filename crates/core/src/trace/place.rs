//! A place in a run that outlives small changes of the emulator: a statement, and steps into it.

/// Where in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The statement's place in the scenario.
    pub statement: u32,
    /// Steps done of it.
    pub step: u32,
}
