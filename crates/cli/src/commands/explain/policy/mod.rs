//! A policy file asked in the place of a server, and the edit that lets a call through.

mod edit;
mod widening;

use std::path::Path;

use corsac_analysis::explain::{self, Hop, PolicyAnswer, RecordedExchange, ask_policy};
use corsac_browser::{Engine, HeaderList, Response};
use corsac_cors::Verdict;
use corsac_diagnostics::{FieldPath, Source, excerpt};
use corsac_gateway::{Reading, Ruling, read};
use corsac_middleware::csrf::CsrfMode;
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
    match asking.answer(load::policy_file(file)?) {
        Ok(answered) => Ok(asking.explain(answered)),
        Err(Refusal::Nobody(reading, route)) => Ok(asking.without_policy(&reading, route)),
        Err(refusal) => Err(refusal.told(file, output)),
    }
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

/// What else than CORS the route for the asked path asks: its answers are not judged here.
fn guarded(reading: &Reading, url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    let route = reading.config.as_ref()?.guards(url.path())?;
    let group = route.group().map(|name| format!("authn.{}", excerpt(name)));
    let others = [
        (route.has_rules(), "rules"),
        (route.csrf_mode() == Some(CsrfMode::Enforce), "csrf"),
        (route.limits().next().is_some(), "rate limits"),
    ];
    let others = others.into_iter().filter(|(asks, _)| *asks).map(|(_, name)| name.to_owned());
    let asked: Vec<_> = group.into_iter().chain(others).collect();
    let asked = (!asked.is_empty()).then(|| asked.join(", "))?;
    Some(format!("{asked} may refuse it all the same: the page can read why, if it may read the answer"))
}

/// Why a text of the file answers nothing.
enum Refusal {
    Mistakes(Box<Reading>),
    /// No policy decides: the route, if there is one.
    Nobody(Box<Reading>, Option<usize>),
    /// The gateway refuses the path.
    Path(String, &'static str),
    /// The upstream answers for itself.
    Upstream(String),
}

impl Refusal {
    fn told(self, file: &Path, output: &Output) -> LoadError {
        let file = file.display();
        match self {
            Self::Mistakes(reading) | Self::Nobody(reading, _) => {
                output.talk_reports(&[reading.document.report(reading.findings)]);
                let reason = format!("failed to ask `{file}`: it has mistakes");
                LoadError { reason, hint: format!("mend them first: corsac check {file}") }
            }
            Self::Path(path, why) => LoadError {
                reason: format!("failed to ask `{file}`: the gateway refuses `{path}` with 400: {why}"),
                hint: "ask for the path as the server names it".to_owned(),
            },
            Self::Upstream(route) => LoadError {
                reason: format!(
                    "failed to ask `{file}`: the route `{route}` passes the upstream's CORS through, so no policy decides"
                ),
                hint: "leave --policy out to ask the server itself".to_owned(),
            },
        }
    }
}

impl Asking<'_> {
    fn answer(&self, source: Source) -> Result<Answered, Refusal> {
        let reading = read(source, self.profile, self.suffixes);
        let Some(config) = &reading.config else { return Err(Refusal::Mistakes(Box::new(reading))) };
        let url = url::Url::parse(&self.asked.request.url).ok();
        let path = url.as_ref().map_or("/", url::Url::path);
        let (name, policy) = match config.ruling(path) {
            Ruling::Policy(name, policy) => (name.to_owned(), policy),
            Ruling::Nobody(route) => return Err(Refusal::Nobody(Box::new(reading), route)),
            Ruling::Refused(why) => return Err(Refusal::Path(path.to_owned(), why)),
            Ruling::Upstream(route) => {
                let route = config.routes.get(route).map(|route| route.path.clone());
                return Err(Refusal::Upstream(route.unwrap_or_default()));
            }
        };
        let judge = |&engine| ask_policy(policy, engine, &self.asked.page, &self.asked.request);
        let answers = self.engines.iter().map(judge).collect();
        Ok(Answered { reading, name, answers })
    }

    fn explain(&self, answered: Answered) -> Answer {
        let edit = self.edit(&answered);
        let says = Some(answered.says(self.file));
        let guarded = guarded(&answered.reading, &self.asked.request.url);
        let notes = answered.other_routes().into_iter().chain(guarded).collect();
        let mut exchange = RecordedExchange::new(&self.asked.page, &self.asked.request);
        let mut verdicts = Vec::new();
        for answer in answered.answers {
            exchange.hops = if exchange.hops.is_empty() { answer.exchange.hops } else { exchange.hops };
            verdicts.push(answer.verdict);
        }
        Answer { edit, policy: says, ..Answer::new(exchange, verdicts, notes) }
    }

    /// A path for which no policy decides: whatever the upstream says, no field of CORS
    /// leaves the gateway.
    fn without_policy(&self, reading: &Reading, route: Option<usize>) -> Answer {
        let mut exchange = RecordedExchange::new(&self.asked.page, &self.asked.request);
        let silent = explain::Answered::Response(Response { status: 200, headers: HeaderList::default() });
        exchange.hops = vec![Hop { preflight: Some(silent.clone()), actual: silent }];
        let verdicts = self.engines.iter().map(|&engine| exchange.judge(engine)).collect();
        let field = match route {
            Some(index) => FieldPath::root().key("routes").index(index),
            None => FieldPath::root().key("gateway"),
        };
        let line = reading.document.line_of(&field).map_or_else(String::new, |line| format!(":{line}"));
        let at = format!("{}{line}", self.file.display());
        let names = reading.config.iter().flat_map(|config| &config.policies).map(|(name, _)| name.as_str());
        let edit = PolicyEdit::naming(&names.collect::<Vec<_>>(), (route.is_some(), &at));
        let says = Some(format!("nothing: no policy decides, so no other origin may read ({at})"));
        Answer { edit, policy: says, ..Answer::new(exchange, verdicts, Vec::new()) }
    }

    /// Edits the text, one change after the other, until every engine is let through.
    fn edit(&self, before: &Answered) -> Option<PolicyEdit> {
        if let Some(edit) = PolicyEdit::of_lower_case(&self.asked.request.method) {
            return before.answers.iter().any(|answer| answer.verdict.failure.is_some()).then_some(edit);
        }
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
        let widening = widening::beyond(self, before, &after);
        Some(PolicyEdit::new(self.file, (before, &after), lines, (widening, is_open)))
    }
}
