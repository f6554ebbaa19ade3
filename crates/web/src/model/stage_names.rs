//! What the page calls VMAs, processes and files.

use std::collections::BTreeMap;

use rangewalk_core::machine::{MappingId, MmId, VmaId};

/// Names for the numbers of the machine. What has none gets one made from its number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// Labels of VMAs.
    pub vmas: BTreeMap<VmaId, String>,
    /// Names of processes.
    pub mms: BTreeMap<MmId, String>,
    /// Names of files.
    pub files: BTreeMap<MappingId, String>,
}

impl Labels {
    /// `A`, `B`, ... when nothing better is known.
    #[must_use]
    pub fn vma(&self, vma: VmaId) -> String {
        self.vmas.get(&vma).cloned().unwrap_or_else(|| {
            let letter = char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[vma.index() % 26]);
            match vma.index() / 26 {
                0 => letter.to_string(),
                round => format!("{letter}{round}"),
            }
        })
    }

    /// `P0`, `P1`, ... when nothing better is known.
    #[must_use]
    pub fn process(&self, mm: MmId) -> String {
        self.mms.get(&mm).cloned().unwrap_or_else(|| format!("P{}", mm.0))
    }

    /// `file0`, `file1`, ... when nothing better is known.
    #[must_use]
    pub fn file(&self, mapping: MappingId) -> String {
        self.files.get(&mapping).cloned().unwrap_or_else(|| format!("file{}", mapping.0))
    }
}
