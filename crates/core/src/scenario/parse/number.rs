//! Numbers, page ranges and addresses.

use super::lex::{Token, Words};
use crate::addr::{PAGE_SIZE, VirtAddr};
use crate::arch::Levels;
use crate::scenario::ast::{Pages, Part};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::limits::PGOFF_MAX;

/// A number in decimal, or in hexadecimal behind `0x`.
fn parse(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(hex) if !hex.starts_with('+') => u64::from_str_radix(hex, 16).ok(),
        None if text.starts_with(|c: char| c.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    }
}

/// True if the word can only be meant as a number.
pub(super) fn looks_numeric(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// A number up to `max`.
pub(super) fn number(words: &mut Words<'_>, what: &str, max: u64) -> Result<u64, Box<Diagnostic>> {
    let token = words.take(Part::Number, what)?;
    let Some(value) = parse(token.text) else {
        return Err(Diagnostic::error(token.site, format!("`{}` is not a number", token.text))
            .hint(format!("the form is: {}", words.form())));
    };
    at_most(token, what, value, max)
}

/// `value`, which `token` says, unless it is beyond the limit.
pub(super) fn at_most(
    token: Token<'_>,
    what: &str,
    value: u64,
    max: u64,
) -> Result<u64, Box<Diagnostic>> {
    if value <= max {
        return Ok(value);
    }
    Err(Diagnostic::error(token.site, format!("{what} is {value}; the limit is {max}")))
}

/// A size in bytes, with K or M behind it if written so; a whole number of pages, in pages.
pub(super) fn size_in_pages(words: &mut Words<'_>, max: u64) -> Result<u64, Box<Diagnostic>> {
    let token = words.take(Part::Number, "the size")?;
    let (digits, unit) = match token.text.as_bytes().last() {
        Some(b'K' | b'k') => (&token.text[..token.text.len() - 1], 1 << 10),
        Some(b'M' | b'm') => (&token.text[..token.text.len() - 1], 1 << 20),
        _ => (token.text, 1),
    };
    let Some(bytes) = parse(digits).and_then(|n| n.checked_mul(unit)) else {
        return Err(Diagnostic::error(token.site, format!("`{}` is not a size", token.text))
            .hint("write bytes, or 4K, 64K, 2M"));
    };
    if bytes < PAGE_SIZE || bytes > max || !bytes.is_power_of_two() {
        let message = format!("the size is {bytes} bytes; the kernel takes a power of two");
        return Err(Diagnostic::error(token.site, message)
            .hint(format!("from 4K (one page) to {}K", max >> 10)));
    }
    Ok(bytes / PAGE_SIZE)
}

/// `5+9`: nine pages from page 5. `5` alone: that page.
pub(super) fn pages(words: &mut Words<'_>, what: &str) -> Result<Pages, Box<Diagnostic>> {
    let token = words.take(Part::Pages, what)?;
    let (first, count) = token.text.split_once('+').unwrap_or((token.text, "1"));
    let (Some(first), Some(count)) = (parse(first), parse(count)) else {
        return Err(Diagnostic::error(token.site, format!("`{}` is not a page range", token.text))
            .hint("write FIRST+PAGES: 5+9 is nine pages from page 5"));
    };
    if count == 0 {
        return Err(Diagnostic::error(token.site, "a range of no pages")
            .hint("5+9 is nine pages from page 5"));
    }
    let end = first.saturating_add(count);
    at_most(token, "the range's end", end, PGOFF_MAX)?;
    Ok(Pages { first, count })
}

/// Page ranges up to the end of the line, or `none`.
pub(super) fn page_list(words: &mut Words<'_>, what: &str) -> Result<Vec<Pages>, Box<Diagnostic>> {
    let mut list = Vec::new();
    if words.take_if("none") {
        return Ok(list);
    }
    loop {
        list.push(pages(words, what)?);
        if words.is_done() {
            return Ok(list);
        }
    }
}

/// `@7f1234562000`, page-aligned and below the end of user space.
pub(super) fn address(words: &mut Words<'_>, levels: Levels) -> Result<VirtAddr, Box<Diagnostic>> {
    let token = words.take(Part::Address, "the address")?;
    let addr = address_text(token, token.text)?;
    user_range(token, addr, 1, levels)?;
    Ok(addr)
}

/// `@7f1234562000+4`: four pages from there.
pub(super) fn address_range(
    words: &mut Words<'_>,
    levels: Levels,
) -> Result<(VirtAddr, u64), Box<Diagnostic>> {
    let token = words.take(Part::Address, "the address")?;
    let (addr, count) = token.text.split_once('+').unwrap_or((token.text, "1"));
    let addr = address_text(token, addr)?;
    let Some(count) = parse(count).filter(|count| *count > 0) else {
        return Err(Diagnostic::error(token.site, format!("`+{count}` is not a number of pages"))
            .hint("@7f1234562000+4 is four pages from there"));
    };
    user_range(token, addr, count, levels)?;
    Ok((addr, count))
}

/// `pages` from `addr` must lie in user space.
pub(super) fn user_range(
    token: Token<'_>,
    addr: VirtAddr,
    pages: u64,
    levels: Levels,
) -> Result<(), Box<Diagnostic>> {
    let task_size = levels.task_size();
    let end = pages.checked_mul(PAGE_SIZE).and_then(|bytes| addr.0.checked_add(bytes));
    if end.is_some_and(|end| end <= task_size) {
        return Ok(());
    }
    let more = match end {
        Some(end) if end <= Levels::Five.task_size() => "; `levels 5` has room for it",
        _ => "",
    };
    Err(Diagnostic::error(token.site, "reaches beyond user space")
        .hint(format!("the last page ends at {task_size:x}{more}")))
}

fn address_text(token: Token<'_>, text: &str) -> Result<VirtAddr, Box<Diagnostic>> {
    let hex = text.strip_prefix('@').map(|hex| hex.strip_prefix("0x").unwrap_or(hex));
    let addr = hex
        .filter(|hex| hex.starts_with(|c: char| c.is_ascii_hexdigit()))
        .and_then(|hex| u64::from_str_radix(hex, 16).ok());
    let Some(addr) = addr.map(VirtAddr) else {
        return Err(Diagnostic::error(token.site, format!("`{text}` is not an address"))
            .hint("write @ and hexadecimal digits: @7f1234562000"));
    };
    if !addr.is_page_aligned() {
        return Err(Diagnostic::error(token.site, "the address is not page-aligned")
            .hint(format!("the page begins at @{}", addr.page_down())));
    }
    Ok(addr)
}
