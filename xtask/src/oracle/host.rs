//! What the host needs: programs, installed when root on Debian, named elsewhere.

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Result, ensure};

use crate::oracle::kernels::Kernel;
use crate::shell::{command, output, run, which};

/// Programs with the packages that have them.
const PROGRAMS: [(&str, &str); 7] = [
    ("qemu-system-x86_64", "qemu-system-x86"),
    ("cpio", "cpio"),
    ("xz", "xz-utils"),
    ("mke2fs", "e2fsprogs"),
    ("gcc", "gcc"),
    ("make", "make"),
    ("dpkg-deb", "dpkg"),
];
/// What Debian's archive is signed with.
pub(super) const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
/// The static C library, what objtool is linked with, and the archive's keys.
const FILES: [(&str, &str); 3] = [
    ("/usr/lib/x86_64-linux-gnu/libc.a", "libc6-dev"),
    ("/usr/lib/x86_64-linux-gnu/libelf.so.1", "libelf1"),
    (KEYRING, "debian-archive-keyring"),
];

/// Installs what is missing, or says what is and how to get it.
pub(super) fn set_up(kernel: &Kernel) -> Result<()> {
    let missing = missing(kernel);
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.join(" ");
    ensure!(
        can_install(),
        "the oracle needs {packages}: on Debian, as root, it installs them itself; \
         else `sudo apt-get install {packages}`"
    );
    println!("The oracle needs {packages}: installing.");
    run(&mut command("apt-get update -qq"))?;
    let install = "apt-get install -y -qq --no-install-recommends";
    run(command(install).args(missing).env("DEBIAN_FRONTEND", "noninteractive"))
}

/// Why the oracle cannot be asked here, if it cannot.
pub(super) fn obstacle(kernel: &Kernel) -> Option<String> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Some("it needs Linux on x86-64".to_owned());
    }
    let missing = missing(kernel);
    if missing.is_empty() || can_install() {
        return None;
    }
    Some(format!("it needs {}, and only root on Debian can install them", missing.join(", ")))
}

fn missing(kernel: &Kernel) -> Vec<&'static str> {
    let programs = PROGRAMS.into_iter().filter(|(program, _)| which(program).is_none());
    let files = FILES.into_iter().filter(|(file, _)| !Path::new(file).exists());
    let mut missing: Vec<_> = programs.chain(files).map(|(_, package)| package).collect();
    if builds_here(kernel) {
        let compiler = format!("x86_64-linux-gnu-{}", kernel.compiler);
        missing.extend(which(&compiler).is_none().then_some(kernel.compiler));
    } else {
        missing.extend(which("debootstrap").is_none().then_some("debootstrap"));
    }
    missing
}

/// Whether this machine is the Debian release whose compiler the kernel's module needs.
pub(super) fn builds_here(kernel: &Kernel) -> bool {
    os_release_says(&format!("VERSION_CODENAME={}", kernel.codename))
}

fn can_install() -> bool {
    let root = output(&mut command("id -u")).as_deref() == Some("0");
    root && os_release_says("ID=debian") && which("apt-get").is_some()
}

fn os_release_says(line: &str) -> bool {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    release.lines().any(|says| says == line)
}

/// Where kernels are kept. Naming one folder for several checkouts fetches them once.
pub(super) fn cache() -> Result<PathBuf> {
    let folder = env::var_os("RANGEWALK_ORACLE")
        .map_or_else(|| PathBuf::from("target/oracle/cache"), PathBuf::from);
    fs::create_dir_all(&folder)?;
    Ok(folder.canonicalize()?)
}
