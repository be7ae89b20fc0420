//! Syntax that a parser of another dialect misreads.

use corsac_analysis::regex::{Dialect, Flags, Mode, Regex};

fn read(text: &str, dialect: Dialect, mode: Mode) -> Regex {
    Regex::new(text, dialect, mode, Flags::default())
}

#[track_caller]
fn accepts(dialect: Dialect, text: &str, yes: &[&str], no: &[&str]) {
    let regex = read(text, dialect, Mode::Full);
    assert!(regex.syntax().is_ok(), "{dialect:?} `{text}`: {}", regex.syntax().unwrap_err());
    for (texts, expected) in [(yes, true), (no, false)] {
        for origin in texts {
            assert_eq!(regex.accepts(origin), Some(expected), "{dialect:?} `{text}` on `{origin}`");
        }
    }
}

#[track_caller]
fn refuses(dialect: Dialect, text: &str) {
    let regex = read(text, dialect, Mode::Full);
    assert!(regex.syntax().is_err(), "{dialect:?} `{text}`: {:?}", regex.syntax());
}

#[test]
fn modes_bind_the_ends() {
    for (mode, yes, no) in
        [(Mode::Full, "ab", "abc"), (Mode::Prefix, "abc", "xab"), (Mode::Search, "xabc", "xacb")]
    {
        let regex = read("a|ab", Dialect::Pcre, mode);
        assert_eq!(regex.accepts(yes), Some(true), "{mode:?}");
        let regex = read("ab", Dialect::Pcre, mode);
        assert_eq!(regex.accepts(no), Some(false), "{mode:?}");
    }
}

#[test]
fn double_ampersand_intersects_in_java_and_ruby_only() {
    for dialect in [Dialect::Java, Dialect::Ruby] {
        accepts(dialect, "[a-z&&[^b]]", &["a", "c"], &["b", "&"]);
    }
    for dialect in [Dialect::Js, Dialect::Pcre, Dialect::Python, Dialect::Re2] {
        accepts(dialect, "[a-c&&b]", &["a", "c", "&"], &["d"]);
    }
}

#[test]
fn plus_after_a_quantifier_is_possessive_or_refused() {
    for dialect in [Dialect::Java, Dialect::Pcre, Dialect::Python, Dialect::Ruby] {
        accepts(dialect, "a*+b", &["aab"], &["aa"]);
        accepts(dialect, "a*+a", &[], &["a", "aa"]);
    }
    for dialect in [Dialect::Dotnet, Dialect::Js, Dialect::Re2] {
        refuses(dialect, "a*+b");
    }
}

#[test]
fn braces_without_a_count_follow_each_dialect() {
    for dialect in [Dialect::Dotnet, Dialect::Js, Dialect::Pcre, Dialect::Python, Dialect::Re2, Dialect::Ruby]
    {
        accepts(dialect, "a{", &["a{"], &["a"]);
    }
    for dialect in [Dialect::Java, Dialect::Posix] {
        refuses(dialect, "a{");
    }
    for dialect in [Dialect::Posix, Dialect::Python, Dialect::Ruby] {
        accepts(dialect, "a{,3}", &["", "aaa"], &["aaaa", "a{,3}"]);
    }
    for dialect in [Dialect::Dotnet, Dialect::Js, Dialect::Re2] {
        accepts(dialect, "a{,3}", &["a{,3}"], &["", "aaa"]);
    }
    refuses(Dialect::Pcre, "a{,3}");
}

#[test]
fn loops_over_nothing_end() {
    for dialect in Dialect::ALL {
        accepts(dialect, "(a*)*b", &["b", "aab"], &["a"]);
        accepts(dialect, "(|a)+b", &["b", "aab"], &["a"]);
    }
}

#[test]
fn a_group_without_a_match_fails_its_references_except_in_ecmascript() {
    accepts(Dialect::Js, r"(a)?\1b", &["b", "aab"], &["ab"]);
    for dialect in [Dialect::Dotnet, Dialect::Pcre, Dialect::Python, Dialect::Ruby] {
        accepts(dialect, r"(a)?\1b", &["aab"], &["b", "ab"]);
    }
    // Java may see what a group matched on a way that it gave up.
    refuses(Dialect::Java, r"(a)?\1b");
    accepts(Dialect::Java, r"(a|c)\1b", &["aab", "ccb"], &["acb", "ab"]);
}

#[test]
fn look_around_and_atomic_groups_are_exact() {
    accepts(Dialect::Pcre, r"(?=(a+))a*b\1", &["aba"], &["b"]);
    accepts(Dialect::Pcre, r"(?>a|ab)c", &["ac"], &["abc"]);
    accepts(Dialect::Pcre, r".*(?<![a-z0-9-])example\.com", &["x.example.com"], &["xexample.com"]);
    refuses(Dialect::Re2, "(?=a)");
}

#[test]
fn upper_case_matches_only_when_case_is_ignored() {
    accepts(Dialect::Pcre, "(?i)A[B-C]", &["ab", "ac"], &["ad"]);
    accepts(Dialect::Pcre, "A", &[], &["a"]);
    accepts(Dialect::Pcre, "(?i)[^A]", &["b"], &["a"]);
}
