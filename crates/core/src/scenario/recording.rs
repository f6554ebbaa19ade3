//! A run as constant data, compiled into a program that shall show it before it can run anything.
//! With the feature `bake` a build script can write one as Rust.

use std::borrow::Cow;

#[cfg(feature = "bake")]
use databake::Bake;

use crate::arch::level::Levels;
use crate::kernel::{Kernel, LINUX_7_3};
use crate::machine::{FileKind, MmId, VmaId, World};
use crate::scenario::run::{Outcome, Run, Span};
use crate::scenario::{Scenario, run};
use crate::trace::tape::Reel;
use crate::trace::{Names, Tape, Timeline};

type Text = Cow<'static, str>;

/// A scenario's run, and what it says of itself.
#[cfg_attr(feature = "bake", derive(Bake), databake(path = rangewalk_core::scenario::recording))]
pub struct Recording {
    /// The scenario's title.
    pub title: Text,
    /// Its notes, in one.
    pub notes: Text,
    /// The kernel's name.
    pub kernel: Text,
    /// Number of CPUs.
    pub cpus: u8,
    /// Levels of the page tables.
    pub levels: Levels,
    /// The files: name, kind, pages.
    pub files: Cow<'static, [(Text, FileKind, u64)]>,
    /// The processes' names, by number.
    pub processes: Cow<'static, [Text]>,
    /// The VMAs' names: number, from which step on, name.
    pub vmas: Cow<'static, [(u32, u32, Text)]>,
    /// As in [`Run`].
    pub spans: Cow<'static, [Span]>,
    /// As in [`Run`].
    pub outcomes: Cow<'static, [Outcome]>,
    /// The tape.
    pub reel: Reel,
}

impl Recording {
    /// Runs a scenario, which must give no cause for a diagnostic.
    #[must_use]
    pub fn of(scenario: &Scenario) -> Self {
        let run = run(scenario);
        assert!(run.diagnostics.is_empty(), "a recording has no place for them");
        let text = |text: &str| Text::from(text.to_owned());
        let files = scenario.files.iter().map(|file| (text(&file.name), file.kind, file.pages));
        let vmas = run.names.vmas().map(|(vma, from, name)| (vma.0, from, text(name)));
        Self {
            title: text(scenario.title().unwrap_or_default()),
            notes: scenario.notes().collect::<Vec<_>>().join(" ").into(),
            kernel: text(scenario.kernel().name),
            cpus: scenario.cpus(),
            levels: scenario.levels(),
            files: files.collect(),
            processes: run.names.processes().map(text).collect(),
            vmas: vmas.collect(),
            spans: run.spans.clone().into(),
            outcomes: run.outcomes.clone().into(),
            reel: run.timeline.tape().reel(),
        }
    }

    /// The run again, without the emulator. Its cursor stands at the start.
    #[must_use]
    pub fn play(&self) -> Run {
        let mut world = World::new(Kernel::by_name(&self.kernel).unwrap_or(&LINUX_7_3));
        world.set_cpus(self.cpus);
        world.set_levels(self.levels);
        let mut names = Names::default();
        for (name, kind, pages) in &*self.files {
            world.add_file(*kind, *pages);
            names.name_file(name);
        }
        for (mm, name) in (0..).map(MmId).zip(&*self.processes) {
            names.name_process(mm, name);
        }
        for (vma, from, name) in &*self.vmas {
            names.name_vma(VmaId(*vma), *from, name);
        }
        Run {
            timeline: Timeline::at_start(world, Tape::wound(&self.reel)),
            spans: self.spans.to_vec(),
            outcomes: self.outcomes.to_vec(),
            diagnostics: Vec::new(),
            names,
        }
    }
}
