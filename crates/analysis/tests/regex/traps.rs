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

#[track_caller]
fn with_flags(dialect: Dialect, flags: &str, text: &str, yes: &[&str], no: &[&str]) {
    let regex = Regex::new(text, dialect, Mode::Full, Flags(flags.to_owned()));
    assert!(regex.syntax().is_ok(), "{dialect:?} `{text}`: {}", regex.syntax().unwrap_err());
    for (texts, expected) in [(yes, true), (no, false)] {
        for origin in texts {
            assert_eq!(regex.accepts(origin), Some(expected), "{dialect:?} `{text}` on `{origin}`");
        }
    }
}

#[test]
fn letters_beyond_ascii_fold_as_in_each_engine() {
    with_flags(Dialect::Python, "i", "\u{212a}\u{131}", &["ki"], &["ka"]);
    with_flags(Dialect::Python, "ia", "\u{212a}", &[], &["k"]);
    with_flags(Dialect::Js, "iu", "\u{17f}", &["s"], &[]);
    with_flags(Dialect::Js, "i", "\u{17f}", &[], &["s"]);
    with_flags(Dialect::Java, "i", "\u{212a}", &[], &["k"]);
    with_flags(Dialect::Java, "iu", "\u{212a}", &["k"], &[]);
    with_flags(Dialect::Re2, "i", "\u{212a}\u{17f}", &["ks"], &["k"]);
    for dialect in [Dialect::Dotnet, Dialect::Pcre, Dialect::Posix, Dialect::Ruby] {
        let regex = Regex::new("\u{212a}", dialect, Mode::Full, Flags("i".to_owned()));
        assert!(regex.syntax().is_err(), "{dialect:?}");
    }
}

#[test]
fn glibc_knows_few_escapes_and_none_in_brackets() {
    accepts(Dialect::Posix, r"\d[\d]", &["dd"], &["1d", "d1"]);
    accepts(Dialect::Posix, r"\w)", &["a)"], &["-)"]);
    accepts(Dialect::Posix, "a+?", &["", "aa"], &["b"]);
    refuses(Dialect::Posix, "^*");
    refuses(Dialect::Posix, r"(a)\1");
}

#[test]
fn dotnet_subtracts_classes() {
    accepts(Dialect::Dotnet, "[a-e-[bc]]+", &["ade"], &["b", "-"]);
    accepts(Dialect::Dotnet, "[^a-[b]]", &["c"], &["a", "b"]);
    accepts(Dialect::Dotnet, r"[+\-9]", &["+", "-", "9"], &[",", "5"]);
    refuses(Dialect::Dotnet, "[a-[b]c]");
    refuses(Dialect::Dotnet, r"\_");
}

#[test]
fn hyphens_in_classes_follow_each_dialect() {
    accepts(Dialect::Js, r"[\w-.]", &["a", "-", "."], &["/"]);
    accepts(Dialect::Java, r"[\w-.]", &["a", "-", "."], &["/"]);
    accepts(Dialect::Re2, r"[\w-.]", &["a", "-", "."], &["/"]);
    for dialect in [Dialect::Pcre, Dialect::Python] {
        refuses(dialect, r"[\w-.]");
    }
    for dialect in Dialect::ALL {
        accepts(dialect, "[a-c-]", &["b", "-"], &["d"]);
        refuses(dialect, "[c-a]");
    }
}

#[test]
fn a_bracket_that_comes_first_is_literal_except_in_ecmascript() {
    for dialect in [Dialect::Pcre, Dialect::Posix, Dialect::Python, Dialect::Re2, Dialect::Ruby] {
        accepts(dialect, "[]a]+", &["]a"], &["b"]);
    }
    accepts(Dialect::Js, "[^]+", &["ab"], &[""]);
    accepts(Dialect::Js, "[]a]", &[], &["a", "a]"]);
}

#[test]
fn the_end_is_spelt_differently() {
    for dialect in [Dialect::Dotnet, Dialect::Java, Dialect::Pcre, Dialect::Python, Dialect::Ruby] {
        accepts(dialect, r"a\Z", &["a"], &["aZ"]);
    }
    accepts(Dialect::Js, r"a\Z", &[], &["a"]);
    refuses(Dialect::Re2, r"a\Z");
    refuses(Dialect::Python, r"a\z");
}

#[test]
fn an_h_is_a_hexadecimal_digit_in_ruby() {
    accepts(Dialect::Ruby, r"\h", &["a", "0"], &["h", "g"]);
    accepts(Dialect::Pcre, r"\H", &["h"], &[]);
    accepts(Dialect::Pcre, r"\h", &[], &["h", "a"]);
}

#[test]
fn flags_within_reach_as_far_as_each_engine_says() {
    accepts(Dialect::Pcre, "(a(?i)B|C)D", &[], &["abd", "cd"]);
    accepts(Dialect::Pcre, "(a(?i)B|C)d", &["abd", "cd"], &["d"]);
    accepts(Dialect::Ruby, "a(?i)B|C", &["ab", "ac"], &["c"]);
    accepts(Dialect::Python, "(?i)A", &["a"], &["b"]);
    refuses(Dialect::Python, "a(?i)B");
    refuses(Dialect::Js, "(?i)a");
}

#[test]
fn java_and_python_give_nothing_back_within_a_possessive_iteration() {
    for dialect in [Dialect::Java, Dialect::Python] {
        accepts(dialect, "(?:a+){2}+", &[], &["aa", "aaa"]);
    }
    accepts(Dialect::Pcre, "(?:a+){2}+", &["aa", "aaa"], &["a"]);
}

#[test]
fn ecmascript_forgets_groups_at_each_iteration() {
    accepts(Dialect::Js, r"(?:(a)|b)*\1", &["ab"], &["aba", "c"]);
    accepts(Dialect::Pcre, r"(?:(a)|b)*\1", &["aba"], &["ab", "b"]);
}

#[test]
fn what_cannot_be_modelled_is_refused_with_a_reason() {
    for text in ["(?R)", "(?1)", "(a)(?(1)b|c)", r"a\Kb", r"\Ga", "(*FAIL)", "(?C1)a", r"\g<1>", r"\x{212a}"]
    {
        refuses(Dialect::Pcre, text);
    }
    let regex = read("a(?R)", Dialect::Pcre, Mode::Full);
    let refusal = regex.syntax().unwrap_err();
    assert_eq!(refusal.to_string(), "this group is not modelled (byte 1)");
    for dialect in Dialect::ALL {
        for text in ["(a", "a|[b", "[b-a]", "a\\", "*a"] {
            refuses(dialect, text);
        }
    }
}

#[test]
fn unicode_modes_of_pcre_change_nothing_that_is_read() {
    accepts(Dialect::Pcre, r"(*UTF)(*UCP)\w+", &["a1_"], &["-"]);
    refuses(Dialect::Pcre, "(*UTF8)a");
    refuses(Dialect::Pcre, "a(*UTF)");
}

#[test]
fn a_node_tells_what_automata_need_to_know() {
    let node = |text| read(text, Dialect::Pcre, Mode::Full).syntax().cloned().unwrap();
    assert!(node(r"(a|b)*?\b(?=c)").is_exact());
    for text in [r"(a)\1", "(?>a|ab)", "(b|(a?b)*+)"] {
        assert!(!node(text).is_exact(), "{text}");
    }
    // A run that gives no byte back is one that none of its bytes follows.
    for text in ["(?>a*)", "(b|[a-c]{2,3}+)"] {
        assert!(node(text).is_exact(), "{text}");
    }
    assert!(node("a(b(?<!c))").has_look_around());
    assert!(!node(r"a\b$").has_look_around());
    assert_eq!(node("(ab|c){2,3}").length(), (2, Some(6)));
    assert_eq!(node("ab*").length(), (1, None));
}
