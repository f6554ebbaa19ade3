//! Builds what runs in the guest: the module, /init, and the initramfs around them.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::oracle::host::builds_here;
use crate::oracle::kernels::Kernel;
use crate::oracle::packages::Unpacked;
use crate::shell::{command, run};

const MODULE: &str = "oracle/module";
const INIT: &str = "oracle/init";
/// The guest's RAM disk, in KiB: room for eight files of a thousand pages.
const DISK_KIB: u32 = 65536;

/// What boots: an image and the initramfs it begins with.
pub(super) struct Guest {
    pub(super) image: PathBuf,
    pub(super) initramfs: PathBuf,
}

/// Builds the guest, unless it is newer than its sources.
pub(super) fn guest(kernel: &Kernel, unpacked: &Unpacked, folder: &Path) -> Result<Guest> {
    let initramfs = folder.join("initramfs.cpio");
    let guest = Guest { image: unpacked.image.clone(), initramfs: initramfs.clone() };
    let stamp = folder.join("release");
    let fresh = fs::read_to_string(&stamp).is_ok_and(|built| built == unpacked.release);
    if fresh && is_newer(&initramfs, &[MODULE, INIT])? {
        return Ok(guest);
    }
    println!("Building the guest of {}.", unpacked.release);
    fs::create_dir_all(folder)?;
    let module = module(kernel, unpacked, folder)?;
    let root = folder.join("root");
    fs::remove_dir_all(&root).ok();
    for part in ["dev", "proc", "sys", "ext4", "modules"] {
        fs::create_dir_all(root.join(part))?;
    }
    init(&root.join("init"))?;
    disk(&root.join("ext4.img"))?;
    let mut order = String::new();
    for module in unpacked.modules.iter().chain([&module]) {
        let name = module.file_name().unwrap_or_default();
        fs::copy(module, root.join("modules").join(name))?;
        let name = name.to_string_lossy();
        let parameters =
            if name == "brd.ko" { format!(" rd_nr=1 rd_size={DISK_KIB}") } else { String::new() };
        order.push_str(&format!("{name}{parameters}\n"));
    }
    fs::write(root.join("modules/order"), order)?;
    pack(&root, &initramfs)?;
    fs::write(stamp, &unpacked.release)?;
    Ok(guest)
}

/// Whether `file` is newer than everything in those folders.
fn is_newer(file: &Path, folders: &[&str]) -> Result<bool> {
    let Ok(built) = fs::metadata(file).and_then(|meta| meta.modified()) else { return Ok(false) };
    for folder in folders {
        for source in fs::read_dir(folder)? {
            if source?.metadata()?.modified()? > built {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

fn module(kernel: &Kernel, unpacked: &Unpacked, folder: &Path) -> Result<PathBuf> {
    let Unpacked { release, headers_root, .. } = unpacked;
    let built = folder.join("rangewalk.ko");
    if builds_here(kernel) {
        let work = folder.join("module").clone();
        copy_sources(&work)?;
        let headers = headers_root.join("usr/src").join(format!("linux-headers-{release}"));
        let common = common_headers(headers_root, release)?;
        // The headers' own Makefile names places where they would lie if they were installed.
        let mut make = command("make -s");
        make.arg("-C").arg(&headers).arg("-f").arg(common.join("Makefile"));
        make.arg(format!("KBUILD_OUTPUT={}", headers.display()));
        make.arg(format!("M={}", work.canonicalize()?.display()));
        run(make_module(&mut make))?;
        fs::copy(work.join("rangewalk.ko"), &built)?;
    } else {
        let inside = format!("tmp/rangewalk.{}", std::process::id());
        let work = headers_root.join(&inside);
        copy_sources(&work)?;
        // objtool wants /proc; a mount namespace of its own takes it away again.
        let mut make = command("unshare --mount sh -c");
        make.arg("mount -t proc proc \"$0/proc\" && exec chroot \"$0\" make -s \"$@\"");
        make.arg(headers_root).arg("-C").arg(format!("/usr/src/linux-headers-{release}"));
        make.arg(format!("M=/{inside}"));
        run(make_module(&mut make))?;
        fs::copy(work.join("rangewalk.ko"), &built)?;
        fs::remove_dir_all(&work)?;
    }
    Ok(built)
}

/// Without type information, for which there would have to be a vmlinux and pahole.
fn make_module(make: &mut Command) -> &mut Command {
    make.args(["CONFIG_DEBUG_INFO_BTF_MODULES=", "modules"])
}

fn copy_sources(to: &Path) -> Result<()> {
    fs::remove_dir_all(to).ok();
    fs::create_dir_all(to)?;
    for source in fs::read_dir(MODULE)? {
        let source = source?;
        fs::copy(source.path(), to.join(source.file_name()))?;
    }
    Ok(())
}

/// linux-headers-6.12.117+deb12-common for 6.12.117+deb12-amd64.
fn common_headers(root: &Path, release: &str) -> Result<PathBuf> {
    let base = release.trim_end_matches("-amd64");
    let folder = root.join("usr/src").join(format!("linux-headers-{base}-common"));
    ensure!(folder.exists(), "{} is missing", folder.display());
    Ok(folder)
}

fn init(to: &Path) -> Result<()> {
    let mut gcc = command("gcc -std=gnu11 -O2 -Wall -Wextra -Werror -static -o");
    gcc.arg(to);
    let mut sources: Vec<_> =
        fs::read_dir(INIT)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    sources.retain(|path| path.extension().is_some_and(|extension| extension == "c"));
    sources.sort();
    run(gcc.args(sources))
}

fn disk(image: &Path) -> Result<()> {
    File::create(image)?.set_len(u64::from(DISK_KIB) * 1024)?;
    run(command("mke2fs -q -t ext4 -b 4096 -O ^has_journal -F").arg(image))
}

/// Packs a folder as a cpio archive. The kernel unpacks several of them, one behind the other.
pub(super) fn pack(folder: &Path, archive: &Path) -> Result<()> {
    let listing = command("find . -print0").current_dir(folder).output()?;
    ensure!(listing.status.success(), "{} cannot be listed", folder.display());
    let mut cpio = command("cpio --quiet --create --null --format=newc --owner=0:0")
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(File::create(archive)?)
        .spawn()
        .context("cpio does not start")?;
    cpio.stdin.take().context("cpio has an input")?.write_all(&listing.stdout)?;
    ensure!(cpio.wait()?.success(), "{} cannot be packed", folder.display());
    Ok(())
}
