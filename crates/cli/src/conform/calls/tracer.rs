//! The tracer's settings, as a script writes them into the files of tracefs.

/// Which tracer is at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mode {
    /// Kprobes.
    #[default]
    Probes,
    /// `function_graph`.
    Graph,
}

/// A kprobe: where, and what it fetches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Name of its event.
    pub name: String,
    /// The function.
    pub func: String,
    /// At its return; otherwise at its entry.
    pub returns: bool,
    /// What is fetched, in order.
    pub fetches: Vec<Fetch>,
}

/// What a probe fetches: `%si`, `+0(%di)`, `$retval`, `+0($retval)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// From where.
    pub source: Source,
    /// The first word of what it points to, not itself.
    pub pointed: bool,
}

/// Where a fetch finds its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Argument of that number, from 0.
    Arg(usize),
    /// The value returned.
    Returned,
}

/// The six argument registers of x86-64.
const REGISTERS: [&str; 6] = ["di", "si", "dx", "cx", "r8", "r9"];

/// What may be written into `shmem_enabled`, which lies beside tracefs.
const SHMEM_VALUES: [&str; 2] = ["never", "force"];

/// All settings that matter here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tracer {
    /// Every probe defined.
    pub probes: Vec<Probe>,
    /// Functions whose calls `function_graph` shows.
    pub graph_roots: Vec<String>,
    /// The tracer at work.
    pub mode: Mode,
    /// Where the trace begins that the next dump shows: steps and frames of the tape.
    pub since: (u32, usize),
}

impl Tracer {
    /// Writes `text` into `file`. `now`: length of the tape, in steps and frames.
    ///
    /// # Errors
    /// A probe that is not understood.
    pub fn write(&mut self, file: &str, text: &str, now: (u32, usize)) -> Result<(), String> {
        match (file, text) {
            ("kprobe_events", text) => self.probes.push(probe(text)?),
            ("set_graph_function", text) => {
                self.graph_roots = text.split_whitespace().map(str::to_owned).collect();
            }
            ("current_tracer", "function_graph") => self.mode = Mode::Graph,
            ("current_tracer", _) => self.mode = Mode::Probes,
            ("trace", _) => self.since = now,
            (file, text) if file.ends_with("/shmem_enabled") && !SHMEM_VALUES.contains(&text) => {
                return Err(format!(
                    "shmem_enabled `{text}`: only {} are understood",
                    SHMEM_VALUES.join(", ")
                ));
            }
            _ => {}
        }
        Ok(())
    }

    /// The probe whose event has that name.
    #[must_use]
    pub fn probe(&self, name: &str) -> Option<&Probe> {
        self.probes.iter().find(|probe| probe.name == name)
    }
}

/// `p:GROUP/NAME FUNC ARG=FETCH:TYPE ...`, `r:` at the return.
fn probe(text: &str) -> Result<Probe, String> {
    let mut words = text.split_whitespace();
    let head = words.next().unwrap_or_default();
    let (returns, place) = match head.split_once(':') {
        Some(("p", place)) => (false, place),
        Some(("r", place)) => (true, place),
        _ => return Err(format!("`{text}` is no probe: p:GROUP/NAME FUNCTION ARG=FETCH ...")),
    };
    let name = place.rsplit('/').next().unwrap_or(place).to_owned();
    let func = words.next().ok_or("the probed function is missing")?.to_owned();
    let fetches = words.map(fetch).collect::<Result<_, _>>()?;
    Ok(Probe { name, func, returns, fetches })
}

fn fetch(word: &str) -> Result<Fetch, String> {
    let unknown = || format!("`{word}` is not understood: ARG=%REGISTER, ARG=+0(%REGISTER), ...");
    let (_, what) = word.split_once('=').ok_or_else(unknown)?;
    let what = what.split(':').next().unwrap_or(what);
    let inside = what.strip_prefix("+0(").and_then(|rest| rest.strip_suffix(')'));
    let source = match inside.unwrap_or(what) {
        "$retval" => Source::Returned,
        register => {
            let name = register.strip_prefix('%').ok_or_else(unknown)?;
            let number = REGISTERS.iter().position(|register| *register == name);
            Source::Arg(number.ok_or_else(unknown)?)
        }
    };
    Ok(Fetch { source, pointed: inside.is_some() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_is_a_place_and_what_is_fetched_there() {
        let probe = probe("p:k/it wp_pte pte=+0(%di):x64 addr=%si:x64 n=$retval").unwrap();
        assert_eq!((&*probe.name, &*probe.func, probe.returns), ("it", "wp_pte", false));
        let fetch = |source, pointed| Fetch { source, pointed };
        let expected = [
            fetch(Source::Arg(0), true),
            fetch(Source::Arg(1), false),
            fetch(Source::Returned, false),
        ];
        assert_eq!(probe.fetches, expected);
    }

    #[test]
    fn what_is_no_probe_is_an_error() {
        for text in ["", "x", "p:k/a", "p:k/a f b", "p:k/a f b=%ip", "p:k/a f b=+8(%di)"] {
            assert!(probe(text).is_err(), "{text}");
        }
    }
}
