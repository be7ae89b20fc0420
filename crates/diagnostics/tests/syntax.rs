//! Slips of TOML's syntax: each is told once, where it is, with what to write.

use corsac_diagnostics::{Document, Source, render};

/// What is told of `text`, a line a finding, without the file's name and the rule's.
fn told(text: &str) -> Vec<String> {
    let (document, findings) = Document::parse(Source::new("", text));
    let plain = render::plain(&[document.report(findings)]);
    plain.lines().map(|line| line.trim_start_matches(':').replacen(": error[toml-syntax]", "", 1)).collect()
}

#[test]
fn every_common_slip_has_its_place_and_says_what_to_write() {
    for (text, expected) in SLIPS {
        assert_eq!(told(text), [*expected], "{text}");
    }
}

#[test]
fn text_without_slips_is_told_nothing_of() {
    for text in [
        "a = [\n  \"]\", # ]\n  '[', \"\"\"\n[\"\"\",\n]\nb = { c = \"}\" }\n\"d e\" = 1\n[f.\"g h\"]\ni = \"\\\"\"",
        "\u{feff}a = 1\n",
        "a = [\"b\" # ,\n, \"c\"]",
    ] {
        assert_eq!(told(text), [""; 0], "{text}");
    }
}

#[test]
fn slips_apart_are_all_told_and_those_that_follow_from_one_are_not() {
    let lines = |text| -> Vec<String> {
        told(text).iter().map(|line| line.split_once(':').unwrap().0.to_owned()).collect()
    };
    assert_eq!(lines("a = b\nc = 1\n[d]\ne = \"f\n"), ["1", "4"]);
    assert_eq!(lines("\u{feff}a = b\n"), ["1"], "a byte order mark moves nothing");
    // One slip on a line; nothing within the open bracket; what stands before it.
    assert_eq!(lines("a = [b, c]\n"), ["1"]);
    assert_eq!(lines("a = b\nc = [\nd = e\nf = g\n"), ["1", "2"]);
    assert_eq!(lines(&"a: 1\n".repeat(1_000)).len(), 20);
}

#[test]
fn what_is_defined_twice_shows_where_it_was_defined_first() {
    for (text, first) in [
        ("a = 1\nb = 2\na = 3", Some(0..1)),
        ("[a]\nb = 1\n[c]\nb = 2\nb = 3", Some(14..15)),
        ("[x.a]\nb = 1\n[x.c]\n[x.a]", Some(1..4)),
        ("[[a]]\nb = 1\n[[a]]\nb = 1\nb = 2", Some(18..19)),
        ("a = { b = 1, b = 2 }", None),
    ] {
        let (document, findings) = Document::parse(Source::new("", text));
        let report = document.report(findings);
        let context = &report.findings[0].context;
        assert_eq!(context.first().map(|(span, _)| span.clone()), first, "{text}");
    }
}

/// A text, and what is told of it.
const SLIPS: &[(&str, &str)] = &[
    // Quotes.
    (
        "a = \"b\nc = 1",
        "1:5: the string is not closed (help: write `\"` behind its text; a string ends on the line where it begins)",
    ),
    (
        "a = 'b\nc = 1",
        "1:5: the string is not closed (help: write `'` behind its text; a string ends on the line where it begins)",
    ),
    ("a = \"\"\"b\nc = 1", "1:5: the string is not closed (help: write `\"\"\"` behind its text)"),
    (
        "a = [\"b]\nc = 1\n[d]\ne = 2",
        "1:6: the string is not closed (help: write `\"` behind its text; a string ends on the line where it begins)",
    ),
    (
        "a = [\"b, \"c\"]",
        "1:11: a quote is missing, or one too many (help: put each entry in quotes of its own: [\"a\", \"b\"])",
    ),
    ("a = b\"", "1:5: the string has no opening quote (help: write `\"` before its text)"),
    ("a = “b”", "1:5: the quotes of `“b”` are none of TOML's (help: write \"b\")"),
    ("a = \"b\"c\"", "1:8: the string ends before this (help: write `\\\"` for a quote within a string)"),
    (
        "a = \"C:\\path\"",
        "1:9: a backslash begins an escape, and this is none (help: write `\\\\` for a backslash, or put the text in single quotes)",
    ),
    // Brackets.
    ("[a\nb = 1", "1:3: the header is not closed (help: write [a])"),
    ("[[a]\nb = 1", "1:5: the header is not closed (help: write [[a]])"),
    (
        "[a.b c]\nd = 1",
        "1:5: the name in this header needs quotes (help: write [cors.\"my app\"]: only letters, digits, `-` and `_` need no quotes)",
    ),
    (
        "a = [\n  \"b\",\nc = 1\n[d]\ne = \"f",
        "1:5: `[` is not closed (help: write `]` behind the last entry)",
    ),
    ("a = { b = 1\nc = 2", "1:5: `{` is not closed (help: write `}` behind the last entry)"),
    ("a = [1]]", "1:8: `]` closes nothing (help: remove it, or write `[` before the first entry)"),
    ("a = \"b\", \"c\"", "1:8: several values are a list (help: put them in brackets: [\"a\", \"b\"])"),
    // Equals signs.
    ("a \"b\"", "1:3: `a` has no `=` (help: write `a = …`)"),
    ("a: \"b\"", "1:2: `:` stands where `=` belongs (help: write `a = …`)"),
    ("a == 1", "1:4: a second `=` follows the first (help: remove it)"),
    (
        "a =\nb = 1",
        "1:4: a value is missing (help: write one behind `=`, such as \"text\", 5, true or [\"a\", \"b\"])",
    ),
    // Values.
    (
        "a = https://b.example # c",
        "1:5: `https://b.example` is not in quotes (help: write \"https://b.example\")",
    ),
    ("a = /b/{c}/{*d}", "1:5: `/b/{c}/{*d}` is not in quotes (help: write \"/b/{c}/{*d}\")"),
    ("a = [PUT, \"GET\"]", "1:6: `PUT` is not in quotes (help: write \"PUT\")"),
    (
        "a = PUT, GET",
        "1:5: `PUT` is not in quotes (help: write a list, with each text in quotes: [\"a\", \"b\"])",
    ),
    ("a = 127.0.0.1:80", "1:5: `127.0.0.1:80` is not in quotes (help: write \"127.0.0.1:80\")"),
    ("a = 10m", "1:5: `10m` is not in quotes (help: write \"10m\")"),
    ("a = True", "1:5: `True` is not a value (help: write `true` or `false`)"),
    ("a = 007", "1:5: `007` begins with a zero (help: write it without leading zeros)"),
    ("a = 1;", "1:5: a `;` follows `1` (help: remove it)"),
    ("a = 1 // b", "1:5: `//` begins no comment (help: begin the comment with `#`)"),
    (
        "a = 1 b = 2",
        "1:5: two settings stand on one line (help: write each on a line of its own, or `,` between them within braces)",
    ),
    // Commas.
    ("a = [\"b\" \"c\"]", "1:10: a comma is missing (help: write `,` between two entries: [\"a\", \"b\"])"),
    (
        "a = { b = \"1\" c = \"2\" }",
        "1:15: a comma is missing (help: write `,` between two settings: { a = 1, b = 2 })",
    ),
    ("a = [1,, 2]", "1:8: nothing stands before this comma (help: remove it)"),
    ("a = 1,\nb = 2", "1:6: a comma follows the value (help: remove it)"),
    // Names.
    (
        "a = 1\na = 2",
        "2:1: `a` is defined twice (help: remove one of the two, or put their contents together)",
    ),
    (
        "a = 1\na.b = 2",
        "2:1: `a` has a value already and cannot be a table (help: give one of the two another name)",
    ),
    (
        "/a = 1",
        "1:1: a name has a character that needs quotes (help: put the name in quotes: only letters, digits, `-` and `_` need none)",
    ),
    (
        "{ \"a\": 1 }",
        "1:1: a line begins with a name or a header (help: write `name = value` or a header such as [cors.app]; JSON and YAML are not read)",
    ),
];
