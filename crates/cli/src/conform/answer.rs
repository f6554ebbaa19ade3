//! Answers to a script, a kernel's or the emulator's: what each op returned and what each look saw.

use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::calls::tracer::Tracer;
use super::calls::{Call, ftrace};
use super::op::{Case, Op};

/// The answer to one op.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Ops that say no more than how they ended.
    Return(Return),
    /// `r`, `w`.
    Hits(Hits),
    /// `wp` and the other walks that return a number.
    Count(Count),
    /// `clean`.
    Clean(Clean),
    /// `dump`.
    Dump(Dump),
    /// `tree`.
    Tree(Tree),
    /// `order`.
    Order(Order),
    /// `pages`.
    Pages(Pages),
    /// `bufbits`.
    BufBits(BufBits),
    /// `smaps`.
    Smaps(Smaps),
    /// `trdump`.
    Calls(Vec<Call>),
    /// `cat`.
    Content(Content),
    /// `tr`: the kernel's own business.
    Text,
}

/// Ops that say no more than how they ended.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Return {
    /// 0 or -errno; `fill`: pages written.
    pub rc: i64,
}

/// `r`, `w`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Hits {
    /// One character a page: number of faults, or `A`, `S`, `B` for the signal.
    pub hits: String,
}

/// Walks that return a number.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Count {
    /// 0 or -errno.
    pub rc: i64,
    /// What the function returned.
    pub n: i64,
}

/// `clean_record_shared_mapping_range` with its bitmap.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Clean {
    /// What the function returned.
    pub n: u64,
    /// In-out `start` after the call.
    pub start: u64,
    /// In-out `end` after the call.
    pub end: u64,
    /// The bitmap, 64 bits a word, in hex.
    pub bits: Vec<String>,
}

/// What a device buffer remembers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct BufBits {
    /// Faults so far.
    pub faults: u64,
    /// `pfn_mkwrite` calls so far.
    pub mkwrites: u64,
    /// Pages written, 64 bits a word, in hex.
    pub bits: Vec<String>,
}

/// What `/proc/PID/smaps` says of one VMA.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Smaps {
    /// 0, or -EFAULT: nothing is mapped there.
    pub rc: i64,
    /// Pages: resident; of those shared and clean, shared and dirty, private and clean, private and
    /// dirty.
    pub smaps: Vec<u64>,
}

/// Every live process.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Dump {
    /// By process number.
    pub procs: Vec<Proc>,
}

/// One process.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Proc {
    /// Its number.
    pub p: usize,
    /// Its VMAs in the window, by address.
    pub vmas: Vec<VmaDump>,
}

/// One VMA. `t`, `x` and `m` are run-length strings that cover `n` pages.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct VmaDump {
    /// First page in the window.
    pub a: u64,
    /// Pages.
    pub n: u64,
    /// `vm_pgoff`.
    pub o: u64,
    /// File number, -1: anonymous.
    pub f: i64,
    /// `vm_flags`, hex.
    pub fl: String,
    /// `vm_page_prot`, hex.
    pub pp: String,
    /// Page-table words without frame numbers, or the level that is empty.
    pub t: String,
    /// What is mapped.
    pub x: String,
    /// Mapcounts.
    pub m: String,
}

/// The interval tree in pre-order.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Tree {
    /// From the root.
    pub nodes: Vec<TreeNode>,
}

/// A node and where it hangs; a list in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct TreeNode {
    /// Process number.
    pub p: usize,
    /// First page in the window.
    pub a: u64,
    /// First page offset.
    pub pgoff: u64,
    /// Last page offset.
    pub last: u64,
    /// Greatest `last` of the subtree.
    pub subtree_last: u64,
    /// Place of its parent in the list, -1: the root.
    pub parent: i64,
    /// `L`, `R`, or `-` for the root.
    pub side: char,
    /// `r` or `b`.
    pub colour: char,
}

/// Nodes in the order in which the kernel's iterator visits them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Order {
    /// As visited.
    pub nodes: Vec<OrderNode>,
}

/// A node without its place in the tree; a list in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct OrderNode {
    /// Process number.
    pub p: usize,
    /// First page in the window.
    pub a: u64,
    /// First page offset.
    pub pgoff: u64,
    /// Last page offset.
    pub last: u64,
    /// Greatest `last` of the subtree.
    pub subtree_last: u64,
}

impl fmt::Display for TreeNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { p, a, pgoff, last, subtree_last, parent, side, colour } = self;
        write!(f, "[{p},{a},{pgoff},{last},{subtree_last},{parent},{side},{colour}]")
    }
}

impl fmt::Display for OrderNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { p, a, pgoff, last, subtree_last } = self;
        write!(f, "[{p},{a},{pgoff},{last},{subtree_last}]")
    }
}

/// The page cache.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Pages {
    /// Run-length string of `flags,mapcount`.
    pub pg: String,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Content {
    /// Its text, every line's end a blank.
    pub text: String,
}

#[derive(Deserialize)]
struct Trace {
    trace: Vec<String>,
}

impl Answer {
    fn of(op: &Op, value: Value) -> Result<Self, serde_json::Error> {
        fn as_<T: DeserializeOwned>(value: Value) -> Result<T, serde_json::Error> {
            serde_json::from_value(value)
        }
        Ok(match op {
            Op::Load { .. } | Op::Store { .. } => Self::Hits(as_(value)?),
            Op::Wp { .. }
            | Op::Zap { .. }
            | Op::ZapPages { .. }
            | Op::Mkclean { .. }
            | Op::Wprange { .. }
            | Op::Dax { .. }
            | Op::Migrate { .. }
            | Op::Scan { .. } => Self::Count(as_(value)?),
            Op::Clean { .. } => Self::Clean(as_(value)?),
            Op::Dump => Self::Dump(as_(value)?),
            Op::Tree { .. } => Self::Tree(as_(value)?),
            Op::Order { .. } => Self::Order(as_(value)?),
            Op::Pages { .. } => Self::Pages(as_(value)?),
            Op::Smaps { .. } => Self::Smaps(as_(value)?),
            Op::BufBits { .. } => Self::BufBits(as_(value)?),
            Op::TraceWrite { .. } => Self::Text,
            Op::Cat { .. } => Self::Content(as_(value)?),
            _ => Self::Return(as_(value)?),
        })
    }
}

/// A whole results file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Results {
    /// `uname -r` of the kernel that answered.
    pub release: String,
    /// One answer an op, one list a scenario, in the script's order.
    pub cases: Vec<Vec<Answer>>,
}

/// A results file that is damaged, incomplete, or of another script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultsError {
    /// Line in the file, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for ResultsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

#[derive(Deserialize)]
struct Header {
    kernel: String,
}

#[derive(Deserialize)]
struct CaseAnswers {
    s: String,
    ops: Vec<Value>,
}

#[derive(Deserialize)]
struct Trailer {
    done: usize,
}

/// Reads the answers to `script`.
///
/// # Errors
/// The first line that is not JSON of the right shape, or does not answer the script.
pub fn parse(text: &str, script: &[Case]) -> Result<Results, ResultsError> {
    let mut lines = text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .filter(|(_, line)| !line.trim().is_empty());
    let mut next = |what: &str| {
        lines.next().ok_or_else(|| ResultsError {
            line: text.lines().count().max(1),
            message: format!("the file ends before {what}"),
        })
    };
    let header: Header = json(next("the line that names the kernel")?)?;
    let mut cases = Vec::with_capacity(script.len());
    for case in script {
        let (line, text) = next(&format!("scenario {}", case.name))?;
        let answers = json((line, text))?;
        cases.push(case_answers(case, answers).map_err(|message| ResultsError { line, message })?);
    }
    let (line, text) = next("the last line, `done`")?;
    let trailer: Trailer = json((line, text))?;
    if trailer.done != script.len() {
        let message = format!("{} scenarios done, the script has {}", trailer.done, script.len());
        return Err(ResultsError { line, message });
    }
    Ok(Results { release: header.kernel, cases })
}

fn json<T: DeserializeOwned>((line, text): (usize, &str)) -> Result<T, ResultsError> {
    serde_json::from_str(text).map_err(|error| ResultsError { line, message: error.to_string() })
}

fn case_answers(case: &Case, answers: CaseAnswers) -> Result<Vec<Answer>, String> {
    if answers.s != case.name {
        return Err(format!("scenario {}, where the script has {}", answers.s, case.name));
    }
    if answers.ops.len() != case.ops.len() {
        let (has, wants) = (answers.ops.len(), case.ops.len());
        return Err(format!("{}: {has} answers to {wants} ops", case.name));
    }
    let mut tracer = Tracer::default();
    let pairs = case.ops.iter().zip(answers.ops).enumerate();
    pairs
        .map(|(index, (line, value))| {
            let place = format!("{}, op {}", case.name, index + 1);
            let text = value.get("op").and_then(Value::as_str).unwrap_or_default();
            if text != line.text {
                return Err(format!("{place} is `{text}`, the script has `{}`", line.text));
            }
            answer(&mut tracer, &line.op, value).map_err(|error| format!("{place}: {error}"))
        })
        .collect()
}

/// The answer to one op. What a trace says depends on how the tracer was set up.
fn answer(tracer: &mut Tracer, op: &Op, value: Value) -> Result<Answer, String> {
    match op {
        Op::TraceWrite { file, text } => tracer.write(file, text, (0, 0))?,
        Op::TraceDump => {
            let text: Trace = serde_json::from_value(value).map_err(|error| error.to_string())?;
            return ftrace::parse(tracer, &text.trace).map(Answer::Calls);
        }
        _ => {}
    }
    Answer::of(op, value).map_err(|error| error.to_string())
}
