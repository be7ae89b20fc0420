//! The table of cases: each code has a text that gets it, and the nearest one that does not.

use std::sync::LazyLock;

use corsac_signaling::{Code, Kinds, Refusal, SdpRules, check_description};

use crate::base::{answer, answering, offer, rules};
use crate::cases;

/// A text that is refused, and the nearest one that is accepted.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) code: Code,
    /// The exact detail, where the protocol has one.
    pub(crate) detail: Option<&'static str>,
    pub(crate) bad: (String, SdpRules),
    pub(crate) good: (String, SdpRules),
}

/// A case under rules that grant everything.
pub(crate) fn case(name: &'static str, code: Code, bad: String, good: String) -> Case {
    Case { name, code, detail: None, bad: (bad, rules()), good: (good, rules()) }
}

impl Case {
    /// The same under other rules.
    pub(crate) fn under(self, rules: SdpRules) -> Self {
        Self { bad: (self.bad.0, rules), good: (self.good.0, rules), ..self }
    }
}

/// A case of one text under two rules.
pub(crate) fn ruled(
    name: &'static str,
    detail: &'static str,
    text: &str,
    bad: SdpRules,
    good: SdpRules,
) -> Case {
    let code = if detail.contains(' ') || detail == "subscribe" { Code::Grant } else { Code::Consent };
    Case { name, code, detail: Some(detail), bad: (text.to_owned(), bad), good: (text.to_owned(), good) }
}

static ALL: LazyLock<Vec<Case>> = LazyLock::new(cases::all);

/// What a checker gets wrong.
fn mistakes(check: impl Fn(&str, &SdpRules) -> Result<(), Refusal>) -> Vec<String> {
    let mut mistakes = Vec::new();
    for case in ALL.iter() {
        let found = check(&case.bad.0, &case.bad.1).err();
        let right = found.as_ref().is_some_and(|refusal| {
            refusal.code == case.code && case.detail.is_none_or(|detail| refusal.detail == detail)
        });
        if !right {
            mistakes.push(format!("{}: not {} but {found:?}", case.name, case.code));
        }
        if let Err(refusal) = check(&case.good.0, &case.good.1) {
            mistakes.push(format!("{}: the good one: {refusal}", case.name));
        }
    }
    mistakes
}

fn real(text: &str, rules: &SdpRules) -> Result<(), Refusal> {
    check_description(text, rules).map(drop)
}

#[test]
fn each_mistake_has_its_code_and_the_nearest_good_text_passes() {
    let mistakes = mistakes(real);
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

#[test]
fn the_base_passes_in_both_directions() {
    let found = check_description(&offer(), &rules()).expect("accepted");
    assert_eq!(found.role(), None);
    assert_eq!(found.media.len(), 3);
    assert!(!found.sends.eq(&Kinds::NONE));
    check_description(&answer(), &answering()).expect("accepted");
}

/// Without this a code that no case asks for could be lost unseen.
#[test]
fn each_code_of_the_policy_has_a_case() {
    for code in Code::ALL.iter().copied().filter(|code| is_of_policy(*code)) {
        assert!(ALL.iter().any(|case| case.code == code), "no case has {code}");
    }
}

fn is_of_policy(code: Code) -> bool {
    let name = code.as_str();
    name.starts_with("E_SDP_") || name.starts_with("E_CAND_") || matches!(name, "E_GRANT" | "E_CONSENT")
}

/// The table notices a policy that is off, and one that never says any one of its codes.
#[test]
fn the_table_notices_what_is_switched_off() {
    assert_eq!(mistakes(|_, _| Ok(())).len(), ALL.len());
    for code in Code::ALL.iter().copied().filter(|code| is_of_policy(*code)) {
        let without = |text: &str, rules: &SdpRules| match real(text, rules) {
            Err(refusal) if refusal.code == code => Ok(()),
            other => other,
        };
        assert!(!mistakes(without).is_empty(), "a policy without {code} passes");
    }
    let nothing = |_: &str, _: &SdpRules| Err(Refusal::new(Code::SdpSyntax, ""));
    assert!(mistakes(nothing).len() >= ALL.len(), "a policy that refuses everything passes");
}
