//! TEMPORARY stand-in for the gallery and core::link. To be deleted.
#![allow(missing_docs, unreachable_pub, dead_code, clippy::all)]

pub struct Entry {
    pub text: &'static str,
}
pub static GALLERY: [Entry; 1] =
    [Entry { text: include_str!("../../../scenarios/walk/clipped/scenario.txt") }];

pub mod link {
    #[derive(Debug)]
    pub struct LinkError(pub String);
    pub fn encode(text: &str, at: u32) -> Result<String, LinkError> {
        let hex: String = text.bytes().map(|b| format!("{b:02x}")).collect();
        Ok(format!("1.{hex}.{at}"))
    }
    pub fn decode(fragment: &str) -> Result<(String, Option<u32>), LinkError> {
        let bad = || LinkError("This link is damaged: what it carries cannot be unpacked.".into());
        let mut it = fragment.split('.');
        if it.next() != Some("1") {
            return Err(bad());
        }
        let hex = it.next().ok_or_else(bad)?;
        let bytes: Option<Vec<u8>> = (0..hex.len() / 2)
            .map(|i| u8::from_str_radix(hex.get(2 * i..2 * i + 2)?, 16).ok())
            .collect();
        let text = String::from_utf8(bytes.ok_or_else(bad)?).map_err(|_| bad())?;
        Ok((text, it.next().and_then(|s| s.parse().ok())))
    }
}
