//! What people see of long lines and of places far apart.

use corsac_diagnostics::render::{self, Style};
use corsac_diagnostics::{Diagnostic, INVALID_VALUE, Place, Report, Source};

fn shown(text: &str, finding: Diagnostic) -> String {
    render::human(&[Report::new(Source::new("a.toml", text), &(), vec![finding])], Style::Plain)
}

fn at(span: std::ops::Range<usize>) -> Diagnostic {
    Diagnostic::new(&INVALID_VALUE, "wrong").at(Place::Span(span), "this")
}

#[test]
fn a_long_line_is_cut_and_the_place_stays_right() {
    let long = format!("a = \"{}\"\nb = 1\n", "é".repeat(1 << 20));
    let whole = shown(&long, at(4..long.len() - 7));
    assert!(whole.contains("--> a.toml:1:5") && whole.contains("1 | a = \"é"), "{whole}");
    assert!(whole.lines().all(|line| line.chars().count() < 200) && whole.len() < 2_000, "{whole}");
    let end = shown(&long, at(long.len() - 8..long.len() - 7));
    assert!(end.contains("--> a.toml:1:1048582\n") && !end.contains('é'), "{end}");
    let next = shown(&long, at(long.len() - 6..long.len() - 5));
    assert!(next.contains("--> a.toml:2:1") && next.contains("2 | b = 1\n  | ^ this"), "{next}");

    let short = format!("a = \"{}\"\n", "x".repeat(90));
    let whole = shown(&short, at(4..96));
    assert!(whole.contains(&format!("1 | {short}  |     {} this\n", "^".repeat(92))), "{whole}");
}

#[test]
fn a_value_of_many_lines_is_shown_by_its_first() {
    let text = |lines: usize| format!("a = [\n{}]\n", "  1,\n".repeat(lines));
    let few = shown(&text(3), at(4..text(3).len() - 1));
    assert!(few.contains("5 | | ]"), "{few}");
    let many = shown(&text(100_000), at(4..text(100_000).len() - 1));
    assert!(many.contains("1 | a = [\n  |     ^ this\n") && !many.contains("  1,"), "{many}");
}

#[test]
fn a_second_place_is_shown_near_and_far() {
    let text = |lines: usize| format!("a = 1\n{}b = 2\n", "#\n".repeat(lines));
    let both = |lines: usize| {
        let text = text(lines);
        let far = text.len() - 6;
        shown(&text, at(0..1).and_at(Place::Span(far..far + 1), "that"))
    };
    let near = both(2);
    assert!(near.contains("4 | b = 2\n  | - that") && !near.contains(":::"), "{near}");
    let far = both(1_000);
    assert!(far.contains("::: a.toml:1002:1\n") && far.contains("1002 | b = 2\n     | - that"), "{far}");
    assert!(far.lines().count() < 15, "{far}");
}

#[test]
fn passwords_of_urls_are_hidden_and_places_stay() {
    let text = "a = [\"redis://:s3cr3t@x\", \"http://u:p%40w@y/z@1\", \"http://u@y:80/:@\"] # ://\n";
    let shown = shown(text, at(27..32));
    let hidden = "1 | a = [\"redis://:******@x\", \"http://u:*****@y/z@1\", \"http://u@y:80/:@\"] # ://\n";
    assert!(shown.contains(hidden), "{shown}");
    assert!(shown.contains("\n  |                            ^^^^^ this\n"), "{shown}");
}
