//! Words that scenarios are made of, for the compressor to point at. Each version's dictionary is
//! frozen: links made with it must decode for ever. What is likeliest stands last, where it is
//! cheapest to reach.

/// The dictionary of version 1.
pub(super) const V1: &[u8] = include_bytes!("dictionary-1.txt");

#[cfg(test)]
mod tests {
    use super::V1;
    use crate::link::fnv1a;

    #[test]
    fn frozen() {
        assert_eq!((V1.len(), fnv1a(V1.iter())), (7_121, 0x00b3_c39b));
    }
}
