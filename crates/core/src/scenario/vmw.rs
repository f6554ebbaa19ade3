//! The calls of the vmwgfx driver, by their words.

use crate::machine::address_space::DirtyMethod;

/// What the vmwgfx driver can be asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VmwCall {
    /// `vmw_bo_dirty_add`.
    Add,
    /// `vmw_bo_dirty_scan`.
    Scan,
    /// `vmw_bo_dirty_transfer_to_res`.
    Transfer,
    /// `vmw_bo_dirty_clear_res`.
    Clear,
    /// `vmw_bo_dirty_unmap`.
    Unmap,
    /// `vmw_bo_dirty_release`.
    Release,
}

impl VmwCall {
    /// All of them.
    pub const ALL: [VmwCall; 6] = [
        VmwCall::Add,
        VmwCall::Scan,
        VmwCall::Transfer,
        VmwCall::Clear,
        VmwCall::Unmap,
        VmwCall::Release,
    ];

    /// Its word: `add`, `scan`, ...
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            VmwCall::Add => "add",
            VmwCall::Scan => "scan",
            VmwCall::Transfer => "transfer",
            VmwCall::Clear => "clear",
            VmwCall::Unmap => "unmap",
            VmwCall::Release => "release",
        }
    }

    /// True if it concerns some of the buffer's pages.
    #[must_use]
    pub const fn takes_pages(self) -> bool {
        matches!(self, VmwCall::Transfer | VmwCall::Clear | VmwCall::Unmap)
    }
}

/// How the driver decides; [`VmwSetting::Thresholds`] as it is built unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VmwSetting {
    /// How many scans in a row are not yet enough to change the method, and what percentage is not
    /// yet dense.
    Thresholds(u64, u64),
    /// The one method that it uses; [`DirtyMethod::Untracked`]: whichever pays.
    Only(DirtyMethod),
}
