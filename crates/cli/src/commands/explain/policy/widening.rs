//! What an edit admits beyond the call that was asked about. A policy has one list of methods
//! and of headers for all its origins, and profiles inherit what they do not name, so an edit
//! for one may concern others.
//!
//! What no policy withholds does not count: CORS-safelisted methods and headers.

use corsac_browser::CredentialsMode;
use corsac_cors::PolicyConfig;
use corsac_diagnostics::{Source, listed};
use corsac_gateway::read_each;

use super::{Answered, Asking};

/// In words, one a widening: of the file as it stands, and under each of its profiles.
pub(super) fn beyond(asking: &Asking<'_>, before: &Answered, after: &Answered) -> Vec<String> {
    let policies = |answered: &Answered| -> Vec<Option<Vec<(String, PolicyConfig)>>> {
        let source = Source::new("", answered.reading.document.source.text());
        read_each(source, asking.suffixes)
            .map(|reading| {
                let policies = reading.config?.policies.into_iter();
                Some(policies.map(|(name, policy)| (name, policy.to_config())).collect())
            })
            .collect()
    };
    let call = Call::of(asking, after);
    let (old, new) = (policies(before), policies(after));
    let mut found = Vec::new();
    for (old, new) in old.into_iter().zip(new) {
        let Some((old, new)) = old.zip(new) else {
            // It did not run before either, or would not now; what it admits is unknown.
            found.push("a profile of the file has mistakes: what it would admit is not known".to_owned());
            continue;
        };
        for ((name, old), (_, new)) in old.iter().zip(&new) {
            found.extend(gains(&call, old, new).into_iter().map(|gain| format!("[cors.{name}] {gain}")));
        }
    }
    found.sort();
    found.dedup();
    found
}

/// What was asked, as far as policies know it.
struct Call<'a> {
    origin: &'a str,
    credentials: bool,
    methods: Vec<String>,
    names: Vec<String>,
}

impl<'a> Call<'a> {
    fn of(asking: &'a Asking<'_>, after: &Answered) -> Self {
        let sent = || after.answers.iter().flat_map(|answer| &answer.verdict.requests);
        let names = sent().filter_map(|sent| sent.access_control_request_headers.as_deref());
        Self {
            origin: &asking.asked.page.origin,
            credentials: asking.asked.request.credentials == CredentialsMode::Include,
            methods: sent().filter_map(|sent| sent.access_control_request_method.clone()).collect(),
            names: names.flat_map(|names| names.split(',')).map(str::to_ascii_lowercase).collect(),
        }
    }

    fn asks_method(&self, method: &str) -> bool {
        matches!(method, "GET" | "HEAD" | "POST") || self.methods.iter().any(|own| own == method)
    }

    fn asks_name(&self, name: &str) -> bool {
        self.names.iter().any(|own| own.eq_ignore_ascii_case(name))
    }
}

/// What one policy admits more than it did, beyond the call.
fn gains(call: &Call<'_>, old: &PolicyConfig, new: &PolicyConfig) -> Vec<String> {
    let added = |old: &[String], new: &[String]| -> Vec<String> {
        new.iter().filter(|item| !old.contains(item)).cloned().collect()
    };
    let origins = added(&old.origins, &new.origins);
    let is_credentials = new.credentials && !old.credentials;
    let mut shared: Vec<String> = added(&old.methods, &new.methods);
    shared.extend(added(&old.request_headers, &new.request_headers));
    let mut shared: Vec<String> = shared.iter().map(|item| format!("`{item}`")).collect();
    shared.extend(is_credentials.then(|| "credentials".to_owned()));
    let others: Vec<&str> =
        old.origins.iter().map(String::as_str).filter(|origin| *origin != call.origin).collect();
    let mut found = Vec::new();
    if !shared.is_empty() && !others.is_empty() {
        found.push(format!("lets {} use {} too", listed(others.into_iter()), shared.join(" and ")));
    }
    if shared.iter().any(|item| item == "`*`") || origins.iter().any(|origin| origin != call.origin) {
        found.push("admits more than a wildcard may stand for".to_owned());
    }
    // A new origin gains all that the policy grants; new credentials go with all of it.
    if !origins.is_empty() || is_credentials {
        found.extend(beside_the_call(call, new, !origins.is_empty()));
    }
    found
}

/// What the policy grants its origins beside the call.
fn beside_the_call(call: &Call<'_>, new: &PolicyConfig, is_new: bool) -> Option<String> {
    let methods = new.methods.iter().filter(|method| !call.asks_method(method));
    let names = new.request_headers.iter().filter(|name| !call.asks_name(name));
    let mut gained: Vec<_> = methods.chain(names).map(|item| format!("`{item}`")).collect();
    if is_new {
        gained.extend(new.exposed_headers.iter().map(|name| format!("the response header `{name}`")));
        gained.extend((new.credentials && !call.credentials).then(|| "credentials".to_owned()));
    }
    let with = if is_new { "" } else { " with credentials" };
    (!gained.is_empty()).then(|| format!("lets {} use {}{with} too", call.origin, gained.join(" and ")))
}
