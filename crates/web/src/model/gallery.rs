//! The gallery as data: each scenario with a small picture of its mappings on the file's pages.

use std::rc::Rc;

use rangewalk_core::machine::{Func, VmFlags};
use rangewalk_core::scenario::gallery::{Exhibit, GALLERY};
use yew::AttrValue;

use crate::story::Story;

/// Most mappings drawn on a card.
const BARS_MAX: usize = 12;

/// One mapping: its pages as shares of the file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stripe {
    /// Where it begins, 0 to 1.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
    /// Pages may be written through it.
    pub writable: bool,
}

/// The mappings when the first walk begins, and what that asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sketch {
    /// In order of page offset.
    pub stripes: Vec<Stripe>,
    /// Mappings that are not drawn.
    pub more: usize,
    /// The walked range.
    pub band: Option<(f64, f64)>,
}

/// One scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// What it is called.
    pub title: AttrValue,
    /// One line on what it shows.
    pub note: AttrValue,
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
            text: exhibit.text.into(),
            sketch: sketch(story),
        }
    };
    GALLERY.iter().map(card).collect()
}

fn sketch(mut story: Story) -> Sketch {
    story.seek(story.opening());
    let timeline = &story.run().timeline;
    let world = timeline.world();
    let frames = timeline.tape().frames();
    let walk = frames.iter().find(|frame| frame.func == Func::WalkPageMapping);
    let mappings = world.vmas().filter_map(|(_, vma)| vma.mapping());
    let Some(file) = mappings.min() else { return Sketch::default() };
    let pages = world.mapping(file).pages.max(1);
    let share = |page: u64| page.min(pages) as f64 / pages as f64;
    let mut vmas: Vec<_> =
        world.vmas().map(|(_, vma)| vma).filter(|vma| vma.mapping() == Some(file)).collect();
    vmas.sort_by_key(|vma| (vma.pgoff, vma.mm));
    let stripe = |vma: &&rangewalk_core::machine::Vma| Stripe {
        from: share(vma.pgoff),
        to: share(vma.last_pgoff() + 1),
        writable: vma.flags.contains(VmFlags::WRITE | VmFlags::SHARED),
    };
    Sketch {
        stripes: vmas.iter().take(BARS_MAX).map(stripe).collect(),
        more: vmas.len().saturating_sub(BARS_MAX),
        band: walk.map(|frame| {
            (share(frame.args[0]), share(frame.args[0].saturating_add(frame.args[1])))
        }),
    }
}
