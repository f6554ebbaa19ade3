//! Random scenarios for page tables of five levels: the same as for four, and most of them moved to
//! where a new entry of the uppermost table begins.

/// Pages from where all four levels begin anew, within the golden window, to where all five do.
const MOVED: u64 = ((1 << 48) - (1 << 42)) >> 12;

/// The script for five levels. Every third scenario stays where it is.
pub(super) fn on_five_levels(script: &str) -> String {
    let (mut moved, mut count) = (String::new(), 0);
    for line in script.lines() {
        if line.starts_with("scenario ") {
            count += 1;
            moved.push_str(&format!("{line}-la57\nlevels 5\n"));
            continue;
        }
        let by = if count % 3 == 0 { 0 } else { MOVED };
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        for place in addresses(&words[0]) {
            let page: u64 = words[*place].parse().expect("the generator writes a page there");
            words[*place] = (page + by).to_string();
        }
        moved.push_str(&(words.join(" ") + "\n"));
    }
    moved
}

/// Which words of an op are addresses.
fn addresses(op: &str) -> &'static [usize] {
    match op {
        "map" => &[3],
        "remap" => &[2, 4],
        "r" | "w" | "unmap" | "prot" | "dontneed" | "msync" | "uffd" | "scan" | "smaps" => &[2],
        _ => &[],
    }
}
