//! Links: a scenario and a place in its run as one word for an address bar.
//!
//! `1.` and base64url of: head, place, digest, check, text deflated with a preset dictionary.
//! Specified to the byte in `docs/link-format.md`. A version's decoder stays for ever.

mod deflate;
mod dictionary;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::kernel::{Kernel, LINUX_6_1, LINUX_6_12, LINUX_7_3};
use crate::trace::Place;

/// The version that [`encode`] writes.
const VERSION: &str = "1";
/// Longest fragment, in characters.
pub const FRAGMENT_MAX: usize = 65_536;
/// Longest scenario that fits a link, in bytes.
pub const TEXT_MAX: usize = 262_144;

/// Low four bits of the head: the kernel's place in this list, which only grows.
const KERNELS: [&Kernel; 3] = [&LINUX_7_3, &LINUX_6_12, &LINUX_6_1];
const KERNEL_MASK: u8 = 0x0f;
const HAS_PLACE: u8 = 0x10;
const HAS_DIGEST: u8 = 0x20;

/// Bytes of a digest.
const DIGEST_LEN: usize = 3;
/// Bytes of the check.
const CHECK_LEN: usize = 2;

/// What a link carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The scenario as written.
    pub text: String,
    /// Where in its run to stand; `None`: at the end.
    pub place: Option<Place>,
    /// The kernel that it ran on.
    pub kernel: &'static Kernel,
    /// 24 bits of what the run came to, to tell when the emulator has changed since.
    pub digest: Option<u32>,
}

/// Why a fragment is not a link that can be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkError {
    /// Something else altogether.
    Foreign,
    /// Made by a later version of Rangewalk.
    Newer,
    /// More characters than any link has, or more text behind them than any scenario.
    TooLong,
    /// Cut short or altered on its way.
    Damaged,
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkError::Foreign => f.write_str("this is not a link to a scenario"),
            LinkError::Newer => f.write_str("this link was made by a later version of Rangewalk"),
            LinkError::TooLong => write!(
                f,
                "this link is too long; the limit is {FRAGMENT_MAX} characters, \
                 and {TEXT_MAX} bytes of scenario"
            ),
            LinkError::Damaged => {
                f.write_str("this link is damaged: part of it is missing or altered")
            }
        }
    }
}

impl std::error::Error for LinkError {}

/// A scenario that fits no link: its length in bytes, or that of the link in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong(pub usize);

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the scenario is too long for a link ({}); share it as text", self.0)
    }
}

impl std::error::Error for TooLong {}

/// The fragment that stands for `link`, without its `#`.
///
/// # Errors
/// The text is longer than [`TEXT_MAX`], or the fragment would be longer than [`FRAGMENT_MAX`].
pub fn encode(link: &Link) -> Result<String, TooLong> {
    if link.text.len() > TEXT_MAX {
        return Err(TooLong(link.text.len()));
    }
    let kernel = KERNELS.iter().position(|kernel| kernel.name == link.kernel.name);
    let mut head = u8::try_from(kernel.unwrap_or(0)).unwrap_or(0);
    let mut bytes = vec![0];
    if let Some(place) = link.place {
        head |= HAS_PLACE;
        push_number(&mut bytes, place.statement);
        push_number(&mut bytes, place.step);
    }
    if let Some(digest) = link.digest {
        head |= HAS_DIGEST;
        bytes.extend_from_slice(&digest.to_le_bytes()[..DIGEST_LEN]);
    }
    bytes[0] = head;
    let check = check(&bytes, link.text.as_bytes());
    bytes.extend_from_slice(&check);
    bytes.extend_from_slice(&deflate::deflate(link.text.as_bytes(), dictionary::V1));
    let fragment = format!("{VERSION}.{}", URL_SAFE_NO_PAD.encode(bytes));
    if fragment.len() > FRAGMENT_MAX { Err(TooLong(fragment.len())) } else { Ok(fragment) }
}

/// Reads a fragment, with or without its `#`; a whole address will do. White space, as mails put
/// into long lines, is passed over, and so are the marks that end a sentence.
///
/// # Errors
/// What is wrong with it.
pub fn decode(fragment: &str) -> Result<Link, LinkError> {
    if fragment.len() > FRAGMENT_MAX {
        return Err(LinkError::TooLong);
    }
    let fragment = fragment.split_once('#').map_or(fragment, |(_, behind)| behind);
    let fragment: String = fragment.split_whitespace().collect();
    let fragment =
        fragment.trim_end_matches(|c: char| c.is_ascii_punctuation() && c != '-' && c != '_');
    let (version, body) = fragment.split_once('.').ok_or(LinkError::Foreign)?;
    if version.is_empty() || !version.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(LinkError::Foreign);
    }
    if version != VERSION {
        return Err(LinkError::Newer);
    }
    let bytes = URL_SAFE_NO_PAD.decode(body).map_err(|_| LinkError::Damaged)?;
    decode_v1(&bytes)
}

/// Version 1.
fn decode_v1(bytes: &[u8]) -> Result<Link, LinkError> {
    let header = Header::take(bytes).ok_or(LinkError::Damaged)?;
    let text = deflate::inflate(header.deflated, dictionary::V1, TEXT_MAX)?;
    if check(&bytes[..header.len], &text) != header.check {
        return Err(LinkError::Damaged);
    }
    let text = String::from_utf8(text).map_err(|_| LinkError::Damaged)?;
    let Header { place, kernel, digest, .. } = header;
    Ok(Link { text, place, kernel, digest })
}

/// What stands before the text.
struct Header<'b> {
    kernel: &'static Kernel,
    place: Option<Place>,
    digest: Option<u32>,
    /// Bytes up to the check.
    len: usize,
    check: [u8; CHECK_LEN],
    deflated: &'b [u8],
}

impl<'b> Header<'b> {
    fn take(bytes: &'b [u8]) -> Option<Self> {
        let (head, mut rest) = bytes.split_first()?;
        if head & !(KERNEL_MASK | HAS_PLACE | HAS_DIGEST) != 0 {
            return None;
        }
        let kernel = KERNELS.get(usize::from(head & KERNEL_MASK)).copied()?;
        let mut place = None;
        if head & HAS_PLACE != 0 {
            let statement = take_number(&mut rest)?;
            place = Some(Place { statement, step: take_number(&mut rest)? });
        }
        let mut digest = None;
        if head & HAS_DIGEST != 0 {
            let ([low, middle, high], behind) = rest.split_first_chunk::<DIGEST_LEN>()?;
            digest = Some(u32::from_le_bytes([*low, *middle, *high, 0]));
            rest = behind;
        }
        let (check, deflated) = rest.split_first_chunk::<CHECK_LEN>()?;
        let len = bytes.len() - rest.len();
        Some(Self { kernel, place, digest, len, check: *check, deflated })
    }
}

/// Seven bits a byte, low ones first, the top bit set on all but the last.
fn push_number(bytes: &mut Vec<u8>, mut number: u32) {
    loop {
        let low = number.to_le_bytes()[0] & 0x7f;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low | 0x80);
    }
}

fn take_number(bytes: &mut &[u8]) -> Option<u32> {
    let mut number = 0u32;
    for shift in (0..32).step_by(7) {
        let (byte, behind) = bytes.split_first()?;
        *bytes = behind;
        let low = u32::from(byte & 0x7f);
        if low << shift >> shift != low {
            return None;
        }
        number |= low << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// FNV-1a of both, 32 bits folded to 16, low byte first.
fn check(before: &[u8], text: &[u8]) -> [u8; CHECK_LEN] {
    let hash = fnv1a(before.iter().chain(text));
    let folded = (hash >> 16) ^ (hash & 0xffff);
    let [low, high, ..] = folded.to_le_bytes();
    [low, high]
}

/// 32-bit FNV-1a.
fn fnv1a<'b>(bytes: impl Iterator<Item = &'b u8>) -> u32 {
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// The digest of a run: 24 bits of FNV-1a over the words it ends in.
#[must_use]
pub fn digest(words: &str) -> u32 {
    let hash = fnv1a(words.as_bytes().iter());
    (hash >> 24) ^ (hash & 0x00ff_ffff)
}
