//! Reading files: plain or .gz, `-` is standard input.

use std::fs::File;
use std::io::{BufReader, Read, stdin};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::failure::Failure;

/// Most bytes that are read, unpacked.
const BYTES_MAX: u64 = 1 << 30;

/// The text of a file.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    let failed = |error: std::io::Error| Failure::at(path.display(), error);
    if path == Path::new("-") {
        return text_of(stdin().lock()).map_err(failed);
    }
    let file = BufReader::new(File::open(path).map_err(failed)?);
    if path.extension().is_some_and(|extension| extension == "gz") {
        text_of(MultiGzDecoder::new(file)).map_err(failed)
    } else {
        text_of(file).map_err(failed)
    }
}

fn text_of(input: impl Read) -> std::io::Result<String> {
    let mut text = String::new();
    let read = input.take(BYTES_MAX).read_to_string(&mut text)?;
    if read as u64 == BYTES_MAX {
        return Err(std::io::Error::other(format!("more than {BYTES_MAX} bytes")));
    }
    Ok(text)
}
