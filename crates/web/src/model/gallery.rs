//! The gallery as data: each scenario with a small picture of its mappings on the file's pages, as
//! the stage draws them.

use std::rc::Rc;

use rangewalk_core::arch::PteFlags;
use rangewalk_core::machine::{Func, MmId, Vma, World};
use rangewalk_core::order::sort_by_key;
use rangewalk_core::scenario::gallery::{Exhibit, GALLERY, Verdict};
use yew::AttrValue;

use crate::story::Story;

/// Most mappings drawn on a card.
const LANES_MAX: usize = 7;
/// Up to so many pages of a file are looked at one by one.
const PAGES_MAX: u64 = 64;

/// What the entry of one page holds, as far as a card shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dirt {
    /// Present.
    Clean,
    /// Dirty.
    Dirty,
}

/// One mapping: its pages as shares of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// Where it begins and ends, 0 to 1.
    pub place: (f64, f64),
    /// The part that the walk is asked for.
    pub asked: Option<(f64, f64)>,
    /// Its present entries: where the page begins, and what the entry holds.
    pub entries: Vec<(f64, Dirt)>,
}

/// The mappings when the first walk begins, and what that asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sketch {
    /// In order of page offset.
    pub lanes: Vec<Lane>,
    /// The walked range.
    pub band: Option<(f64, f64)>,
    /// Width of a page.
    pub page: f64,
}

/// One scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// What it is called.
    pub title: AttrValue,
    /// One sentence on what it shows.
    pub note: AttrValue,
    /// What a real kernel said of it, in one line or two.
    pub verdict: AttrValue,
    /// Its text.
    pub text: Rc<str>,
    /// Its picture.
    pub sketch: Sketch,
}

/// All scenarios.
#[must_use]
pub fn cards() -> Vec<Card> {
    let card = |exhibit: &Exhibit| {
        let story = Story::of(exhibit.text);
        Card {
            title: story.title().into(),
            note: story.note().into(),
            verdict: verdict(exhibit).into(),
            text: exhibit.text.into(),
            sketch: sketch(story),
        }
    };
    GALLERY.iter().map(card).collect()
}

fn verdict(exhibit: &Exhibit) -> String {
    match exhibit.verdict() {
        Some(Verdict { linux, asked, agrees: true }) => {
            format!("agrees with Linux {linux}\nasked {asked}")
        }
        Some(Verdict { linux, asked, agrees: false }) => {
            format!("differs from Linux {linux}\nasked {asked}")
        }
        None => "no kernel was asked".to_owned(),
    }
}

fn sketch(mut story: Story) -> Sketch {
    story.seek(story.walk());
    let timeline = &story.run().timeline;
    let world = timeline.world();
    let frames = timeline.tape().frames();
    let walk = frames.iter().find(|frame| frame.func == Func::WalkPageMapping);
    let mappings = world.vmas().filter_map(|(_, vma)| vma.mapping());
    let Some(file) = mappings.min() else { return Sketch::default() };
    let mut vmas: Vec<&Vma> =
        world.vmas().map(|(_, vma)| vma).filter(|vma| vma.mapping() == Some(file)).collect();
    sort_by_key(&mut vmas, |vma| vma.mm.map_or(0, |mm| mm.0.into()));
    sort_by_key(&mut vmas, |vma| vma.pgoff);
    // The part of the file that is mapped or walked fills the card.
    let asked = walk.map(|frame| (frame.args[0], frame.args[0].saturating_add(frame.args[1])));
    let ends = vmas.iter().map(|vma| vma.last_pgoff() + 1).chain(asked.map(|(_, end)| end));
    let pages = ends.max().unwrap_or(1).min(world.mapping(file).pages).max(1);
    let share = |page: u64| page.min(pages) as f64 / pages as f64;
    let lane = |vma: &&Vma| {
        let (first, end) = (vma.pgoff, vma.last_pgoff() + 1);
        let part = asked.map(|(from, to)| (first.max(from), end.min(to)));
        let part = part.filter(|(from, to)| from < to);
        Lane {
            place: (share(first), share(end)),
            asked: part.map(|(from, to)| (share(from), share(to))),
            entries: if pages <= PAGES_MAX { entries(world, vma, share) } else { Vec::new() },
        }
    };
    Sketch {
        lanes: vmas.iter().take(LANES_MAX).map(lane).collect(),
        band: asked.map(|(from, to)| (share(from), share(to))),
        page: share(1),
    }
}

fn entries(world: &World, vma: &Vma, share: impl Fn(u64) -> f64) -> Vec<(f64, Dirt)> {
    let entry = |mm: MmId, page: u64| {
        let word = world.translation(mm, vma.address_of(page));
        let dirty = PteFlags::DIRTY.union(PteFlags::SAVED_DIRTY);
        let dirt = if word.flags().intersects(dirty) { Dirt::Dirty } else { Dirt::Clean };
        word.flags().contains(PteFlags::PRESENT).then_some((share(page), dirt))
    };
    let Some(mm) = vma.mm else { return Vec::new() };
    (vma.pgoff..=vma.last_pgoff()).filter_map(|page| entry(mm, page)).collect()
}
