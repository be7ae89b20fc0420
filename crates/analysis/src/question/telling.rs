//! Witnesses that a person understands at a glance. The shortest one is `https://eexample.com`;
//! `https://evil-example.com` says what is wrong.

use super::Prover;
use crate::model::{Matcher, Truth};
use crate::stranger::{Intended, Tier};

/// What strangers put before a name, and before its labels.
const BEFORE: [&str; 3] = ["evil-", "evil", "www.evil-"];

/// Sub-domains that patterns name.
const LABELS: [&str; 7] = ["", "www.", "app.", "api.", "a.", "a-b.", "a.b."];

/// Names of strangers, one for each kind of suffix.
const OWN: [&str; 9] = [
    "evil-site.com",
    // One whose label is valid punycode: few are.
    "xn--80ak6aa92e.com",
    "evil-site.com.au",
    "evil-site.co.uk",
    "evil-site.me",
    "evil-site.github.io",
    "evil-site.vercel.app",
    "evil-site.herokuapp.com",
    "evil-site.azurewebsites.net",
];

impl Prover<'_> {
    /// A telling witness of `tier`, if one of the usual shapes is admitted.
    pub(super) fn telling(&self, matcher: &Matcher, intended: &Intended, tier: Tier) -> Option<String> {
        if self.is_spent() {
            return None;
        }
        let scheme = if tier == Tier::Http { "http" } else { "https" };
        let hosts = intended.names().iter().flat_map(|name| around(name)).chain(OWN.map(str::to_owned));
        let hosts = hosts.chain(["localhost.evil-site.com".to_owned()]);
        let mut origins = hosts.map(|host| format!("{scheme}://{host}"));
        origins.find(|origin| {
            self.tier_of(origin, intended) == Some(tier)
                && self.is_strangers(matcher, intended, origin) == Truth::True
        })
    }
}

/// Names of strangers that look like `name`.
fn around(name: &str) -> Vec<String> {
    let mut hosts: Vec<String> = BEFORE.iter().map(|before| format!("{before}{name}")).collect();
    hosts.extend(LABELS.iter().map(|label| format!("{label}{name}.evil-site.com")));
    // A dot that stands for any byte.
    hosts.extend(["www", "app", "api", "admin", "my"].map(|label| format!("{label}-{name}")));
    if let Some((first, rest)) = name.split_once('.').filter(|(_, rest)| rest.contains('.')) {
        hosts.push(format!("{first}-{rest}"));
    }
    hosts
}
