//! A comparison as a comment on a change, in the Markdown that GitHub and GitLab show.

use std::fmt::Write as _;

use super::Compared;
use super::human::{Line, footer, lines};

pub(super) fn shown(compared: &Compared) -> String {
    let mut text = String::from("### Who may read across origins\n\n");
    if compared.comparison.is_empty() {
        text.push_str("This change admits nobody new and refuses nobody: browsers are answered alike.\n");
        return text;
    }
    let parts = [
        ("**This change newly admits**", '+'),
        ("**It no longer admits**", '-'),
        ("**It changes**", '~'),
        ("**Not decided**", '?'),
    ];
    for (title, sign) in parts {
        let mut rows = Vec::new();
        for scope in &compared.comparison.scopes {
            let told = scope.changes.iter().flat_map(lines).filter(|line| line.sign == sign);
            rows.extend(told.map(|line| row(&line, &scope.new)));
        }
        if !rows.is_empty() {
            let _ = writeln!(text, "{title}\n\n{}", rows.concat());
        }
    }
    text.push_str(footer(compared).trim_start());
    text
}

fn row(line: &Line, scope: &str) -> String {
    let grave = if line.is_grave { ":warning: " } else { "" };
    format!("- {grave}{}: {} ({})\n", code(&line.text), line.remark, code(scope))
}

/// Text of a configuration, so that it can be nothing but text.
fn code(text: &str) -> String {
    let shown: String = text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    let longest = shown.split(|char| char != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if longest > 0 { " " } else { "" };
    format!("{fence}{space}{shown}{space}{fence}")
}
