//! `corsac: ignore[…]` in comments.

use crate::{findings, ids, notation};

const WRONG: &str = "exact = null";
const REST: &str = "vary = Origin\ncoverage = all\n";

#[test]
fn a_suppression_with_a_reason_silences_its_rule_on_its_line_and_the_next() {
    for text in [
        format!("{WRONG}  # corsac: ignore[null-origin] sandboxed previews\n{REST}"),
        format!("# corsac: ignore[null-origin] sandboxed previews\n{WRONG}\n{REST}"),
        format!("// corsac: ignore[null-origin] sandboxed previews\n{WRONG}\n{REST}"),
        format!("/* corsac: ignore[null-origin] sandboxed previews */\n{WRONG}\n{REST}"),
        format!("<!-- corsac: ignore[null-origin] sandboxed previews -->\n{WRONG}\n{REST}"),
        format!("# corsac: ignore[null-origin, unused-rule] previews\n{WRONG}\n{REST}")
            .replace(", unused-rule", ""),
    ] {
        assert_eq!(ids(&text, &[]), [""; 0], "{text}");
    }
}

#[test]
fn two_suppressions_above_a_line_both_count() {
    let text = format!(
        "# corsac: ignore[insecure-origin-with-credentials] inside the data centre\n\
         # corsac: ignore[address-origin] inside the data centre\nexact = http://10.0.0.7\ncredentials = true\n{REST}"
    );
    assert_eq!(ids(&text, &[]), [""; 0]);
}

#[test]
fn a_suppression_reaches_no_further_and_no_other_rule() {
    let far = format!("# corsac: ignore[null-origin] previews\n\n{WRONG}\n{REST}");
    assert_eq!(ids(&far, &[]), ["unused-suppression", "null-origin"]);
    let behind = format!("vary = Origin  # corsac: ignore[null-origin] previews\n{WRONG}\ncoverage = all\n");
    assert_eq!(ids(&behind, &[]), ["unused-suppression", "null-origin"]);
    let other = format!("# corsac: ignore[dead-entry] previews\n{WRONG}\n{REST}");
    assert_eq!(ids(&other, &[]), ["unused-suppression", "null-origin"]);
}

#[test]
fn a_suppression_without_a_reason_or_of_no_rule_is_a_finding() {
    let silent = format!("# corsac: ignore[null-origin]\n{WRONG}\n{REST}");
    assert_eq!(ids(&silent, &[]), ["suppression-without-reason", "null-origin"]);
    let closed = format!("/* corsac: ignore[null-origin] */\n{WRONG}\n{REST}");
    assert_eq!(ids(&closed, &[]), ["suppression-without-reason", "null-origin"]);
    let unknown = format!("# corsac: ignore[null-orign] previews\n{WRONG}\n{REST}");
    assert_eq!(ids(&unknown, &[]), ["unused-suppression", "null-origin"]);
    let two = format!("# corsac: ignore[null-origin, dead-entry] previews\n{WRONG}\n{REST}");
    assert_eq!(ids(&two, &[]), ["unused-suppression"]);
}

#[test]
fn json_and_plain_text_have_no_suppressions() {
    let text = format!("# corsac: ignore[null-origin] previews\n{WRONG}\n{REST}");
    let of = |name: &str| findings(&notation::read(name, &text), &[]).len();
    assert_eq!((of("cors.json"), of("cors.yaml")), (1, 0));
    let said = format!("text = corsac: ignore[null-origin] previews\n{WRONG}\n{REST}").replace("text = ", "");
    assert_eq!(ids(&said, &[]), ["null-origin"]);
}
