//! What must hold at every step.
