//! `corsac rule`: explain a rule.

use corsac_diagnostics::Rule as RuleInfo;
use serde_json::json;

use crate::args::{Format, Global, Rule};
use crate::exit::Exit;
use crate::output::Output;

macro_rules! pages {
    ($($id:literal),* $(,)?) => {
        /// The page of every rule, in order.
        const PAGES: &[(&str, &str)] = &[$(($id, include_str!(concat!("../../rules/", $id, ".md")))),*];
    };
}

pages![
    "actual-response-without-origin",
    "address-origin",
    "allow-origin-invalid",
    "any-exposed-header",
    "any-method",
    "any-origin-mixed",
    "any-origin-reflected",
    "any-origin-with-credentials",
    "any-request-header",
    "api-key-forwarded",
    "authentication-without-rate-limit",
    "authorization-under-wildcard",
    "cookie-without-csrf",
    "cookies-without-samesite",
    "cors-without-authentication",
    "credential-forwarded-to-plain-upstream",
    "credentials-not-true",
    "credentials-without-need",
    "credentials-without-origin",
    "dangerous-setting",
    "dead-entry",
    "development-origin",
    "duplicate-allow-origin",
    "errors-without-cors",
    "every-subdomain",
    "exposed-private-key",
    "exposed-wildcard-with-credentials",
    "forbidden-exposed-header",
    "forbidden-method",
    "forbidden-request-header",
    "header-name-invalid",
    "impossible-rule",
    "insecure-origin-with-credentials",
    "invalid-value",
    "limit-by-origin-alone",
    "limits-shared-open",
    "max-age-invalid",
    "max-age-out-of-range",
    "max-age-useless",
    "method-invalid",
    "missing-end-anchor",
    "missing-key",
    "missing-start-anchor",
    "missing-vary",
    "no-hsts",
    "no-origins",
    "null-origin",
    "obsolete-private-network",
    "opaque-decision",
    "origin-never-sent",
    "partial-vary",
    "plain-listener-off-host",
    "plain-store-off-host",
    "plain-upstream-off-host",
    "prefix-without-end",
    "preflight-authenticated",
    "preflight-unanswered",
    "preflight-without-credentials",
    "public-suffix-wildcard",
    "redundant-entry",
    "route-conflict",
    "route-without-rule",
    "shadowed-entry",
    "shared-secret-in-production",
    "short-shared-secret",
    "sign-in-without-rate-limit",
    "stranger-admitted",
    "substring-match",
    "suffix-without-boundary",
    "suppression-without-reason",
    "third-party-origin",
    "token-in-query",
    "toml-syntax",
    "undecided-origins",
    "unescaped-dot",
    "unknown-key",
    "unknown-reference",
    "unreachable-rule",
    "unread-part",
    "unused-definition",
    "unused-permission",
    "unused-role",
    "unused-suppression",
    "wildcard-literal",
    "wildcard-position",
    "wildcard-with-authentication",
    "wildcard-with-credentials",
    "wrong-type",
];

/// How alike an id must be for "did you mean".
const CLOSE_ENOUGH: f64 = 0.8;

pub(crate) fn run(rule: &Rule, global: &Global, output: &Output) -> Exit {
    let Some(id) = &rule.id else { return output.data(&list(global.format), Exit::Clean) };
    match (page(id), rules().into_iter().find(|rule| rule.id == id)) {
        (Some(page), Some(rule)) => output.data(&shown(rule, page, global.format), Exit::Clean),
        _ => {
            let hint = match closest(id) {
                Some(close) => format!("did you mean `{close}`?"),
                None => "`corsac rule` lists them".to_owned(),
            };
            output.fail(&format!("there is no rule `{id}`"), &hint)
        }
    }
}

/// The page of a rule, in Markdown.
pub(crate) fn page(id: &str) -> Option<&'static str> {
    PAGES.iter().find(|(known, _)| *known == id).map(|(_, page)| *page)
}

/// All rules, by id.
fn rules() -> Vec<&'static RuleInfo> {
    let groups = [
        corsac_cors::RULES,
        corsac_gateway::RULES,
        &corsac_diagnostics::DOCUMENT_RULES,
        &corsac_middleware::authn::RULES,
        &corsac_middleware::authz::RULES,
        corsac_analysis::lint::RULES,
    ];
    let mut rules: Vec<_> = groups.into_iter().flatten().copied().collect();
    rules.sort_by_key(|rule| rule.id);
    // One mistake has one page, whether it is found in a policy or in a model.
    rules.dedup_by_key(|rule| rule.id);
    rules
}

fn list(format: Format) -> String {
    let rules = rules();
    if format == Format::Json {
        let rules: Vec<_> = rules
            .iter()
            .map(|rule| json!({"rule": rule.id, "severity": rule.severity.as_str(), "summary": rule.summary}))
            .collect();
        return format!("{}\n", json!({"schema": "corsac.rules/1", "rules": rules}));
    }
    let width = rules.iter().map(|rule| rule.id.len()).max().unwrap_or(0);
    let line =
        |rule: &&RuleInfo| format!("{:width$}  {:7}  {}\n", rule.id, rule.severity.as_str(), rule.summary);
    rules.iter().map(line).collect()
}

fn shown(rule: &RuleInfo, page: &str, format: Format) -> String {
    if format == Format::Json {
        let object = json!({
            "schema": "corsac.rule/1",
            "rule": rule.id,
            "severity": rule.severity.as_str(),
            "summary": rule.summary,
            "page": page,
        });
        return format!("{object}\n");
    }
    page.to_owned()
}

fn closest(id: &str) -> Option<&'static str> {
    let scored = PAGES.iter().map(|(known, _)| (strsim::jaro_winkler(id, known), *known));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= CLOSE_ENOUGH).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_its_page_and_every_page_its_rule() {
        let ids: Vec<_> = rules().iter().map(|rule| rule.id).collect();
        let pages: Vec<_> = PAGES.iter().map(|(id, _)| *id).collect();
        assert_eq!(ids, pages);
        for (id, page) in PAGES {
            assert!(page.starts_with(&format!("# {id}\n")), "{id}");
        }
    }

    #[test]
    fn a_misspelt_rule_is_recognized_and_nonsense_is_not() {
        assert_eq!(closest("null-orign"), Some("null-origin"));
        assert_eq!(closest("zzz"), None);
    }
}
