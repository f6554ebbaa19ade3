//! Links: what goes in comes out, what was ever made can be read, and nothing else gets further
//! than a message.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use rangewalk_core::kernel::{KERNELS, LINUX_7_3};
use rangewalk_core::link::{FRAGMENT_MAX, Link, LinkError, TEXT_MAX, decode, digest, encode};
use rangewalk_core::scenario::gallery::GALLERY;
use rangewalk_core::scenario::{parse, run};
use rangewalk_core::trace::Place;

/// A link in words, as the files of `tests/links` have it.
fn words(link: &Link) -> String {
    let place = link.place.map_or("none".to_owned(), |p| format!("{} {}", p.statement, p.step));
    let digest = link.digest.map_or("none".to_owned(), |digest| format!("{digest:06x}"));
    format!("kernel {}\nplace {place}\ndigest {digest}\n{}", link.kernel, link.text)
}

/// Every link that was ever handed out. Files are added here, never changed.
#[test]
fn old_links_open_for_ever() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/links");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let file = fs::read_to_string(&path).unwrap();
        let (fragment, expected) = file.split_once('\n').unwrap();
        let link = decode(fragment).unwrap();
        assert_eq!(words(&link), expected, "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 6);
}

#[test]
fn the_specifications_example_opens() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/link-format.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, example) = page.split_once("## Example").unwrap();
    let fragment = example.lines().find(|line| line.starts_with("#1.")).unwrap();
    let link = decode(fragment).unwrap();
    assert_eq!(words(&link), "kernel 7.3\nplace 0 2\ndigest none\nproc P1\n");
    assert_eq!(format!("#{}", encode(&link).unwrap()), fragment);
}

/// Three VMAs, two walks: not one of the gallery's, which the dictionary knows by heart.
const SMALL: &str = "\
file ring shmem 32
proc server c1 c2
map S server ring 0+32 @7f6a10200000 rw
map C c1     ring 0+16 @7fd98c000000 rw
map D c2     ring 8+16 @7f01b4c5d000 rw
fill ring 4+6
load C 4+2
store S 12
touch D ..rrww
wp ring 4+12
";

fn link(text: &str) -> Link {
    let place = Some(Place { statement: 9, step: 42 });
    Link { text: text.to_owned(), place, kernel: &LINUX_7_3, digest: Some(0x12_3456) }
}

#[test]
fn a_small_story_fits_one_line_of_a_mail() {
    let length = encode(&link(SMALL)).unwrap().len() + 1;
    assert!(length <= 200, "{length} characters");
}

#[test]
fn a_mail_may_wrap_it_and_put_marks_around_it() {
    let fragment = encode(&link(SMALL)).unwrap();
    let (one, two) = fragment.split_at(60);
    for seen in [
        format!("#{fragment}"),
        format!("https://rangewalk.example/#{fragment}"),
        format!(" {one}\r\n  {two}\n"),
        format!("{fragment}).\n"),
        format!("{fragment}>,"),
    ] {
        assert_eq!(decode(&seen).unwrap(), link(SMALL), "{seen}");
    }
}

#[test]
fn a_damaged_link_is_told_from_a_whole_one() {
    let fragment = encode(&link(SMALL)).unwrap();
    for end in 3..fragment.len() {
        let cut = &fragment[..end];
        assert_eq!(decode(cut), Err(LinkError::Damaged), "{cut}");
    }
    for at in 2..fragment.len() {
        for other in ["A", "b", "7", "_", "!"] {
            let altered = format!("{}{other}{}", &fragment[..at], &fragment[at + 1..]);
            if altered != fragment {
                assert!(decode(&altered).is_err(), "{altered}");
            }
        }
    }
}

#[test]
fn what_is_no_link_says_so() {
    for foreign in ["", "#", "intro", "#section-2", "=1.AAAA", "v1.AAAA", ".", "1"] {
        assert_eq!(decode(foreign), Err(LinkError::Foreign), "{foreign}");
    }
    assert_eq!(decode("#2.AAAA"), Err(LinkError::Newer));
    assert_eq!(decode("#1."), Err(LinkError::Foreign));
    assert_eq!(decode("#1.AAAA"), Err(LinkError::Damaged));
    let long = format!("1.{}", "A".repeat(FRAGMENT_MAX));
    assert_eq!(decode(&long), Err(LinkError::TooLong));
    // Head and check, then ten million zeros in ten kilobytes.
    let mut bomb = vec![0, 0, 0];
    bomb.extend(miniz_oxide::deflate::compress_to_vec(&vec![0; 10_000_000], 9));
    let bomb = format!("1.{}", URL_SAFE_NO_PAD.encode(bomb));
    assert!(bomb.len() < FRAGMENT_MAX);
    assert_eq!(decode(&bomb), Err(LinkError::TooLong));
}

#[test]
fn a_text_too_long_for_a_link_is_refused() {
    assert!(encode(&link(&" ".repeat(TEXT_MAX))).is_ok());
    assert!(encode(&link(&" ".repeat(TEXT_MAX + 1))).is_err());
    let mut seed = 1u32;
    let noise: String = std::iter::repeat_with(|| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'!' + seed.to_be_bytes()[0] % 90)
    })
    .take(100_000)
    .collect();
    assert!(encode(&link(&noise)).is_err());
}

#[test]
fn the_digest_tells_runs_apart_and_stays() {
    let mut seen = std::collections::BTreeSet::new();
    for exhibit in GALLERY {
        let mut run = run(&parse(exhibit.text).0);
        let ending = run.ending();
        run.timeline.seek(3);
        assert_eq!(run.ending(), ending, "wherever the cursor stands");
        assert_eq!(run.timeline.at(), 3);
        assert!(seen.insert(digest(&ending)), "{}", exhibit.name);
    }
    // 32-bit FNV-1a of "foobar" is bf9cf968 by the reference: bf ^ 9cf968.
    assert_eq!(digest("foobar"), 0x9c_f9d7);
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(
        text in "(?s).{0,300}",
        place in prop::option::of((any::<u32>(), any::<u32>())),
        digest in prop::option::of(0..1u32 << 24),
        kernel in 0..3usize,
    ) {
        let place = place.map(|(statement, step)| Place { statement, step });
        let link = Link { text, place, kernel: KERNELS[kernel], digest };
        prop_assert_eq!(decode(&encode(&link).unwrap()).unwrap(), link);
    }

    #[test]
    fn any_fragment_is_survived(fragment in "(1\\.)?[A-Za-z0-9_-]{0,200}") {
        let _ = decode(&fragment);
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&format!("1.{}", URL_SAFE_NO_PAD.encode(bytes)));
    }
}
