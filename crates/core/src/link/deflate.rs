//! Raw deflate (RFC 1951) with a preset dictionary, bounded both ways.

use crate::link::LinkError;
use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, TDEFLStatus, compress, create_comp_flags_from_zip_params,
};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

/// Best compression.
const LEVEL: i32 = 10;
/// zlib's sign for "no header".
const RAW: i32 = -15;
/// zlib's strategies: the encoder's choice of codes, and the fixed ones, which win for short texts.
const STRATEGIES: [i32; 2] = [0, 4];

/// The shortest deflated form of `text` that this encoder finds.
pub(super) fn deflate(text: &[u8], dictionary: &[u8]) -> Vec<u8> {
    let tries = STRATEGIES.map(|strategy| deflate_with(text, dictionary, strategy));
    tries.into_iter().min_by_key(Vec::len).unwrap_or_default()
}

fn deflate_with(text: &[u8], dictionary: &[u8], strategy: i32) -> Vec<u8> {
    let mut compressor =
        CompressorOxide::new(create_comp_flags_from_zip_params(LEVEL, RAW, strategy));
    // Deflating the dictionary first, up to a byte border, leaves the compressor as if it had
    // been preset.
    feed(&mut compressor, dictionary, TDEFLFlush::Sync);
    feed(&mut compressor, text, TDEFLFlush::Finish)
}

fn feed(compressor: &mut CompressorOxide, mut input: &[u8], flush: TDEFLFlush) -> Vec<u8> {
    let mut out = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let (status, consumed, written) = compress(compressor, input, &mut buffer, flush);
        out.extend_from_slice(&buffer[..written]);
        input = &input[consumed..];
        let drained = input.is_empty() && written < buffer.len();
        if status != TDEFLStatus::Okay || drained {
            return out;
        }
    }
}

/// The text behind `deflated`, `max` bytes at most.
pub(super) fn inflate(
    deflated: &[u8],
    dictionary: &[u8],
    max: usize,
) -> Result<Vec<u8>, LinkError> {
    let mut out = dictionary.to_vec();
    out.resize(dictionary.len() + max, 0);
    let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let mut inflater = DecompressorOxide::new();
    let (status, consumed, written) =
        decompress(&mut inflater, deflated, &mut out, dictionary.len(), flags);
    match status {
        TINFLStatus::Done if consumed == deflated.len() => {
            out.truncate(dictionary.len() + written);
            Ok(out.split_off(dictionary.len()))
        }
        TINFLStatus::HasMoreOutput => Err(LinkError::TooLong),
        _ => Err(LinkError::Damaged),
    }
}
