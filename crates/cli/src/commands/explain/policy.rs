//! A policy file asked in the place of a server.

use std::path::Path;

use corsac_analysis::explain::{PolicyAnswer, ask_policy};
use corsac_browser::{CorsFailure, CredentialsMode, Engine, Failure};
use corsac_diagnostics::{Document, FieldPath};
use corsac_gateway::read;
use corsac_origin::PublicSuffixList;

use super::Answer;
use super::request::Asked;
use crate::args::Global;
use crate::load::{self, LoadError};
use crate::output::Output;

pub(crate) fn ask(
    file: &Path,
    asked: &Asked,
    engines: &[Engine],
    (global, output): (&Global, &Output),
) -> Result<Answer, LoadError> {
    let list = load::suffix_list(global)?;
    let suffixes = list.as_ref().unwrap_or_else(|| PublicSuffixList::embedded());
    let reading = read(load::policy_file(file)?, global.profile.as_deref(), suffixes);
    let Some(config) = reading.config else {
        output.talk_reports(&[reading.document.report(reading.findings)]);
        let reason = format!("failed to ask `{}`: it has mistakes", file.display());
        return Err(LoadError { reason, hint: format!("mend them first: corsac check {}", file.display()) });
    };
    let url = url::Url::parse(&asked.request.url).ok();
    let path = url.as_ref().map_or("/", url::Url::path);
    let Some((name, policy)) = config.policy_for(path) else {
        let reason =
            format!("no policy of `{}` decides about `{path}`: no other origin may read it", file.display());
        return Err(LoadError {
            reason,
            hint: "add `cors = \"…\"` to the route, or `cors` to [gateway]".to_owned(),
        });
    };
    let answers: Vec<_> =
        engines.iter().map(|&engine| ask_policy(policy, engine, &asked.page, &asked.request)).collect();
    let fix = answers.iter().find_map(|answer| edit(answer, asked, (name, &reading.document, file)));
    let notes = vec![format!("decided by [cors.{name}] of {}", file.display())];
    Ok(Answer { verdicts: answers.into_iter().map(|answer| answer.verdict).collect(), fix, notes })
}

/// The edit that lets the request through, with its place.
fn edit(
    answer: &PolicyAnswer,
    asked: &Asked,
    (name, document, file): (&str, &Document, &Path),
) -> Option<String> {
    let failure = answer.verdict.failure.as_ref()?;
    let policy = FieldPath::root().key("cors").key(name);
    let at = |key: &str| {
        let line = document.line_of(&policy.key(key)).or_else(|| document.line_of(&policy));
        line.map_or_else(String::new, |line| format!(", {}:{line}", file.display()))
    };
    let decision = answer.decisions.last()?;
    let denied =
        decision.decided_by().and_then(|field| field.to_string().rsplit('.').next().map(str::to_owned));
    match (failure, denied.as_deref()) {
        (
            Failure::Cors(CorsFailure::Wildcard | CorsFailure::Credentials(_), _)
            | Failure::PreflightCors(CorsFailure::Wildcard | CorsFailure::Credentials(_), _),
            _,
        ) if asked.request.credentials == CredentialsMode::Include
            && !decision.policy().allows_credentials() =>
        {
            Some(format!("set `credentials = true` if this origin may use them{}", at("credentials")))
        }
        (_, Some("methods")) => {
            let sent = answer.verdict.requests.last()?;
            Some(format!(
                "add \"{}\" to `methods`{}",
                sent.access_control_request_method.as_deref()?,
                at("methods")
            ))
        }
        (_, Some("request_headers")) => {
            let sent = answer.verdict.requests.last()?;
            let names = sent.access_control_request_headers.as_deref()?.split(',');
            let names: Vec<_> = names.map(|name| format!("\"{name}\"")).collect();
            Some(format!("see that `request_headers` has {}{}", names.join(", "), at("request_headers")))
        }
        (_, Some("origins")) if asked.page.origin != "null" => {
            Some(format!("add \"{}\" to `origins`, if it may read{}", asked.page.origin, at("origins")))
        }
        _ => None,
    }
}
