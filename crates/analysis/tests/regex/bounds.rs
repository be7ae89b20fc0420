//! Hostile expressions end soon: they are read or refused, and never overflow a stack.

use corsac_analysis::regex::{Dialect, Flags, Mode, Regex};

use super::expressions::{self, Random};

fn read(text: &str, dialect: Dialect) -> Regex {
    Regex::new(text, dialect, Mode::Search, Flags::default())
}

#[test]
fn nesting_is_bounded() {
    for dialect in Dialect::ALL {
        let nested = |times: usize| format!("{}a{}", "(".repeat(times), ")".repeat(times));
        assert!(read(&nested(190), dialect).syntax().is_ok(), "{dialect:?}");
        assert!(read(&nested(100_000), dialect).syntax().is_err(), "{dialect:?}");
        assert!(read(&"(".repeat(100_000), dialect).syntax().is_err(), "{dialect:?}");
        assert!(read(&"[a".repeat(100_000), dialect).syntax().is_err(), "{dialect:?}");
        let stacked = read(&format!("a{}", "{2}".repeat(100_000)), dialect);
        assert!(stacked.syntax().is_err(), "{dialect:?}");
        let deep = read(&format!("{}a{}", "(".repeat(190), ")*?|b)+".repeat(95)), dialect);
        drop((deep.find("ab"), deep.syntax().map(|node| (node.is_exact(), node.length(), node.clone()))));
        let stacked = format!("{}a{}", "((?=a|".repeat(95), ")+?+){2}{2}{2}".repeat(95));
        drop(read(&stacked, dialect).find("ab"));
        drop(read(&"(?i)".repeat(100_000), dialect));
        drop(read(&"a|".repeat(100_000), dialect));
    }
}

#[test]
fn a_long_expression_is_read_and_a_longer_one_refused() {
    let long = "a".repeat(200_000);
    assert!(read(&long, Dialect::Pcre).syntax().is_ok());
    assert!(read(&long.repeat(2), Dialect::Pcre).syntax().is_err());
}

#[test]
fn exponential_work_ends_without_an_answer() {
    let text = "a".repeat(300);
    assert_eq!(read("(a|a)*b", Dialect::Pcre).find(&text), None);
    assert_eq!(read("(a*)*c", Dialect::Js).find(&text), None);
    assert_eq!(read("(?:){1000000}{1000000}b", Dialect::Ruby).find("a"), None);
    assert_eq!(read("a*b", Dialect::Pcre).accepts(&text), Some(false));
}

#[test]
fn anything_can_be_read_and_tried() {
    let mut random = Random(10);
    for round in 0..20_000 {
        let dialect = Dialect::ALL[round % Dialect::ALL.len()];
        let mut text = expressions::expression(&mut random, dialect);
        let cut = random.below(text.len() + 1);
        text.truncate((0..=cut).rev().find(|&at| text.is_char_boundary(at)).unwrap());
        let mode = Mode::ALL[random.below(3)];
        let flags = Flags(expressions::flags(&mut random, dialect).to_owned());
        let regex = Regex::new(&text, dialect, mode, flags);
        for subject in ["", "a", "https://a.b", "É\n\0"] {
            drop(regex.find(subject));
        }
        if let Err(refusal) = regex.syntax() {
            assert!(refusal.span.end <= text.len(), "{dialect:?} `{text}`: {refusal:?}");
        }
    }
}
