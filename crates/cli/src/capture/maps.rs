//! `/proc/PID/maps` and `/proc/PID/smaps` as text: pure parsing.

use std::fmt;

/// One VMA of a real process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// First address.
    pub start: u64,
    /// First address behind it.
    pub end: u64,
    /// `r`.
    pub read: bool,
    /// `w`.
    pub write: bool,
    /// `x`.
    pub exec: bool,
    /// `s`, not `p`.
    pub shared: bool,
    /// Offset in the file, in bytes.
    pub offset: u64,
    /// What it maps; inode 0 is no file.
    pub file: FileKey,
    /// The path, as the kernel knows it: `/memfd:x (deleted)`. Empty without one.
    pub path: String,
    /// The words of smaps' `VmFlags` line; `None` in maps.
    pub vm_flags: Option<VmFlagWords>,
}

/// A file, by device and inode: names change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileKey {
    /// Major number of its device.
    pub major: u32,
    /// Minor number of its device.
    pub minor: u32,
    /// Inode number.
    pub inode: u64,
}

/// What smaps' `VmFlags` line says beyond the permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct VmFlagWords {
    /// `mw`: may be made writable. Missing from a shared mapping: its descriptor is read-only.
    pub may_write: bool,
    /// `sd`: soft-dirty as a whole, so that single pages say nothing.
    pub soft_dirty: bool,
    /// `ht`: huge pages of hugetlbfs.
    pub hugetlb: bool,
}

/// A line that is neither maps nor smaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MapsError {
    /// Line, from 1.
    pub line: usize,
    /// The line.
    pub text: String,
}

impl std::error::Error for MapsError {}

impl fmt::Display for MapsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} is no line of a maps file: {}", self.line, self.text)
    }
}

/// Reads the text of a maps or smaps file.
///
/// # Errors
/// The first line that fits neither.
pub fn parse(text: &str) -> Result<Vec<Mapping>, MapsError> {
    let mut mappings: Vec<Mapping> = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let key = text.split_whitespace().next().unwrap_or_default();
        if !key.ends_with(':') {
            let mapping = mapping(text);
            mappings.push(mapping.ok_or_else(|| MapsError { line, text: text.to_owned() })?);
        } else if let (Some(words), Some(last)) =
            (text.strip_prefix("VmFlags:"), mappings.last_mut())
        {
            let has = |word| words.split_whitespace().any(|other| other == word);
            let (may_write, soft_dirty, hugetlb) = (has("mw"), has("sd"), has("ht"));
            last.vm_flags = Some(VmFlagWords { may_write, soft_dirty, hugetlb });
        }
    }
    Ok(mappings)
}

fn mapping(line: &str) -> Option<Mapping> {
    // The path may hold blanks; only five columns stand before it.
    let mut rest = line;
    let mut column = || {
        let (word, behind) = rest.split_once(' ').unwrap_or((rest, ""));
        rest = behind.trim_start();
        word
    };
    let (start, end) = column().split_once('-')?;
    let permissions = column().as_bytes().first_chunk::<4>()?;
    let offset = column();
    let (major, minor) = column().split_once(':')?;
    let inode = column().parse().ok()?;
    let hex = |word| u64::from_str_radix(word, 16).ok();
    let number = |word| u32::from_str_radix(word, 16).ok();
    let mapping = Mapping {
        start: hex(start)?,
        end: hex(end)?,
        read: permissions[0] == b'r',
        write: permissions[1] == b'w',
        exec: permissions[2] == b'x',
        shared: permissions[3] == b's',
        offset: hex(offset)?,
        file: FileKey { major: number(major)?, minor: number(minor)?, inode },
        path: rest.to_owned(),
        vm_flags: None,
    };
    (mapping.start < mapping.end).then_some(mapping)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_shared_memory() {
        let text = "\
7f1fa4a00000-7f1fad800000 rw-s 00000000 00:01 1026                       /dev/zero (deleted)
7f1fae6a3000-7f1fae6aa000 r--s 00000000 fe:00 325745                     /usr/lib/gconv.cache
7f1fae8aa000-7f1fae8ab000 rw-s 00000000 00:01 32768                      /SYSV0010ab01 (deleted)
7f1fae8ab000-7f1fae8b2000 rw-s 00003000 00:19 3                          /dev/shm/PostgreSQL.2417
7f2fef137000-7f2fef159000 rw-p 00000000 00:00 0 
7fff6f6e1000-7fff6f702000 rw-p 00000000 00:00 0                          [stack]
7f0000000000-7f0000001000 ---p 00001000 fd:10 77                         /tmp/a file  with blanks
7f0000001000-7f0000002000 rw-s 00000000 00:01 9                          /memfd:x (deleted)
";
        let mappings = parse(text).expect("maps");
        let zero = Mapping {
            start: 0x7f1f_a4a0_0000,
            end: 0x7f1f_ad80_0000,
            read: true,
            write: true,
            exec: false,
            shared: true,
            offset: 0,
            file: FileKey { major: 0, minor: 1, inode: 1026 },
            path: "/dev/zero (deleted)".to_owned(),
            vm_flags: None,
        };
        assert_eq!(mappings[0], zero);
        assert_eq!(mappings[1].file, FileKey { major: 0xfe, minor: 0, inode: 325_745 });
        assert_eq!(
            (mappings[3].offset, mappings[3].path.as_str()),
            (0x3000, "/dev/shm/PostgreSQL.2417")
        );
        assert_eq!((mappings[4].file.inode, mappings[4].path.as_str()), (0, ""));
        assert!(!mappings[6].read && !mappings[6].shared);
        assert_eq!(mappings[6].path, "/tmp/a file  with blanks");
        assert_eq!(mappings.len(), 8);
    }

    #[test]
    fn smaps_adds_what_may_become_of_a_mapping() {
        let text = "\
7f1fae6a3000-7f1fae6aa000 r--s 00000000 fe:00 325745                     /usr/lib/gconv.cache
Size:                 28 kB
Pss:                   7 kB
THPeligible:           0
ProtectionKey:         0
VmFlags: rd mr me ms sd 
7f1fae8aa000-7f1fae8ab000 rw-s 00000000 00:01 32768                      /SYSV0010ab01 (deleted)
Size:                  4 kB
VmFlags: rd wr sh mr mw me ms 
";
        let flags: Vec<_> =
            parse(text).expect("smaps").into_iter().map(|mapping| mapping.vm_flags).collect();
        let read_only = VmFlagWords { may_write: false, soft_dirty: true, hugetlb: false };
        let writable = VmFlagWords { may_write: true, soft_dirty: false, hugetlb: false };
        assert_eq!(flags, [Some(read_only), Some(writable)]);
    }

    #[test]
    fn anything_else_is_an_error_with_its_line() {
        let good = "7f0000001000-7f0000002000 rw-s 00000000 00:01 9 /memfd:x (deleted)\n";
        for bad in [
            "root:x:0:0:root",
            "7f0000002000-7f0000001000 rw-s 00000000 00:01 9",
            "7f0000001000-7f0000002000 rw-s 00000000 00:01",
            "7f0000001000-7f0000002000 rw 00000000 00:01 9",
        ] {
            let error = parse(&format!("{good}{bad}\n")).expect_err(bad);
            assert_eq!((error.line, error.text.as_str()), (2, bad));
        }
    }
}
