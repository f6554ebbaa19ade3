//! The caller's side of `clean_record_shared_mapping_range`: the bitmap that it records into.

use crate::machine::delta::MappingField;
use crate::machine::{Cell, Cpu, MappingId, Sink};

/// Bits in one word of a bitmap.
pub const BITS_PER_WORD: u64 = 64;

/// Sets `bit` of the words that `cell` makes of their numbers.
#[inline(always)]
pub(super) fn set_bit<S: Sink>(
    cpu: &mut Cpu<S>,
    cell: fn(MappingId, u64) -> Cell,
    mapping: MappingId,
    bit: u64,
) {
    let cell = cell(mapping, bit / BITS_PER_WORD);
    let word = cpu.get(cell);
    cpu.set(cell, word | 1 << (bit % BITS_PER_WORD));
}

/// Gives the bitmap `bits` bits; what is set stays.
pub fn resize<S: Sink>(cpu: &mut Cpu<S>, mapping: MappingId, bits: u64) {
    cpu.set(Cell::Mapping(mapping, MappingField::BitmapBits), bits);
}

/// Empties the bitmap, gives it `bits` bits, and sets the in-out `start` and `end` (`start >= end`:
/// none set).
pub fn reset<S: Sink>(cpu: &mut Cpu<S>, mapping: MappingId, bits: u64, start: u64, end: u64) {
    let old = cpu.mapping_field(mapping, MappingField::BitmapBits);
    for word in 0..old.max(bits).div_ceil(BITS_PER_WORD) {
        cpu.set(Cell::Bitmap(mapping, word), 0);
    }
    cpu.set(Cell::Mapping(mapping, MappingField::BitmapBits), bits);
    cpu.set(Cell::Mapping(mapping, MappingField::BitmapStart), start);
    cpu.set(Cell::Mapping(mapping, MappingField::BitmapEnd), end);
}
