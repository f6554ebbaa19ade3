//! The kernels that can be asked, and where Debian has them.

use anyhow::{Context, Result};

/// One kernel: a table row for everything that differs in getting and booting it.
pub(crate) struct Kernel {
    /// As the emulator calls it.
    pub(crate) name: &'static str,
    /// The Debian release whose compiler builds its module.
    pub(crate) codename: &'static str,
    /// Its package archive, as in sources.list behind the address.
    pub(super) archive: &'static str,
    /// What its image packages are called, up to the patch level.
    pub(super) image_prefix: &'static str,
    /// Its compiler, as its headers want it.
    pub(super) compiler: &'static str,
    /// Boot arguments of its own.
    pub(super) boot: &'static str,
}

/// All of them.
pub(crate) const KERNELS: [Kernel; 3] = [
    Kernel {
        name: "6.1",
        codename: "bookworm",
        archive: "debian-security bookworm-security main",
        image_prefix: "linux-image-6.1.0-",
        compiler: "gcc-12",
        boot: "",
    },
    Kernel {
        name: "6.12",
        codename: "bookworm",
        archive: "debian-security bookworm-security main",
        image_prefix: "linux-image-6.12.",
        compiler: "gcc-12",
        boot: "",
    },
    Kernel {
        name: "7.3",
        codename: "trixie",
        archive: "debian trixie-backports main",
        image_prefix: "linux-image-7.3.",
        compiler: "gcc-14",
        // On by default in Debian's 7.3, it clears Accessed bits at random moments.
        boot: "damon_stat.enabled=N",
    },
];

/// The kernel that is asked when none is named.
pub(crate) const DEFAULT: &str = "6.12";

/// The kernel of that name.
pub(crate) fn kernel(name: &str) -> Result<&'static Kernel> {
    KERNELS.iter().find(|kernel| kernel.name == name).with_context(|| {
        let names = KERNELS.map(|kernel| kernel.name).join(", ");
        format!("there is no kernel {name} to ask: {names}")
    })
}
