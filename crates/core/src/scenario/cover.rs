//! Which mapping of the scenario covers which addresses: what names VMAs after the kernel has
//! merged and split them.

use crate::addr::VirtAddr;
use crate::scenario::ast::{LabelId, ProcessId, Target};

/// What is left of a mapping, from some address on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) end: VirtAddr,
    pub(super) label: LabelId,
    /// Pages of the mapping before this piece.
    pub(super) cut: u64,
}

/// The addresses of all processes, as the scenario's statements left them.
#[derive(Clone, Debug, Default)]
pub(super) struct Cover {
    /// By process: disjoint, ascending. Lists, for they are short and a map type more weighs more.
    pieces: Vec<Vec<(VirtAddr, Piece)>>,
}

impl Cover {
    /// The pieces that meet `start..end`, ascending.
    pub(super) fn pieces(
        &self,
        process: ProcessId,
        start: VirtAddr,
        end: VirtAddr,
    ) -> impl Iterator<Item = (VirtAddr, Piece)> + '_ {
        let all = self.pieces.get(process.0 as usize).map_or(&[][..], Vec::as_slice);
        let first = all.partition_point(|(_, piece)| piece.end <= start);
        let behind = all.partition_point(|(addr, _)| *addr < end);
        all.get(first..behind).unwrap_or_default().iter().copied()
    }

    /// `label` now covers `start..end`.
    pub(super) fn map(
        &mut self,
        process: ProcessId,
        start: VirtAddr,
        end: VirtAddr,
        label: LabelId,
    ) {
        self.put(process, start, Piece { end, label, cut: 0 });
    }

    /// `piece` now lies at `start`.
    pub(super) fn put(&mut self, process: ProcessId, start: VirtAddr, piece: Piece) {
        self.unmap(process, start, piece.end);
        self.insert(process, start, piece);
    }

    /// What covered `start..end` now lies where `to` says.
    pub(super) fn remap(
        &mut self,
        process: ProcessId,
        (start, end): (VirtAddr, VirtAddr),
        to: Target,
    ) {
        let moved: Vec<(VirtAddr, Piece)> = self.pieces(process, start, end).collect();
        let to_end = to.addr.add_pages(to.pages);
        self.unmap(process, start, end);
        self.unmap(process, to.addr, to_end);
        if let Some(label) = to.label {
            return self.map(process, to.addr, to_end, label);
        }
        let grown = (to.pages > end.pages_since(start)).then_some(end);
        for (addr, piece) in moved {
            let from = addr.max(start);
            let shift = |at: VirtAddr| to.addr.add_pages(at.pages_since(start));
            let new_end = if Some(piece.end) == grown { to_end } else { shift(piece.end.min(end)) };
            let piece = Piece {
                end: new_end.min(to_end),
                cut: piece.cut + from.pages_since(addr),
                ..piece
            };
            if shift(from) < piece.end {
                self.put(process, shift(from), piece);
            }
        }
    }

    /// Nothing covers `start..end` any more.
    pub(super) fn unmap(&mut self, process: ProcessId, start: VirtAddr, end: VirtAddr) {
        let met: Vec<(VirtAddr, Piece)> = self.pieces(process, start, end).collect();
        for (addr, piece) in met {
            self.pieces[process.0 as usize].retain(|(at, _)| *at != addr);
            if addr < start {
                self.insert(process, addr, Piece { end: start, ..piece });
            }
            if end < piece.end {
                let cut = piece.cut + end.pages_since(addr);
                self.insert(process, end, Piece { cut, ..piece });
            }
        }
    }

    /// `piece` begins at `addr`, where nothing else is.
    fn insert(&mut self, process: ProcessId, addr: VirtAddr, piece: Piece) {
        let process = process.0 as usize;
        self.pieces.resize(self.pieces.len().max(process + 1), Vec::new());
        let pieces = &mut self.pieces[process];
        let at = pieces.partition_point(|(before, _)| *before < addr);
        pieces.insert(at, (addr, piece));
    }

    /// All that `process` has, ascending.
    pub(super) fn of(&self, process: ProcessId) -> Vec<(VirtAddr, Piece)> {
        self.pieces(process, VirtAddr(0), VirtAddr(u64::MAX)).collect()
    }
}
