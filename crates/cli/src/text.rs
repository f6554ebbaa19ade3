//! Text that survives a mail.

/// Columns of a line.
const COLUMNS: usize = 72;

/// Fills lines, each as far in as the text begins; what goes on is set in by two more.
pub(crate) fn wrapped(text: &str, out: &mut String) {
    let indent = text.len() - text.trim_start().len();
    let mut line = " ".repeat(indent);
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && line.len() + 1 + word.len() > COLUMNS {
            out.push_str(&line);
            out.push('\n');
            line = " ".repeat(indent + 2);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    out.push_str(&line);
    out.push('\n');
}
