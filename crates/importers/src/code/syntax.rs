//! Text to tree, within bounds.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::rc::Rc;

use corsac_diagnostics::excerpt;
use tree_sitter::{Language as Grammar, LogType, Node, ParseOptions, ParseState, Parser, Tree};

use super::strings;
use crate::Unreadable;

/// Longest code that is read, in bytes; nobody writes more by hand.
pub(crate) const MAX_CODE: usize = 256 << 10;

/// Most `<` without `>` in one statement of TypeScript: each may begin a list of types or
/// compare, and a parser that follows both ways runs out of memory.
const MAX_OPEN_ANGLES: usize = 64;

/// Most steps that mend broken text. Well formed text is read in linear time; mending takes 40 ms
/// a hundred operations at worst (measured: 22 s for 8 KiB of Rust without this bound).
const MAX_MENDED: usize = 64;

/// Longest literal in which the name of a field is looked for.
const MAX_NAMING: usize = 4 << 10;

/// Most lines of Python that a backslash joins: each token looks through all of them.
const MAX_JOINED_LINES: usize = 256;

/// A programming language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    JavaScript,
    Python,
    Rust,
    /// TypeScript with JSX.
    Tsx,
    TypeScript,
}

impl Language {
    /// The dialect of JavaScript that files of this name have.
    pub(crate) fn of_script(name: &str) -> Self {
        match extension(name) {
            "ts" | "mts" | "cts" => Self::TypeScript,
            "tsx" => Self::Tsx,
            _ => Self::JavaScript,
        }
    }

    fn grammar(self) -> Grammar {
        match self {
            Self::JavaScript => tree_sitter_javascript::LANGUAGE.into(),
            Self::Python => tree_sitter_python::LANGUAGE.into(),
            Self::Rust => tree_sitter_rust::LANGUAGE.into(),
            Self::Tsx => tree_sitter_typescript::LANGUAGE_TSX.into(),
            Self::TypeScript => tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
        }
    }
}

/// What follows the last dot of a file's name.
pub(crate) fn extension(name: &str) -> &str {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    file.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// The tree of `text`. Broken text has one too, with nodes that say so.
///
/// # Errors
/// The text is too long, or takes too long.
pub(crate) fn parse(language: Language, text: &str) -> Result<Tree, Unreadable> {
    let refused = |offset, reason: &str| Err(Unreadable { offset, reason: reason.to_owned() });
    if text.len() > MAX_CODE {
        return refused(MAX_CODE, &format!("it is code of more than {} KiB", MAX_CODE >> 10));
    }
    if matches!(language, Language::Tsx | Language::TypeScript)
        && let Some(offset) = too_many_angles(text)
    {
        return refused(offset, &format!("a statement has more than {MAX_OPEN_ANGLES} open `<`"));
    }
    if language == Language::Python && text.contains(&"\\\n".repeat(MAX_JOINED_LINES)) {
        return refused(0, &format!("more than {MAX_JOINED_LINES} lines are joined by backslashes"));
    }
    let mended = Rc::new(Cell::new(0));
    let mut parser = Parser::new();
    parser.set_logger(Some(Box::new(mending(&mended))));
    if parser.set_language(&language.grammar()).is_err() {
        return refused(0, "its language is not known");
    }
    let mut left = steps(text);
    let mut reached = 0;
    let mut progress = |state: &ParseState| {
        reached = state.current_byte_offset();
        left = left.saturating_sub(1);
        if left == 0 || mended.get() > MAX_MENDED {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let options = ParseOptions::new().progress_callback(&mut progress);
    let mut read = |offset: usize, _| text.as_bytes().get(offset..).unwrap_or_default();
    match parser.parse_with_options(&mut read, None, Some(options)) {
        Some(tree) => Ok(tree),
        None => refused(reached, "its syntax is not understood, or takes too long to read"),
    }
}

/// Counts the steps of the parser that mend broken text; only its log tells of them.
fn mending(mended: &Rc<Cell<usize>>) -> impl FnMut(LogType, &str) + use<> {
    const MENDS: [&str; 3] = ["resume version", "recover_", "skip_token"];
    let mended = Rc::clone(mended);
    move |kind, message| {
        if matches!(kind, LogType::Parse) && MENDS.iter().any(|begin| message.starts_with(begin)) {
            mended.set(mended.get() + 1);
        }
    }
}

/// How often the parser may report progress, which it does every hundred operations: well
/// formed code needs one report for some twenty bytes or more.
fn steps(text: &str) -> usize {
    text.len() / 16 + 500
}

/// Where a statement has more than [`MAX_OPEN_ANGLES`].
fn too_many_angles(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    for (offset, byte) in text.bytes().enumerate() {
        match byte {
            b'<' => open += 1,
            b'>' => open = open.saturating_sub(1),
            b';' => open = 0,
            _ => {}
        }
        if open > MAX_OPEN_ANGLES {
            return Some(offset);
        }
    }
    None
}

/// Whether a string literal is the name of the field that allows origins, in whatever spelling;
/// a part of the name, to which others are joined; or a line with that field.
pub(crate) fn names_the_field(literal: &str) -> bool {
    const FIELD: &str = "access-control-allow-origin";
    const BEGIN: &str = "access-control-";
    // `b"…"`, `rf"…"`, `br#"…"#`
    let (prefix, quoted) = literal.split_at(literal.find(['"', '\'', '`']).unwrap_or_default());
    if prefix.len() > 3 || literal.len() > MAX_NAMING {
        return false;
    }
    let inside = quoted.trim_matches(|letter| matches!(letter, '"' | '\'' | '`' | '#'));
    let told = if inside.contains('\\') { strings::javascript(inside) } else { None };
    let name = told.as_deref().unwrap_or(inside).trim().to_ascii_lowercase();
    let plain = name.replace('_', "-");
    let is_part = |part: &str| part.len() >= BEGIN.len() && FIELD.contains(part);
    let before = name.split(['{', '$', '%']).next().unwrap_or_default();
    let is_filled = before.len() < name.len() && before.len() >= BEGIN.len() && FIELD.starts_with(before);
    plain == FIELD || is_part(&name) || is_filled || name.contains("access-control-allow-origin:")
}

/// The parts of a node that are code.
pub(crate) fn children(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let mut cursor = node.walk();
    let nodes: Vec<_> = node.named_children(&mut cursor).filter(|child| child.kind() != "comment").collect();
    nodes.into_iter()
}

/// The text of a node.
pub(crate) fn text<'t>(node: Node<'_>, source: &'t str) -> &'t str {
    source.get(node.byte_range()).unwrap_or_default()
}

/// The text of a node as messages repeat it: on one line, its beginning.
pub(crate) fn quoted(source: &str) -> String {
    let end = source.char_indices().nth(200).map_or(source.len(), |(end, _)| end);
    let line: Vec<&str> = source.get(..end).unwrap_or_default().split_whitespace().collect();
    excerpt(&line.join(" ")).replace('`', "'")
}
