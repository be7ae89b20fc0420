//! A policy file asked in the place of a server, and the edit that lets a call through.

mod edit;
mod widening;

use std::path::Path;

use corsac_analysis::explain::{PolicyAnswer, RecordedExchange, ask_policy};
use corsac_browser::Engine;
use corsac_cors::{Policy, Verdict};
use corsac_diagnostics::{FieldPath, Source};
use corsac_gateway::{Reading, read};
use corsac_origin::PublicSuffixList;

use super::Answer;
use super::request::Asked;
use crate::args::Global;
use crate::load::{self, LoadError};
use crate::output::Output;
pub(crate) use edit::PolicyEdit;
use edit::{Change, next_change};

/// Origin, method, request headers, credentials.
const MAX_CHANGES: usize = 4;

/// A policy file, and who asks it.
struct Asking<'a> {
    file: &'a Path,
    asked: &'a Asked,
    engines: &'a [Engine],
    profile: Option<&'a str>,
    suffixes: &'a PublicSuffixList,
}

/// What one text of the file answers.
struct Answered {
    reading: Reading,
    name: String,
    policy: Policy,
    answers: Vec<PolicyAnswer>,
}

pub(crate) fn ask(
    file: &Path,
    asked: &Asked,
    engines: &[Engine],
    (global, output): (&Global, &Output),
) -> Result<Answer, LoadError> {
    let list = load::suffix_list(global)?;
    let suffixes = list.as_ref().unwrap_or_else(|| PublicSuffixList::embedded());
    let asking = Asking { file, asked, engines, profile: global.profile.as_deref(), suffixes };
    let answered = asking.answer(load::policy_file(file)?).map_err(|refusal| match refusal {
        Refusal::Mistakes(reading) => {
            output.talk_reports(&[reading.document.report(reading.findings)]);
            let reason = format!("failed to ask `{}`: it has mistakes", file.display());
            LoadError { reason, hint: format!("mend them first: corsac check {}", file.display()) }
        }
        Refusal::NoPolicy(path) => LoadError {
            reason: format!(
                "no policy of `{}` decides about `{path}`: no other origin may read it",
                file.display()
            ),
            hint: "add `cors = \"…\"` to the route, or `cors` to [gateway]".to_owned(),
        },
    })?;
    let edit = asking.edit(&answered);
    let says = Some(answered.says(file));
    let notes = answered.other_routes().into_iter().collect();
    let mut exchange = RecordedExchange::new(&asked.page, &asked.request);
    let mut verdicts = Vec::new();
    for answer in answered.answers {
        exchange.hops = if exchange.hops.is_empty() { answer.exchange.hops } else { exchange.hops };
        verdicts.push(answer.verdict);
    }
    Ok(Answer { edit, policy: says, ..Answer::new(exchange, verdicts, notes) })
}

impl Answered {
    /// The server's half, with the line that decided: the last decision of the first engine
    /// that is blocked.
    fn says(&self, file: &Path) -> String {
        let is_blocked = |answer: &&PolicyAnswer| answer.verdict.failure.is_some();
        let answer = self.answers.iter().find(is_blocked).or(self.answers.first());
        let Some(decision) = answer.and_then(|answer| answer.decisions.last()) else {
            return format!("[cors.{}] was not asked", self.name);
        };
        let table = FieldPath::root().key("cors").key(&self.name);
        let field = decision.decided_by();
        let path = field.as_ref().map_or_else(|| table.clone(), |field| table.join(field));
        let document = &self.reading.document;
        let line = document.line_of(&path).or_else(|| document.line_of(&table));
        let at = line.map_or_else(|| file.display().to_string(), |line| format!("{}:{line}", file.display()));
        match &decision.verdict() {
            Verdict::Denied(denial) => format!("denied: {denial} ({path}, {at})"),
            Verdict::Allowed { .. } if decision.policy().allows_credentials() => {
                format!("allowed, with credentials ({path}, {at})")
            }
            Verdict::Allowed { .. } => format!("allowed, without credentials ({path}, {at})"),
            Verdict::NotCors => format!("nothing: a request of the page's own origin ({at})"),
        }
    }

    /// Where else the policy decides: an edit concerns those routes too.
    fn other_routes(&self) -> Option<String> {
        let config = self.reading.config.as_ref()?;
        let index = config.policies.iter().position(|(name, _)| *name == self.name);
        let count = config.routes.iter().filter(|route| route.policy == index).count();
        (count > 1)
            .then(|| format!("[cors.{}] decides for {count} routes: an edit concerns them all", self.name))
    }
}

/// Why a text of the file answers nothing.
enum Refusal {
    Mistakes(Box<Reading>),
    NoPolicy(String),
}

impl Asking<'_> {
    fn answer(&self, source: Source) -> Result<Answered, Refusal> {
        let reading = read(source, self.profile, self.suffixes);
        let Some(config) = &reading.config else { return Err(Refusal::Mistakes(Box::new(reading))) };
        let url = url::Url::parse(&self.asked.request.url).ok();
        let path = url.as_ref().map_or("/", url::Url::path);
        let Some((name, policy)) = config.policy_for(path) else {
            return Err(Refusal::NoPolicy(path.to_owned()));
        };
        let (name, policy) = (name.to_owned(), policy.clone());
        let judge = |&engine| ask_policy(&policy, engine, &self.asked.page, &self.asked.request);
        let answers = self.engines.iter().map(judge).collect();
        Ok(Answered { reading, name, policy, answers })
    }

    /// Edits the text, one change after the other, until every engine is let through.
    fn edit(&self, before: &Answered) -> Option<PolicyEdit> {
        let mut changes: Vec<Change> = Vec::new();
        let mut text = before.reading.document.source.text().to_owned();
        let mut lines = Vec::new();
        let mut latest = None;
        while changes.len() < MAX_CHANGES {
            let current = latest.as_ref().unwrap_or(before);
            let Some(change) = current.answers.iter().find_map(|answer| next_change(answer, self.asked))
            else {
                break;
            };
            if changes.contains(&change) {
                break;
            }
            lines.push(change.place(current.name.as_str(), &current.reading.document, self.file));
            let changed = change.apply(&current.name, &current.reading.document);
            changes.push(change);
            let answered = changed.and_then(|changed| {
                text.clone_from(&changed);
                self.answer(Source::new(self.file.display().to_string(), changed)).ok()
            });
            // Without an answer the edited file would have a mistake of its own.
            match answered {
                Some(answered) => latest = Some(answered),
                None => return PolicyEdit::refused(&changes, &lines),
            }
        }
        let after = latest?;
        let is_open = after.answers.iter().all(|answer| answer.verdict.failure.is_none());
        let widening = widening::beyond(self, (before, &after), &changes);
        Some(PolicyEdit::new(self.file, (before, &after), (changes, lines), (widening, is_open)))
    }
}
