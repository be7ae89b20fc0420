//! What an edit admits beyond the call that was asked about. A policy has one list of methods
//! and of headers for all its origins, so an edit for one of them may concern the others.
//!
//! What no policy withholds does not count: CORS-safelisted methods and headers.

use corsac_browser::CredentialsMode;
use corsac_cors::PolicyConfig;
use corsac_diagnostics::{Source, listed};
use corsac_gateway::read;

use super::edit::Change;
use super::{Answered, Asking};

/// In words, one a widening.
pub(super) fn beyond(
    asking: &Asking<'_>,
    (before, after): (&Answered, &Answered),
    changes: &[Change],
) -> Vec<String> {
    let (old, new) = (before.policy.to_config(), after.policy.to_config());
    let mut found = Vec::new();
    found.extend(other_origins(asking, &old, changes));
    if changes.iter().any(|change| matches!(change, Change::Origin(_))) {
        found.extend(more_than_asked(asking, after, &new));
    }
    found.extend(other_profiles(asking, before, after));
    found
}

/// Origins that gain a method, a header or credentials with the one that asked.
fn other_origins(asking: &Asking<'_>, old: &PolicyConfig, changes: &[Change]) -> Option<String> {
    let gained: Vec<String> = changes
        .iter()
        .filter_map(|change| match change {
            Change::Credentials => Some("credentials".to_owned()),
            Change::Method(method) => Some(format!("`{method}`")),
            Change::Origin(_) => None,
            Change::RequestHeader(name) => Some(format!("`{name}`")),
        })
        .collect();
    let own = &asking.asked.page.origin;
    let others: Vec<&str> = old.origins.iter().filter(|origin| *origin != own).map(String::as_str).collect();
    if gained.is_empty() || others.is_empty() {
        return None;
    }
    Some(format!("{} may then use {} too", listed(others.into_iter()), gained.join(" and ")))
}

/// What the new origin gains beside its call.
fn more_than_asked(asking: &Asking<'_>, after: &Answered, new: &PolicyConfig) -> Option<String> {
    let sent = after.answers.iter().flat_map(|answer| &answer.verdict.requests);
    let preflights: Vec<_> = sent.filter(|sent| sent.access_control_request_method.is_some()).collect();
    let asks_method = |method: &str| {
        matches!(method, "GET" | "HEAD" | "POST")
            || preflights.iter().any(|sent| sent.access_control_request_method.as_deref() == Some(method))
    };
    let asks_name = |name: &str| {
        preflights.iter().any(|sent| {
            let names = sent.access_control_request_headers.as_deref().unwrap_or_default().split(',');
            names.into_iter().any(|own| own.eq_ignore_ascii_case(name))
        })
    };
    let methods = new.methods.iter().filter(|method| !asks_method(method));
    let names = new.request_headers.iter().filter(|name| !asks_name(name));
    let mut gained: Vec<_> = methods.chain(names).map(|item| format!("`{item}`")).collect();
    if new.credentials && asking.asked.request.credentials != CredentialsMode::Include {
        gained.push("credentials".to_owned());
    }
    let origin = &asking.asked.page.origin;
    (!gained.is_empty()).then(|| format!("{origin} may then use {} too", gained.join(" and ")))
}

/// A profile inherits what it does not name: an edit made for one may change the others.
fn other_profiles(asking: &Asking<'_>, before: &Answered, after: &Answered) -> Option<String> {
    asking.profile?;
    let base = |answered: &Answered| {
        let source = Source::new("", answered.reading.document.source.text());
        let config = read(source, None, asking.suffixes).config?;
        let found = config.policies.iter().find(|(name, _)| *name == answered.name);
        found.map(|(_, policy)| policy.to_config())
    };
    (base(before) != base(after)).then(|| "it changes the policy without the profile too".to_owned())
}
