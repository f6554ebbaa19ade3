//! Who knows that a page was written: what a lost write is measured by.

use crate::addr::Pfn;
use crate::machine::{MappingId, PageFlags, World};

impl World {
    /// The file and page offset that frame `pfn` holds, if it does.
    #[must_use]
    pub fn file_page(&self, pfn: Pfn) -> Option<(MappingId, u64)> {
        if let Some(page) = self.pfn_to_page(pfn) {
            return self.page(page).file();
        }
        self.mappings().filter(|(_, file)| file.kind.is_device()).find_map(|(id, file)| {
            let pgoff = pfn.0.checked_sub(file.dev_pfn.0)?;
            (pgoff < file.pages).then_some((id, pgoff))
        })
    }

    /// True if somebody knows that page `pgoff` was written since it was last asked for: the
    /// kernel's page, the driver, the bitmap of `clean`, or an entry of any process.
    #[must_use]
    pub fn knows_of_store(&self, mapping: MappingId, pgoff: u64) -> bool {
        let file = self.mapping(mapping);
        let bit = |words: &[u64], bit: u64| {
            let word = usize::try_from(bit / 64).ok().and_then(|at| words.get(at));
            word.is_some_and(|word| word >> (bit % 64) & 1 == 1)
        };
        let flags = file.page(pgoff).map(|page| self.folio_flags(page));
        flags.is_some_and(|flags| flags.contains(PageFlags::DIRTY))
            || bit(&file.written, pgoff)
            || pgoff.checked_sub(file.bitmap.pgoff).is_some_and(|at| bit(&file.bitmap.words, at))
            || self.an_entry_is_dirty(mapping, pgoff)
    }

    fn an_entry_is_dirty(&self, mapping: MappingId, pgoff: u64) -> bool {
        self.vmas().filter(|(_, vma)| vma.mapping() == Some(mapping)).any(|(_, vma)| {
            let mm = vma.mm.filter(|_| vma.pgoff <= pgoff && pgoff <= vma.last_pgoff());
            let word = mm.map(|mm| self.translation(mm, vma.address_of(pgoff)));
            word.is_some_and(|word| {
                word.is_dirty(self.kernel) && self.file_page(word.pfn()) == Some((mapping, pgoff))
            })
        })
    }
}
