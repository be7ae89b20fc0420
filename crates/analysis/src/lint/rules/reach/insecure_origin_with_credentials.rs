//! Plain http is admitted with credentials.

use corsac_diagnostics::{Diagnostic, Rule, Severity, excerpt};

use super::for_some;
use crate::lint::answer::{JudgedAnswer, Pattern};
use crate::lint::cause::written;
use crate::lint::found::Found;
use crate::lint::hosts;
use crate::model::{Matcher, Truth};
use crate::question::{Verdict, Witness};
use crate::regex::Regex;

pub(crate) static RULE: Rule = Rule {
    id: "insecure-origin-with-credentials",
    severity: Severity::Error,
    summary: "a plain-http origin together with credentials",
};

pub(crate) fn find(answer: &JudgedAnswer<'_>, found: &mut Found<'_>) {
    for named in &answer.origins {
        let is_meant = named.reads_with_credentials == Truth::True && hosts::is_plain(named.origin);
        if is_meant && !hosts::is_development(named.origin) {
            let secure = named.origin.replacen("http:", "https:", 1);
            let finding =
                finding(named.origin, answer).help(format!("serve the page over TLS and allow `{secure}`"));
            found.at(named.place, "plain http", finding);
        }
    }
    for pattern in for_some(answer).filter(|pattern| pattern.has_credentials()) {
        let Some(witness) = pattern.asked.facts.http.found() else { continue };
        // One whose origins strangers own anyway is told as that.
        if pattern.with_credentials.matches(witness) != Truth::True {
            continue;
        }
        let own = shown(pattern, answer);
        let is_admitted = |origin: &&str| answer.prover.takes(&pattern.readers, origin) == Truth::True;
        if own.is_none() && hosts::SAMPLES.iter().any(is_admitted) {
            continue;
        }
        let shown = own.unwrap_or_else(|| witness.to_owned());
        let help = secured(pattern, answer).unwrap_or_else(|| "admit `https://` only".to_owned());
        found.at(pattern.place, format!("admits `{shown}`"), finding(&shown, answer).help(help));
    }
}

fn finding(origin: &str, answer: &JudgedAnswer<'_>) -> Diagnostic {
    let message = format!("plain http {} with the user's credentials: `{}`", answer.may(), excerpt(origin));
    Diagnostic::new(&RULE, message)
        .severity(Severity::Warning)
        .note("whoever is on the network path can put a script into its pages and read responses as the user")
}

/// An origin of a name that is meant.
fn shown(pattern: &Pattern<'_>, answer: &JudgedAnswer<'_>) -> Option<String> {
    let hosts = answer
        .intended
        .names()
        .iter()
        .flat_map(|name| ["", "www.", "app.", "a."].map(|label| format!("http://{label}{name}")));
    let mut admitted =
        hosts.filter(|origin| answer.prover.takes(&pattern.with_credentials, origin) == Truth::True);
    admitted.next()
}

/// The expression without plain http, asked about again.
fn secured(pattern: &Pattern<'_>, answer: &JudgedAnswer<'_>) -> Option<String> {
    let Matcher::Regex(regex) = pattern.when else { return None };
    // Another finding says how to close it to strangers; this would repeat its holes.
    if matches!(pattern.asked.verdict, Verdict::Attack(_)) {
        return None;
    }
    let text = [
        "https?://",
        "http(s)?://",
        "https?:\\/\\/",
        "http(s)?:\\/\\/",
        "(http|https)://",
        "(https|http)://",
    ]
    .into_iter()
    .find(|scheme| regex.text().contains(scheme))
    .map(|scheme| {
        let secure = if scheme.contains("\\/") { "https:\\/\\/" } else { "https://" };
        regex.text().replace(scheme, secure)
    })?;
    let right = Matcher::Regex(Regex::new(&text, regex.dialect(), regex.mode(), regex.flags().clone()));
    let facts = answer.prover.facts(&right);
    (facts.http == Witness::None && facts.dead == Some(false)).then(|| written(&text))?
}
