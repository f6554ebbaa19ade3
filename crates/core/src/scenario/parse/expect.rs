//! What may follow `expect`.

use super::Parser;
use super::lex::{Token, Words};
use super::number::{number, page_list};
use super::statement::begins_number;
use crate::arch::pte::PFN_MASK;
use crate::arch::{Level, Levels, PteFlags};
use crate::machine::rbtree::Colour;
use crate::scenario::ast::{Expect, Failure, FlushWant, LabelId, Part, PteWant, TreeWant};
use crate::scenario::diagnostic::{Diagnostic, Site, nearest};
use crate::scenario::limits::{FILE_PAGES_MAX, PGOFF_MAX, TREE_DEPTH_MAX};
use crate::scenario::syntax::{EXPECTS, PTE_LETTERS};

impl Parser {
    pub(super) fn expect(&mut self, words: &mut Words<'_>) -> Result<Expect, Box<Diagnostic>> {
        if begins_number(words) {
            return Ok(Expect::Returns(number(words, "the value", u64::MAX)?));
        }
        if let Some(keyword) = words.expect_keyword() {
            return self.expect_of(keyword, words);
        }
        let token = words.take(Part::Option, "the expectation")?;
        if let Some(failure) = Failure::ALL.into_iter().find(|failure| failure.name() == token.text)
        {
            return Ok(Expect::Fails(failure));
        }
        let known = || {
            let keywords = EXPECTS.iter().map(|row| row.keyword).filter(|word| !word.is_empty());
            keywords.chain(Failure::ALL.map(Failure::name))
        };
        let hint = match nearest(token.text, known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("a number, or one of: {}", known().collect::<Vec<_>>().join(" ")),
        };
        Err(Diagnostic::error(token.site, format!("cannot expect `{}`", token.text)).hint(hint))
    }

    fn expect_of(
        &mut self,
        keyword: &str,
        words: &mut Words<'_>,
    ) -> Result<Expect, Box<Diagnostic>> {
        Ok(match keyword {
            "faults" => Expect::Faults(number(words, "the number of faults", PGOFF_MAX)?),
            "order" => Expect::Order(self.order(words)?),
            "flush" => {
                let label = self.scope.label(words)?;
                Expect::Flush(label, flush(words)?)
            }
            "pte" => {
                let label = self.living_label(words)?;
                let pages = self.own_pages(words, label)?;
                Expect::Pte(label, pages, pte(words, self.levels)?)
            }
            "ipis" => Expect::Ipis(number(words, "the number of CPUs", PGOFF_MAX)?),
            "flushes" => Expect::Flushes(number(words, "the number of flushes", PGOFF_MAX)?),
            "tlb" => {
                let label = self.living_label(words)?;
                let pages = self.own_pages(words, label)?;
                let cpu = self.on_cpu(words)?;
                Expect::Tlb(label, pages, cpu, pte(words, self.levels)?)
            }
            "lost" => Expect::Lost(self.scope.file(words)?, page_list(words, "a page")?),
            "bits" => Expect::Bits(self.scope.file(words)?, page_list(words, "a bit")?),
            "hull" => {
                let file = self.scope.file(words)?;
                let start = number(words, "the start", FILE_PAGES_MAX)?;
                Expect::Hull(file, start, number(words, "the end", FILE_PAGES_MAX)?)
            }
            "written" => {
                let token = words.peek();
                let file = self.scope.file(words)?;
                if let Some(token) = token.filter(|_| !self.scenario.file(file).kind.is_device()) {
                    let message = format!("{} is shared memory", token.text);
                    return Err(Diagnostic::error(token.site, message)
                        .hint("only device buffers have pfn_mkwrite"));
                }
                Expect::Written(file, page_list(words, "a page")?)
            }
            "method" => {
                let (file, method) = self.method(words)?;
                Expect::Method(file, method)
            }
            _ => {
                let file = self.scope.file(words)?;
                Expect::Tree(file, self.tree(words)?)
            }
        })
    }

    fn order(&self, words: &mut Words<'_>) -> Result<Vec<LabelId>, Box<Diagnostic>> {
        let mut order = Vec::new();
        if words.take_if("none") {
            return Ok(order);
        }
        loop {
            order.push(self.scope.label(words)?);
            if words.is_done() {
                return Ok(order);
            }
        }
    }

    /// `B(A* C*)`, `none` for an empty tree.
    fn tree(&self, words: &mut Words<'_>) -> Result<Option<Box<TreeWant>>, Box<Diagnostic>> {
        if words.take_if("none") {
            return Ok(None);
        }
        let mut pieces = Vec::new();
        loop {
            split_tree(words.take(Part::Label, "the tree")?, &mut pieces);
            if words.is_done() {
                break;
            }
        }
        let mut reader = TreeReader { parser: self, pieces: &pieces, at: 0 };
        let tree = reader.node(0)?;
        match reader.peek() {
            None => Ok(tree),
            Some(token) => {
                let message = format!("`{}` is behind the tree's end", token.text);
                Err(Diagnostic::error(token.site, message).hint("as B(A* C*)"))
            }
        }
    }
}

fn flush(words: &mut Words<'_>) -> Result<FlushWant, Box<Diagnostic>> {
    if words.take_if("none") {
        Ok(FlushWant::Nothing)
    } else if words.take_if("all") {
        Ok(FlushWant::All)
    } else {
        Ok(FlushWant::Pages(number(words, "the number of pages flushed", PGOFF_MAX)?))
    }
}

fn pte(words: &mut Words<'_>, levels: Levels) -> Result<PteWant, Box<Diagnostic>> {
    if words.take_if("none") {
        return Ok(PteWant::Empty);
    }
    if words.take_if("hole") {
        let token = words.take(Part::Mode, "the level")?;
        let level = levels.all().iter().find(|level| level.name() == token.text);
        return level.copied().filter(|level| *level != Level::Pte).map(PteWant::Hole).ok_or_else(
            || {
                Diagnostic::error(token.site, format!("`{}` is not a level", token.text)).hint(
                    "PGD, PUD or PMD, with five levels P4D too: the level whose entry is empty",
                )
            },
        );
    }
    if words.take_if("=") {
        let token = words.take(Part::Mode, "the word")?;
        let word = u64::from_str_radix(token.text.trim_start_matches("0x"), 16);
        return word.map(|word| PteWant::Word(word & !PFN_MASK)).map_err(|_| {
            Diagnostic::error(token.site, format!("`{}` is not a page-table word", token.text))
                .hint("up to 16 hexadecimal digits; the frame number is not compared")
        });
    }
    let (mut set, mut clear) = (PteFlags::empty(), PteFlags::empty());
    loop {
        let token = words.take(Part::Mode, "what the entry holds")?;
        let (letter, into) = match token.text.strip_prefix('!') {
            Some(letter) => (letter, &mut clear),
            None => (token.text, &mut set),
        };
        let row = PTE_LETTERS.iter().find(|row| letter.len() == 1 && letter.starts_with(row.0));
        match row {
            Some((_, flag)) => *into |= *flag,
            None => {
                let message = format!("`{letter}` is not a bit of an entry");
                return Err(Diagnostic::error(token.site, message)
                    .hint("P W U A D H S T N V, with ! for clear; or = WORD, none, hole LEVEL"));
            }
        }
        if words.is_done() {
            return Ok(PteWant::Bits { set, clear });
        }
    }
}

/// Splits a word of a tree at its brackets.
fn split_tree<'t>(token: Token<'t>, pieces: &mut Vec<Token<'t>>) {
    let mut start = 0;
    let mut push = |from: usize, to: usize| {
        if from < to {
            let column = token.site.column + super::lex::columns(&token.text[..from]);
            let text = &token.text[from..to];
            let site = Site { column, len: super::lex::columns(text), ..token.site };
            pieces.push(Token { text, site });
        }
    };
    for (at, bracket) in token.text.match_indices(['(', ')']) {
        push(start, at);
        push(at, at + bracket.len());
        start = at + bracket.len();
    }
    push(start, token.text.len());
}

struct TreeReader<'p, 't> {
    parser: &'p Parser,
    pieces: &'p [Token<'t>],
    at: usize,
}

impl<'t> TreeReader<'_, 't> {
    fn peek(&self) -> Option<Token<'t>> {
        self.pieces.get(self.at).copied()
    }

    fn take_if(&mut self, text: &str) -> bool {
        let hit = self.peek().is_some_and(|token| token.text == text);
        self.at += usize::from(hit);
        hit
    }

    /// A node with its children, or `-`.
    fn node(&mut self, depth: usize) -> Result<Option<Box<TreeWant>>, Box<Diagnostic>> {
        let Some(token) = self.peek() else { return Err(self.unfinished()) };
        if depth > TREE_DEPTH_MAX {
            let message = format!("the tree is too deep; the limit is {TREE_DEPTH_MAX}");
            return Err(Diagnostic::error(token.site, message));
        }
        if self.take_if("-") {
            return Ok(None);
        }
        self.at += 1;
        let (name, colour) = match token.text.strip_suffix('*') {
            Some(name) => (name, Colour::Red),
            None => (token.text, Colour::Black),
        };
        let label = self.parser.scope.label_of(token, name)?;
        let mut children = [None, None];
        if self.take_if("(") {
            for child in &mut children {
                *child = self.node(depth + 1)?;
            }
            if !self.take_if(")") {
                return Err(self.unfinished());
            }
        }
        Ok(Some(Box::new(TreeWant { label, colour, children })))
    }

    fn unfinished(&self) -> Box<Diagnostic> {
        let token = self.peek().or(self.pieces.last().copied());
        let site = token.map_or(Site { line: 1, column: 1, len: 1 }, |token| token.site);
        Diagnostic::error(site, "a node has two children, - for none, and a closing bracket")
            .hint("as B(A* C*) or B(- C*)")
    }
}
