//! Which mapping of the scenario covers which addresses: what names VMAs after the kernel has
//! merged and split them.

use std::collections::BTreeMap;

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
    pieces: BTreeMap<(ProcessId, VirtAddr), Piece>,
}

impl Cover {
    /// The pieces that meet `start..end`, ascending.
    pub(super) fn pieces(
        &self,
        process: ProcessId,
        start: VirtAddr,
        end: VirtAddr,
    ) -> impl Iterator<Item = (VirtAddr, Piece)> + '_ {
        let before = self.pieces.range((process, VirtAddr(0))..(process, start)).next_back();
        let inside = self.pieces.range((process, start)..(process, end));
        before
            .filter(move |(_, piece)| piece.end > start)
            .into_iter()
            .chain(inside)
            .map(|((_, addr), piece)| (*addr, *piece))
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
        self.pieces.insert((process, start), piece);
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
            self.pieces.remove(&(process, addr));
            if addr < start {
                self.pieces.insert((process, addr), Piece { end: start, ..piece });
            }
            if end < piece.end {
                let cut = piece.cut + end.pages_since(addr);
                self.pieces.insert((process, end), Piece { cut, ..piece });
            }
        }
    }

    /// All that `process` has, ascending.
    pub(super) fn of(&self, process: ProcessId) -> Vec<(VirtAddr, Piece)> {
        self.pieces(process, VirtAddr(0), VirtAddr(u64::MAX)).collect()
    }
}
