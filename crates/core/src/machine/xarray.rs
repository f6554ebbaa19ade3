//! What a file caches: pages by page offset, 64 in a node, as in the kernel's xarray
//! (`lib/xarray.c`). FIDELITY: one-level-of-nodes.

use crate::machine::PageId;

/// `XA_CHUNK_SHIFT`: log2 of a node's slots.
pub(crate) const XA_CHUNK_SHIFT: u8 = 6;
const XA_CHUNK_SIZE: usize = 1 << XA_CHUNK_SHIFT;

/// The nodes, by page offset / 64. `None`: nothing is cached there; the last one is never that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct XArray(Vec<Option<Box<Slots>>>);

/// Numbers of pages + 1; 0: nothing is cached there.
type Slots = [u32; XA_CHUNK_SIZE];

const EMPTY: Slots = [0; XA_CHUNK_SIZE];

/// Which node, and which of its slots.
fn place(pgoff: u64) -> (usize, usize) {
    let pgoff = usize::try_from(pgoff).unwrap_or(usize::MAX);
    (pgoff / XA_CHUNK_SIZE, pgoff % XA_CHUNK_SIZE)
}

fn decode(slot: u32) -> Option<PageId> {
    slot.checked_sub(1).map(PageId)
}

impl XArray {
    /// The page at `pgoff`.
    pub(super) fn load(&self, pgoff: u64) -> Option<PageId> {
        let (node, slot) = place(pgoff);
        decode(self.0.get(node)?.as_ref()?[slot])
    }

    /// Puts a page at `pgoff`, or takes it away.
    pub(super) fn store(&mut self, pgoff: u64, page: Option<PageId>) {
        let (node, slot) = place(pgoff);
        if node >= self.0.len() {
            self.0.resize(node + 1, None);
        }
        let slots = self.0[node].get_or_insert_with(|| Box::new(EMPTY));
        slots[slot] = page.map_or(0, |page| page.0 + 1);
        if **slots == EMPTY {
            self.0[node] = None;
            while let Some(None) = self.0.last() {
                self.0.pop();
            }
        }
    }

    /// The pages at `first` and behind, ascending.
    pub(super) fn pages_from(&self, first: u64) -> impl Iterator<Item = (u64, PageId)> + '_ {
        let (node, slot) = place(first);
        let nodes = self.0.iter().enumerate().skip(node);
        let slots = nodes.flat_map(move |(at, slots)| {
            let from = if at == node { slot } else { 0 };
            let slots = slots.as_ref().map_or(&[][..], |slots| &slots[from..]);
            ((at * XA_CHUNK_SIZE + from) as u64..).zip(slots)
        });
        slots.filter_map(|(pgoff, slot)| Some((pgoff, decode(*slot)?)))
    }
}
