//! Fetches a kernel from Debian's archive: packages are downloaded and unpacked, never installed.
//! apt does it, with lists of its own, so that the host's sources do not matter.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::oracle::host::{KEYRING, builds_here, cache};
use crate::oracle::kernels::Kernel;
use crate::shell::{command, output, run};

const MIRROR: &str = "http://deb.debian.org";
/// What the guest needs of the kernel's modules, in the order of loading; built-in ones are
/// missing.
const MODULES: [&str; 8] =
    ["crc16", "crc32c_generic", "crc32c", "libcrc32c", "mbcache", "jbd2", "brd", "ext4"];

/// A kernel as it lies in the cache.
pub(super) struct Unpacked {
    /// `uname -r`.
    pub(super) release: String,
    /// The kernel image.
    pub(super) image: PathBuf,
    /// Modules for the guest, in the order of loading.
    pub(super) modules: Vec<PathBuf>,
    /// The root under which its headers lie in `usr/src`: a folder, or a Debian to change into.
    pub(super) headers_root: PathBuf,
}

/// The kernel from the cache, fetched if it is not there. To have a newer patch level, remove the
/// cache's folder.
pub(super) fn kernel(kernel: &Kernel) -> Result<Unpacked> {
    let folder = cache()?.join(kernel.name);
    if !folder.join("release").exists() {
        let unfinished = cache()?.join(format!("{}.{}", kernel.name, std::process::id()));
        fetch(kernel, &unfinished)?;
        fs::remove_dir_all(&folder).ok();
        fs::rename(&unfinished, &folder).context("the kernel could not be put into the cache")?;
    }
    let release = fs::read_to_string(folder.join("release"))?;
    let module = |name: &&str| folder.join(format!("modules/{name}.ko"));
    let modules = MODULES.iter().map(module).filter(|module| module.exists()).collect();
    let image = folder.join("vmlinuz");
    let headers_root = if builds_here(kernel) { folder.join("root") } else { chroot(kernel)? };
    if !headers_root.join("usr/src").join(format!("linux-headers-{release}")).exists() {
        // Another checkout's older kernel was in that Debian.
        copy_tree(&folder.join("root"), &headers_root)?;
    }
    Ok(Unpacked { release, image, modules, headers_root })
}

/// A minimal Debian of the kernel's own release, with the compiler that its headers ask for.
fn chroot(kernel: &Kernel) -> Result<PathBuf> {
    let folder = cache()?.join(kernel.codename);
    if folder.join("usr/bin/make").exists() {
        return Ok(folder);
    }
    let Kernel { name, codename, compiler, .. } = kernel;
    println!("The module for {name} is built in a Debian {codename}: making one, once.");
    let unfinished = cache()?.join(format!("{codename}.{}", std::process::id()));
    let libelf = if *codename == "bookworm" { "libelf1" } else { "libelf1t64" };
    run(command("debootstrap --variant=minbase")
        .arg(format!("--include={compiler},make,{libelf}"))
        .arg(codename)
        .arg(&unfinished)
        .arg(format!("{MIRROR}/debian")))?;
    fs::rename(&unfinished, &folder)?;
    Ok(folder)
}

fn fetch(kernel: &Kernel, folder: &Path) -> Result<()> {
    println!("Kernel {} is not in the cache: fetching about 120 MB, once.", kernel.name);
    let apt = Apt::new(&folder.join("apt"), kernel)?;
    let release = newest(&apt, kernel)?;
    let root = folder.join("root");
    let debs = folder.join("debs");
    fs::create_dir_all(&debs)?;
    run(apt.get("download").args(packages(&apt, &release)?).current_dir(&debs))?;
    for deb in fs::read_dir(&debs)? {
        run(command("dpkg-deb -x").arg(deb?.path()).arg(&root))?;
    }
    keep_image(&root, &release, folder)?;
    keep_modules(&root, &release, &folder.join("modules"))?;
    // Only the headers stay: the rest is half a gigabyte.
    for part in ["boot", "lib/modules", "usr/lib/modules"] {
        fs::remove_dir_all(root.join(part)).ok();
    }
    fs::remove_dir_all(&debs)?;
    fs::remove_dir_all(folder.join("apt"))?;
    Ok(fs::write(folder.join("release"), release)?)
}

/// apt with lists and a cache of its own.
struct Apt {
    options: Vec<String>,
}

impl Apt {
    fn new(folder: &Path, kernel: &Kernel) -> Result<Self> {
        for part in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(folder.join(part))?;
        }
        let sources = folder.join("sources.list");
        let source = format!("deb [signed-by={KEYRING}] {MIRROR}/{}\n", kernel.archive);
        fs::write(&sources, source)?;
        let folder = folder.display();
        let options = [
            format!("Dir::Etc::SourceList={}", sources.display()),
            "Dir::Etc::SourceParts=/dev/null".to_owned(),
            format!("Dir::State::Lists={folder}/lists"),
            format!("Dir::Cache={folder}/cache"),
            "APT::Sandbox::User=root".to_owned(),
        ];
        let apt = Self { options: options.into() };
        run(&mut apt.get("update"))?;
        Ok(apt)
    }

    fn get(&self, verb: &str) -> Command {
        let mut apt = command("apt-get -qq");
        apt.args(self.options.iter().flat_map(|option| ["-o", option])).arg(verb);
        apt
    }

    fn ask(&self, verb: &str, about: &str) -> Result<String> {
        let mut apt = command("apt-cache");
        apt.args(self.options.iter().flat_map(|option| ["-o", option])).args([verb, about]);
        output(&mut apt).with_context(|| format!("`apt-cache {verb} {about}` failed"))
    }
}

/// The newest release of that kernel in the archive.
fn newest(apt: &Apt, kernel: &Kernel) -> Result<String> {
    let names = apt.ask("pkgnames", kernel.image_prefix)?;
    let release = |name: &str| {
        let plain = name.ends_with("-amd64") && !name.contains("-cloud-") && !name.contains("-rt-");
        plain.then(|| name.trim_start_matches("linux-image-").to_owned())
    };
    names.lines().filter_map(release).max_by_key(|release| numbers(release)).with_context(|| {
        format!("Debian's archive ({}) has no {}* any more", kernel.archive, kernel.image_prefix)
    })
}

/// 6.12.117+deb12-amd64 → 6, 12, 117, 12, 64: so that they can be put in order.
fn numbers(release: &str) -> Vec<u32> {
    release.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
}

/// Image, modules and headers of a release.
fn packages(apt: &Apt, release: &str) -> Result<Vec<String>> {
    let headers = format!("linux-headers-{release}");
    let known = apt.ask("pkgnames", "linux-")?;
    let exists = |name: &String| known.lines().any(|line| line == name);
    let split = [format!("linux-binary-{release}"), format!("linux-modules-{release}")];
    let mut packages = if split.iter().all(exists) {
        split.to_vec()
    } else {
        vec![format!("linux-image-{release}")]
    };
    for line in apt.ask("depends", &headers)?.lines() {
        let name = line.rsplit(' ').next().unwrap_or_default();
        if name.starts_with("linux-headers-") && name != headers || name.starts_with("linux-kbuild")
        {
            packages.push(name.to_owned());
        }
    }
    ensure!(packages.len() > 2, "{headers} names no common headers");
    packages.push(headers);
    Ok(packages)
}

fn keep_image(root: &Path, release: &str, folder: &Path) -> Result<()> {
    let places = [format!("boot/vmlinuz-{release}"), format!("usr/lib/modules/{release}/vmlinuz")];
    for place in places {
        if root.join(&place).exists() {
            fs::copy(root.join(&place), folder.join("vmlinuz"))?;
            return Ok(());
        }
    }
    bail!("the packages of {release} hold no vmlinuz")
}

fn keep_modules(root: &Path, release: &str, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for base in ["lib/modules", "usr/lib/modules"] {
        let folder = root.join(base).join(release);
        if !folder.exists() {
            continue;
        }
        let listing = output(command("find").arg(&folder).args(["-name", "*.ko*"]));
        for file in listing.unwrap_or_default().lines().map(Path::new) {
            keep_module(file, to)?;
        }
    }
    ensure!(to.join("ext4.ko").exists(), "the packages of {release} hold no ext4.ko");
    Ok(())
}

fn keep_module(file: &Path, to: &Path) -> Result<()> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (stem, rest) = name.split_once(".ko").unwrap_or((&name, ""));
    if !MODULES.contains(&stem) {
        return Ok(());
    }
    let kept = to.join(format!("{stem}.ko"));
    if rest.is_empty() {
        fs::copy(file, kept)?;
        return Ok(());
    }
    let unpacked = command("xz -dc").arg(file).output().context("xz does not start")?;
    ensure!(unpacked.status.success(), "{} cannot be unpacked", file.display());
    Ok(fs::write(kept, unpacked.stdout)?)
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    run(command("cp -a").arg(from.join("usr")).arg(to))
}
