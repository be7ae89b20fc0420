//! A comparison for people.

use std::fmt::Write as _;

use corsac_analysis::diff::{Change, Class, Direction};
use corsac_analysis::model::Credentials;

use super::Compared;
use crate::output::printable;

const RED: &str = "\u{1b}[1;31m";
const GREEN: &str = "\u{1b}[32m";
const YELLOW: &str = "\u{1b}[33m";

/// A line: a sign, what it is about, and a remark.
pub(super) struct Line {
    pub(super) sign: char,
    pub(super) text: String,
    pub(super) remark: String,
    /// Whether a stranger gains.
    pub(super) is_grave: bool,
}

/// The comparison, painted where it is shown.
pub(in crate::commands) fn shown(compared: &Compared, paint: &dyn Fn(&str, &str) -> String) -> String {
    let mut text = format!("{}  ->  {}\n", titled(&compared.old), titled(&compared.new));
    if compared.comparison.is_empty() {
        text.push_str("\n  no difference: browsers are answered alike\n");
        return text;
    }
    for scope in compared.comparison.scopes.iter().filter(|scope| !scope.changes.is_empty()) {
        let name = if scope.old == scope.new {
            scope.new.clone()
        } else {
            format!("{}  ->  {}", scope.old, scope.new)
        };
        let _ = writeln!(text, "\n  {}", printable(&name));
        let lines: Vec<Line> = scope.changes.iter().flat_map(lines).collect();
        let width = lines.iter().map(|line| line.text.chars().count()).max().unwrap_or(0).min(60);
        for line in lines {
            let colour = match (line.is_grave, line.sign) {
                (true, _) => RED,
                (false, '-') => GREEN,
                (false, _) => YELLOW,
            };
            let shown = format!("{} {:width$}", line.sign, printable(&line.text));
            let shown = format!("    {}  {}", paint(&shown, colour), line.remark);
            text.push_str(shown.trim_end());
            text.push('\n');
        }
    }
    text.push_str(&footer(compared));
    text
}

fn titled(side: &super::Side) -> String {
    format!("{} ({})", printable(&side.file), side.system)
}

/// What was taken for granted.
pub(super) fn footer(compared: &Compared) -> String {
    let mut text = String::new();
    let names = compared.intended.names().join(", ");
    if !compared.is_told && !names.is_empty() {
        let _ =
            writeln!(text, "\n  meant for {names}: a guess from what is spelt out; --intend NAME says it");
    }
    for side in [&compared.old, &compared.new] {
        if side.unread > 0 {
            let file = printable(&side.file);
            let _ = writeln!(
                text,
                "  {} parts of {file} are not understood; `corsac check` lists them",
                side.unread
            );
        }
    }
    text
}

pub(super) fn plain(compared: &Compared) -> String {
    let mut text = String::new();
    for scope in &compared.comparison.scopes {
        for line in scope.changes.iter().flat_map(lines) {
            let _ = writeln!(
                text,
                "{} {}: {} {}",
                line.sign,
                printable(&scope.new),
                printable(&line.text),
                line.remark
            );
        }
    }
    text
}

/// A change as lines.
pub(super) fn lines(change: &Change) -> Vec<Line> {
    let line = |sign, text: String, remark: String| Line { sign, text, remark, is_grave: false };
    match change {
        Change::Listed { list, gained, lost } => {
            let told = |sign, names: &[String]| {
                (!names.is_empty()).then(|| line(sign, names.join(", "), list.words().to_owned()))
            };
            [told('+', gained), told('-', lost)].into_iter().flatten().collect()
        }
        Change::Origins { direction, credentials, class, witness } => {
            let gains = *direction == Direction::Gained;
            let sign = if gains { '+' } else { '-' };
            let with = if *credentials == Credentials::Included {
                "with credentials"
            } else {
                "without credentials"
            };
            let kind = match class {
                Class::Http => "over http".to_owned(),
                Class::Null => "sandboxed frames of any page".to_owned(),
                Class::Other => String::new(),
                Class::Stranger(tier) => tier.words().to_owned(),
            };
            let remark = if kind.is_empty() { with.to_owned() } else { format!("{with}; {kind}") };
            let is_grave = gains && matches!(class, Class::Null | Class::Stranger(_));
            vec![Line { sign, text: witness.clone(), remark, is_grave }]
        }
        Change::Undecided { reason } => vec![line('?', reason.clone(), "not decided".to_owned())],
        Change::Value { list, old, new } => {
            let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
            vec![line('~', format!("{} -> {}", shown(old), shown(new)), list.words().to_owned())]
        }
    }
}
