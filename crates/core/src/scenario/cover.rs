//! Which mapping of the scenario covers which addresses: what names VMAs after the kernel has
//! merged and split them.

use std::collections::BTreeMap;

use crate::addr::VirtAddr;
use crate::scenario::ast::{LabelId, ProcessId};

/// What is left of a mapping, from some address on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) end: VirtAddr,
    pub(super) label: LabelId,
}

/// The addresses of all processes, as the scenario's `map` and `unmap` left them.
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
        self.unmap(process, start, end);
        self.pieces.insert((process, start), Piece { end, label });
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
                self.pieces.insert((process, end), piece);
            }
        }
    }

    /// All that `process` has, ascending.
    pub(super) fn of(&self, process: ProcessId) -> Vec<(VirtAddr, Piece)> {
        self.pieces(process, VirtAddr(0), VirtAddr(u64::MAX)).collect()
    }
}
