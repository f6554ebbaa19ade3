//! Rangewalk core.
