//! Standard output and standard error. A reader that has gone away, as `head` does, is no error.

use std::io::{ErrorKind, Write, stderr, stdout};

use crate::failure::Failure;

/// Writes to standard output.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::at("stdout", error)),
        _ => Ok(()),
    }
}

/// Writes to standard error: there is nobody left to tell if that fails.
pub(crate) fn remark(text: &str) {
    let _ = stderr().lock().write_all(text.as_bytes());
}
