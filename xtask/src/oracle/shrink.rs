//! Makes scenarios that differ small: leaves out stretches of ops as long as a difference remains.
//! Every round asks one question about many candidates, so that one boot answers them all.

/// A scenario on its way down.
pub(super) struct Shrinker {
    ops: Vec<String>,
    /// Ops left out at a time.
    chunk: usize,
    round: Round,
}

/// What is being asked.
enum Round {
    /// Which single chunks can go?
    Each,
    /// Those can go one by one: how many of them, from the first, can go together?
    Together(Vec<usize>),
    Done,
}

impl Shrinker {
    pub(super) fn new(ops: Vec<String>) -> Self {
        let chunk = ops.len().div_ceil(2).max(1);
        Self { ops, chunk, round: Round::Each }
    }

    pub(super) fn is_done(&self) -> bool {
        matches!(self.round, Round::Done)
    }

    /// The smallest ops so far that still differ.
    pub(super) fn ops(&self) -> &[String] {
        &self.ops
    }

    /// What to try next; each is well-formed.
    pub(super) fn candidates(&self) -> Vec<Vec<String>> {
        match &self.round {
            Round::Each => (0..self.chunks()).map(|chunk| self.without(&[chunk])).collect(),
            Round::Together(chunks) => {
                (2..=chunks.len()).map(|count| self.without(&chunks[..count])).collect()
            }
            Round::Done => Vec::new(),
        }
    }

    /// Which of the candidates still differ.
    pub(super) fn answer(&mut self, differs: &[bool]) {
        match std::mem::replace(&mut self.round, Round::Each) {
            Round::Each => {
                let gone: Vec<usize> = (0..differs.len()).filter(|i| differs[*i]).collect();
                match gone.len() {
                    0 => self.finer(),
                    1 => self.ops = self.without(&gone),
                    _ => self.round = Round::Together(gone),
                }
            }
            Round::Together(chunks) => {
                let most = differs.iter().rposition(|differs| *differs);
                self.ops = self.without(&chunks[..most.map_or(1, |place| place + 2)]);
            }
            Round::Done => self.round = Round::Done,
        }
    }

    fn finer(&mut self) {
        if self.chunk == 1 {
            self.round = Round::Done;
        } else {
            self.chunk = self.chunk.div_ceil(2);
        }
    }

    fn chunks(&self) -> usize {
        let removable = self.ops.iter().filter(|op| !is_setting(op));
        removable.count().div_ceil(self.chunk)
    }

    /// The ops without those chunks, and without what then has no file or process any more.
    fn without(&self, chunks: &[usize]) -> Vec<String> {
        let mut removable = 0..;
        let mut goes = || chunks.contains(&(removable.next().unwrap_or(0) / self.chunk));
        let kept = self.ops.iter().filter(|op| is_setting(op) || !goes());
        well_formed(kept.cloned())
    }
}

/// A setting of the tracer: without it a trace could not be read, so it is never left out.
fn is_setting(op: &str) -> bool {
    op.starts_with("tr ")
}

/// Leaves out ops on files and processes that are not there.
fn well_formed(ops: impl Iterator<Item = String>) -> Vec<String> {
    let (mut files, mut procs) = ([false; 8], [false; 16]);
    ops.filter(|op| {
        let words: Vec<&str> = op.split(' ').collect();
        let number = |place: usize| words.get(place).and_then(|word| word.parse::<usize>().ok());
        let file = |place| number(place).is_some_and(|file| files.get(file) == Some(&true));
        let proc = |place| number(place).is_some_and(|proc| procs.get(proc) == Some(&true));
        let holds = match words[0] {
            "file" | "proc" | "faround" | "dump" | "tr" | "trdump" | "cat" => true,
            "map" => proc(1) && (words.get(2) == Some(&"-1") || file(2)),
            "fork" => proc(1) && !proc(2),
            "r" | "w" | "unmap" | "prot" | "dontneed" | "msync" | "remap" | "softclear"
            | "smaps" | "uffd" | "scan" | "exit" => proc(1),
            _ => file(1),
        };
        match (holds, words[0], number(1), number(2)) {
            (true, "file", Some(file), _) => files[file] = true,
            (true, "proc", Some(proc), _) | (true, "fork", _, Some(proc)) => procs[proc] = true,
            (true, "exit", Some(proc), _) => procs[proc] = false,
            _ => {}
        }
        holds
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    /// Shrinks until done against a rule that stands for "the answers differ".
    fn shrunk(ops: &str, differs: impl Fn(&[String]) -> bool) -> Vec<String> {
        let mut shrinker = Shrinker::new(lines(ops));
        let mut rounds = 0;
        while !shrinker.is_done() {
            let answers: Vec<bool> =
                shrinker.candidates().iter().map(|candidate| differs(candidate)).collect();
            shrinker.answer(&answers);
            rounds += 1;
            assert!(rounds < 100, "it comes to an end");
        }
        shrinker.ops().to_vec()
    }

    const OPS: &str = "file 0 memfd 8\nproc 0\nproc 1\nmap 0 0 0 8 0 srw\nmap 1 0 9 8 0 srw\n\
                       w 0 1 1\ndump\nw 1 9 1\nwp 0 0 8\ndump\nclean 0 0 8 0\ndump\ntree 0";

    #[test]
    fn only_what_the_difference_needs_is_left() {
        let needed = ["w 1 9 1", "clean 0 0 8 0"];
        let small = shrunk(OPS, |ops| needed.iter().all(|op| ops.iter().any(|o| o == op)));
        assert_eq!(small, ["file 0 memfd 8", "proc 1", "w 1 9 1", "clean 0 0 8 0"]);
    }

    #[test]
    fn a_difference_that_needs_everything_stays_whole() {
        let all = lines(OPS);
        assert_eq!(shrunk(OPS, |ops| ops == all), all);
    }

    #[test]
    fn settings_of_the_tracer_stay() {
        let ops = "tr tracing_on 1\nproc 0\ntr trace 0\nr 0 0 1\ntrdump\nproc 1";
        let small = shrunk(ops, |ops| ops.iter().any(|op| op == "trdump"));
        assert_eq!(small, ["tr tracing_on 1", "tr trace 0", "trdump"]);
    }

    #[test]
    fn ops_fall_with_the_file_or_process_they_name() {
        let ops =
            lines("proc 0\nfork 0 1\nexit 0\nr 0 0 1\nr 1 0 1\nmap 1 0 0 1 0 sr\ntree 0\ndump");
        let left = ["proc 0", "fork 0 1", "exit 0", "r 1 0 1", "dump"];
        assert_eq!(well_formed(ops.into_iter()), left);
    }
}
