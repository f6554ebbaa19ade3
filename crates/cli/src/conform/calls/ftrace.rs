//! The text of a kernel's trace: lines of kprobe events, or a function graph.

use super::own::{self, Seen};
use super::tracer::{Mode, Tracer};
use super::{Call, Value, graph};

/// Reads what a kernel's tracer wrote, and leaves out what it did for others than the emulated
/// processes.
///
/// # Errors
/// A line that is not understood.
pub fn parse(tracer: &Tracer, lines: &[String]) -> Result<Vec<Call>, String> {
    match tracer.mode {
        Mode::Probes => {
            let seen: Result<Vec<Seen>, String> =
                lines.iter().map(|line| event(tracer, line)).collect();
            Ok(own::without_harness(own::without_foreign(tracer, seen?)))
        }
        Mode::Graph => {
            let calls: Result<Vec<Option<Call>>, String> =
                lines.iter().map(|line| graph_line(line)).collect();
            Ok(graph::reduced(calls?.into_iter().flatten().collect()))
        }
    }
}

/// `TASK [CPU] FLAGS TIME: NAME: (PLACE) ARG=VALUE ...`
fn event(tracer: &Tracer, line: &str) -> Result<Seen, String> {
    let unknown = || format!("`{}` is no line of a trace", line.trim());
    let task = line.split_whitespace().next().ok_or_else(unknown)?.to_owned();
    let (_, rest) = line.split_once(": ").ok_or_else(unknown)?;
    let (name, rest) = rest.split_once(": (").ok_or_else(unknown)?;
    let (_, values) = rest.split_once(')').ok_or_else(unknown)?;
    let probe = tracer.probe(name).ok_or_else(|| format!("no probe is called `{name}`"))?;
    let args = values.split_whitespace().map(value).collect::<Option<Vec<Value>>>();
    let args = args.filter(|args| args.len() == probe.fetches.len()).ok_or_else(unknown)?;
    let call = Call { depth: 0, func: probe.func.clone(), returns: probe.returns, args };
    Ok(Seen { task, call })
}

/// `ARG=12`, `ARG=0x12`, `ARG=(fault)`.
fn value(word: &str) -> Option<Value> {
    let (_, text) = word.split_once('=')?;
    if text == "(fault)" {
        return Some(Value::Fault);
    }
    let number = match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => text.parse(),
    };
    number.ok().map(Value::number)
}

/// `CPU) DURATION | name() {`, `name();`, `}`: two blanks a level, the outermost has two.
fn graph_line(line: &str) -> Result<Option<Call>, String> {
    let (_, code) = line.split_once('|').ok_or_else(|| format!("`{line}` is no graph"))?;
    let text = code.trim_start();
    let depth = (code.len() - text.len()) / 2;
    if text.trim_end() == "}" {
        return Ok(None);
    }
    let (name, _) = text.split_once("()").ok_or_else(|| format!("`{text}` calls nothing"))?;
    // What the compiler made of it is no name of the kernel's.
    let func = name.split('.').next().unwrap_or(name).to_owned();
    Ok(Some(Call { depth: depth.saturating_sub(1), func, returns: false, args: Vec::new() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kprobe_line_is_who_what_and_the_values() {
        let mut tracer = Tracer::default();
        let probe = "p:k/it_first vma_interval_tree_iter_first first=%si:u64 last=%dx:u64";
        tracer.write("kprobe_events", probe, (0, 0)).unwrap();
        let line = "      init-1  [000] .....  2.6: it_first: (iter_first+0x4/0x40) \
                    first=0 last=0x3f";
        let seen = event(&tracer, line).unwrap();
        assert_eq!(seen.task, "init-1");
        assert_eq!(seen.call.to_string(), "vma_interval_tree_iter_first(0x0, 0x3f)");
        assert!(event(&tracer, &line.replace("last", "more last")).is_err());
        assert!(event(&tracer, "CPU 0 lost 12 events").is_err());
    }

    #[test]
    fn a_graph_line_is_a_depth_and_a_name() {
        let line = " 0)   5.388 us    |        check_pte.constprop.0();";
        let call = graph_line(line).unwrap().unwrap();
        assert_eq!((call.depth, &*call.func), (3, "check_pte"));
        assert_eq!(graph_line(" 0) ! 174.011 us  |    }"), Ok(None));
    }
}
