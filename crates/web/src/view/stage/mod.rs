//! The stage: the picture of one step.
