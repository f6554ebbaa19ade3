//! Where a run's steps fall: the tree of its calls, the same way down counted together.

use crate::machine::Func;

/// A function as called by its callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Which; `None`: outside of all functions, the root.
    pub func: Option<Func>,
    /// Its caller's place in the profile; the root is its own.
    pub caller: u32,
    /// Times called.
    pub calls: u64,
    /// Steps of its own, without those of what it calls.
    pub steps: u64,
}

/// Calls, callers before callees, the root first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    calls: Vec<Call>,
    /// For each call, the places of what it calls, by function; 0: it has not called that yet.
    callees: Vec<[u32; Func::ALL.len()]>,
}

impl Default for Profile {
    fn default() -> Self {
        let root = Call { func: None, caller: 0, calls: 1, steps: 0 };
        Self { calls: vec![root], callees: vec![[0; Func::ALL.len()]] }
    }
}

impl Profile {
    /// All calls.
    #[must_use]
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// Steps of this function itself, whoever calls it.
    #[must_use]
    pub fn of(&self, func: Func) -> u64 {
        let own = self.calls.iter().filter(|call| call.func == Some(func));
        own.map(|call| call.steps).sum()
    }

    /// Times that it was called.
    #[must_use]
    pub fn times(&self, func: Func) -> u64 {
        let own = self.calls.iter().filter(|call| call.func == Some(func));
        own.map(|call| call.calls).sum()
    }

    /// Steps of the functions that are `wanted` and of all that they call.
    #[must_use]
    pub fn under(&self, wanted: impl Fn(Func) -> bool) -> u64 {
        let mut inside = vec![false; self.calls.len()];
        let mut steps = 0;
        for (at, call) in self.calls.iter().enumerate() {
            inside[at] = inside[call.caller as usize] || call.func.is_some_and(&wanted);
            steps += if inside[at] { call.steps } else { 0 };
        }
        steps
    }

    /// True if it is called.
    #[must_use]
    pub fn has(&self, func: Func) -> bool {
        self.calls.iter().any(|call| call.func == Some(func))
    }

    /// Functions called, in the order of [`Func::ALL`], each with its own steps.
    pub fn functions(&self) -> impl Iterator<Item = (Func, u64)> + '_ {
        let called = Func::ALL.iter().copied().filter(|func| self.has(*func));
        called.map(|func| (func, self.of(func)))
    }

    /// All steps.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.calls.iter().map(|call| call.steps).sum()
    }

    /// One more step at `at`.
    pub(super) fn step(&mut self, at: u32) {
        self.calls[at as usize].steps += 1;
    }

    /// `func` is called at `caller`. Returns its place.
    pub(super) fn call(&mut self, caller: u32, func: Func) -> u32 {
        let mut at = self.callees[caller as usize][func as usize];
        if at == 0 {
            at = u32::try_from(self.calls.len()).expect("there are few ways down");
            self.callees[caller as usize][func as usize] = at;
            self.calls.push(Call { func: Some(func), caller, calls: 0, steps: 0 });
            self.callees.push([0; Func::ALL.len()]);
        }
        self.calls[at as usize].calls += 1;
        at
    }

    /// Who called at `at`.
    pub(super) fn caller(&self, at: u32) -> u32 {
        self.calls[at as usize].caller
    }
}
