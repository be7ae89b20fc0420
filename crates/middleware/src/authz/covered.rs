//! Rules that change nothing, because another of the route lets pass whoever they do.
//!
//! Such a rule looks like a restriction and is none: `anyone` may `GET`, and below it
//! stands who else.

use corsac_diagnostics::FieldPath;

use super::config::RuleConfig;

/// The places of what is covered, from the list of rules, and by which rule: whole rules,
/// or single methods of them.
pub(super) fn find(rules: &[RuleConfig]) -> Vec<(FieldPath, usize)> {
    let mut found = Vec::new();
    for (index, rule) in rules.iter().enumerate() {
        let at = FieldPath::root().index(index);
        let others = || rules.iter().enumerate().filter(move |(other, _)| *other != index);
        let by = |method: &str| {
            let mut others = others().filter(|(_, other)| names(other, method));
            others.find(|(number, other)| covers(other, rule, *number < index)).map(|(number, _)| number)
        };
        let methods: Vec<_> = rule.methods.iter().map(|method| by(method)).collect();
        match methods.iter().copied().collect::<Option<Vec<_>>>().as_deref() {
            Some([by, ..]) => found.push((at, *by)),
            _ => {
                let single = methods.iter().enumerate().filter_map(|(number, by)| Some((number, (*by)?)));
                found.extend(single.map(|(number, by)| (at.key("methods").index(number), by)));
            }
        }
    }
    found
}

fn names(rule: &RuleConfig, method: &str) -> bool {
    rule.methods.iter().any(|own| own == method || own == "*")
}

/// Whether whoever `rule` lets pass, `other` does. Of two that ask the same, the earlier
/// covers the later.
fn covers(other: &RuleConfig, rule: &RuleConfig, is_earlier: bool) -> bool {
    let asks_no_more = |theirs: &Option<String>, ours: &Option<String>| theirs.is_none() || theirs == ours;
    let from = other.from.is_empty()
        || (!rule.from.is_empty() && rule.from.iter().all(|name| other.from.contains(name)));
    let covers = other.anyone
        || (!rule.anyone
            && from
            && asks_no_more(&other.permission, &rule.permission)
            && asks_no_more(&other.scope, &rule.scope)
            && asks_no_more(&other.owner, &rule.owner)
            && asks_no_more(&other.cedar, &rule.cedar)
            && (other.cedar.is_none() || other.action == rule.action));
    covers && (is_earlier || !same(other, rule))
}

/// Whether they ask the same, whatever their methods.
fn same(one: &RuleConfig, other: &RuleConfig) -> bool {
    let from = one.from.len() == other.from.len() && one.from.iter().all(|it| other.from.contains(it));
    let asked = |rule: &RuleConfig| {
        let texts = [&rule.permission, &rule.scope, &rule.owner, &rule.cedar, &rule.action];
        (rule.anyone, texts.map(Clone::clone))
    };
    from && asked(one) == asked(other)
}
