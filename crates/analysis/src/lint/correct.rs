//! Expressions without a slip: each correction is small, and offered only once it is proved.

use crate::regex::{Dialect, Mode, Regex};

/// What is put right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slip {
    /// Nothing says where the text ends.
    End,
    /// Something may stand before a name without a dot between.
    Boundary,
    /// Nothing says where the text begins.
    Start,
    /// A dot stands for any byte.
    Dot,
}

/// Labels that may stand before a name, each with its dot.
const LABELS: &str = "([a-z0-9-]+\\.)*";

/// Runs of anything, as people write them before a name.
const RUNS: [&str; 13] = [
    "(.*)",
    "(.+)",
    ".*?",
    ".+?",
    ".*",
    ".+",
    "\\S*",
    "\\S+",
    "\\w*",
    "\\w+",
    "[\\w-]+",
    "[a-z-0-9]+",
    "[^.]+",
];

/// `regex` with every one of `slips` put right; `None` where one is not in it.
pub(super) fn corrected(regex: &Regex, slips: &[Slip]) -> Option<Regex> {
    let mut text = regex.text().to_owned();
    let mut mode = regex.mode();
    for slip in slips {
        text = match slip {
            Slip::Dot => with_dots(&text)?,
            Slip::End if regex.mode() == Mode::Full => return None,
            Slip::End => with_end(&text, regex.dialect())?,
            Slip::Boundary => with_boundary(&text)?,
            Slip::Start if regex.mode() != Mode::Search => return None,
            Slip::Start => with_start(&text, regex.dialect())?,
        };
    }
    if slips.is_empty() {
        mode = regex.mode();
    }
    Some(Regex::new(&text, regex.dialect(), mode, regex.flags().clone()))
}

/// Every dot that stands alone, escaped.
fn with_dots(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len() + 8);
    let mut letters = text.chars().peekable();
    let mut in_class = false;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                out.push(letter);
                out.extend(letters.next());
                continue;
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '.' if !in_class && !matches!(letters.peek(), Some('*' | '+' | '?' | '{')) => out.push('\\'),
            _ => {}
        }
        out.push(letter);
    }
    (out != text).then_some(out)
}

fn with_end(text: &str, dialect: Dialect) -> Option<String> {
    let open = open_end(text);
    if is_escaped_end(open) {
        return None;
    }
    let bare = open.trim_end_matches(['/']);
    let bare = bare.strip_suffix(".*").or_else(|| bare.strip_suffix(".+")).unwrap_or(bare);
    let bare = bare.strip_suffix('\\').filter(|rest| !rest.ends_with('\\')).unwrap_or(bare);
    Some(format!("{}$", grouped(bare, dialect)))
}

/// The expression without `$` behind its last branch.
fn open_end(text: &str) -> &str {
    match text.strip_suffix('$') {
        Some(rest) if has_branches(text) && !rest.ends_with('\\') => rest,
        _ => text,
    }
}

fn is_escaped_end(text: &str) -> bool {
    text.ends_with('$') && !text.ends_with("\\$")
}

fn with_start(text: &str, dialect: Dialect) -> Option<String> {
    if text.starts_with('^') && !has_branches(text) {
        return None;
    }
    let bare = text.strip_prefix('^').unwrap_or(text);
    if bare.starts_with("http") || bare.starts_with("(http") || bare.starts_with("(?:http") {
        return Some(format!("^{}", grouped(bare, dialect)));
    }
    let bare = RUNS.iter().find_map(|run| bare.strip_prefix(run)).unwrap_or(bare);
    let bare = bare.strip_prefix("\\.").unwrap_or(bare);
    Some(format!("^https://{LABELS}{}", grouped(bare, dialect)))
}

/// The first run of anything that touches a name, put between dots; a dot that may be missing
/// keeps nothing apart.
fn with_boundary(text: &str) -> Option<String> {
    let is_touching = |rest: &str| {
        let name = rest.strip_prefix("\\.?").unwrap_or(rest);
        name.starts_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '(')
    };
    text.char_indices().find_map(|(at, _)| {
        let rest = text.get(at..)?;
        let run = RUNS.iter().find(|run| rest.strip_prefix(**run).is_some_and(is_touching))?;
        let is_escaped = text.get(..at)?.ends_with('\\');
        let after = rest.get(run.len()..)?;
        let after = after.strip_prefix("\\.?").unwrap_or(after);
        (!is_escaped).then(|| text.get(..at).map(|before| format!("{before}{LABELS}{after}")))?
    })
}

/// Whether a `|` stands outside of every group.
fn has_branches(text: &str) -> bool {
    let mut depth = 0_usize;
    let mut in_class = false;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                letters.next();
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => depth += 1,
            ')' if !in_class => depth = depth.saturating_sub(1),
            '|' if !in_class && depth == 0 => return true,
            _ => {}
        }
    }
    false
}

fn grouped(text: &str, dialect: Dialect) -> String {
    match (has_branches(text), dialect) {
        (false, _) => text.to_owned(),
        (true, Dialect::Posix) => format!("({text})"),
        (true, _) => format!("(?:{text})"),
    }
}
