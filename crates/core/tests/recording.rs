//! A recording plays the run that it was made of: the same steps, the same world at both ends, the
//! same names.

use rangewalk_core::scenario::gallery::GALLERY;
use rangewalk_core::scenario::{Recording, parse, run};

#[test]
fn a_recording_plays_the_run_it_was_made_of() {
    for exhibit in GALLERY {
        let (scenario, _) = parse(exhibit.text);
        let mut run = run(&scenario);
        if !run.diagnostics.is_empty() {
            continue;
        }
        let mut played = Recording::of(&scenario).play();
        assert_eq!(played.timeline.at(), 0, "{}: the cursor", exhibit.name);
        assert_eq!(played.timeline.tape(), run.timeline.tape(), "{}: the tape", exhibit.name);
        assert_eq!(played.ending(), run.ending(), "{}: the end", exhibit.name);
        run.timeline.seek(0);
        assert_eq!(played.state(), run.state(), "{}: the start", exhibit.name);
        assert_eq!(played.trace(&scenario), run.trace(&scenario), "{}: names", exhibit.name);
        assert_eq!(played.spans, run.spans, "{}", exhibit.name);
        assert_eq!(played.outcomes, run.outcomes, "{}", exhibit.name);
    }
}
