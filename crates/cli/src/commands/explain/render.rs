//! An answer for people and for programs.

use std::borrow::Cow;
use std::fmt::Write as _;

use corsac_analysis::explain::{ConsoleMessage, Judged};
use corsac_browser::{CredentialsMode, Engine, Outcome, Verdict};

use super::request::Asked;
use super::shell::quoted;
use super::{Answer, fixes};
use crate::args::Format;
use crate::output::{Output, printable};

/// The model explanation: what was asked, step by step, what each console says, the fix.
pub(crate) fn human(asked: &Asked, answer: &Answer, output: &Output) -> String {
    let mut text = String::new();
    let Some(first) = answer.verdicts.first() else { return text };
    let shown = worst(&answer.verdicts).unwrap_or(first);
    let _ = writeln!(text, "{}\n", headline(asked, shown, output));
    let width = shown.steps.iter().map(|step| step.label.len()).max().unwrap_or(0);
    for (number, step) in shown.steps.iter().enumerate() {
        let verdict = if step.passed { String::new() } else { output.data_paint("fails: ", RED) };
        let _ = writeln!(
            text,
            "{:>3}  {:width$}   {verdict}{}",
            number + 1,
            step.label,
            printable(&step.evidence)
        );
    }
    if let Some(invalid) = &shown.invalid {
        let _ = writeln!(
            text,
            "  1  fetch()   {}{}",
            output.data_paint("throws: ", RED),
            printable(&invalid.to_string())
        );
    }
    text.push('\n');
    if let Some(says) = &answer.policy {
        let label = output.data_paint(&format!("{:13}", "Policy says"), BOLD);
        let _ = writeln!(text, "{label}   {}", printable(says));
    }
    consoles(&mut text, &answer.verdicts, output);
    fixes::write(&mut text, answer, output);
    for note in asked.notes.iter().chain(&answer.notes) {
        let _ = writeln!(text, "{:13}   {}", "Note", printable(note));
    }
    text
}

pub(super) const RED: &str = "\u{1b}[1;31m";
pub(super) const GREEN: &str = "\u{1b}[1;32m";
pub(super) const BOLD: &str = "\u{1b}[1m";

/// One line an engine: whose, what comes of it, its code, the call.
pub(crate) fn plain(asked: &Asked, answer: &Answer) -> String {
    let (method, url) = (printable(&asked.request.method), without_password(&asked.request.url));
    let (url, origin) = (printable(&url), printable(&asked.page.origin));
    let line = |verdict: &Verdict| {
        let (engine, outcome) = (verdict.engine.name(), verdict.outcome.name());
        format!("{engine}: {outcome} [{}] {method} {url} from {origin}\n", verdict.code.unwrap_or("-"))
    };
    answer.verdicts.iter().map(line).collect()
}

/// The verdict that needs explaining: a blocked one, the standard's before others.
fn worst(verdicts: &[Verdict]) -> Option<&Verdict> {
    verdicts.iter().find(|verdict| matches!(verdict.outcome, Outcome::Blocked | Outcome::Invalid))
}

fn headline(asked: &Asked, verdict: &Verdict, output: &Output) -> String {
    let (word, color) = match verdict.outcome {
        Outcome::Blocked => ("blocked", RED),
        Outcome::Invalid => ("invalid", RED),
        Outcome::Ok => ("ok", GREEN),
        Outcome::Opaque | Outcome::OpaqueRedirect => ("opaque", GREEN),
    };
    let credentials = match asked.request.credentials {
        CredentialsMode::Include => "credentials included",
        _ => "without credentials",
    };
    format!(
        "{}   {} {} from {}, {credentials}",
        output.data_paint(word, color),
        printable(&asked.request.method),
        printable(&without_password(&asked.request.url)),
        printable(&asked.page.origin)
    )
}

/// A URL with credentials is refused, and need not be shown with them.
fn without_password(url: &str) -> Cow<'_, str> {
    match url::Url::parse(url) {
        Ok(mut parsed) if parsed.password().is_some() => {
            // Refused only for URLs that have no host, and so no password.
            let _ = parsed.set_password(Some("…"));
            Cow::Owned(parsed.to_string())
        }
        _ => Cow::Borrowed(url),
    }
}

/// What each console says; engines that agree with the headline in silence are not named.
fn consoles(text: &mut String, verdicts: &[Verdict], output: &Output) {
    let blocked = verdicts.iter().filter(|verdict| verdict.outcome == Outcome::Blocked).count();
    for verdict in verdicts.iter().filter(|verdict| verdict.engine != Engine::Standard) {
        let label = output.data_paint(&format!("{:13}", format!("{} says", title(verdict.engine))), BOLD);
        match &verdict.console {
            Some(console) => {
                let lines: Vec<_> = console.split('\n').map(printable).collect();
                let _ = writeln!(text, "{label}   {}", lines.join("\n                "));
            }
            None if blocked > 0 && verdict.outcome != Outcome::Blocked => {
                let _ = writeln!(text, "{label}   nothing: {}", verdict.outcome.name());
            }
            None => {}
        }
    }
}

pub(super) fn title(engine: Engine) -> &'static str {
    match engine {
        Engine::Standard => "Fetch",
        Engine::Chromium => "Chromium",
        Engine::Firefox => "Firefox",
        Engine::WebKit => "WebKit",
    }
}

/// What a console message means.
pub(crate) fn message(message: &ConsoleMessage, format: Format, output: &Output) -> String {
    let ConsoleMessage { engine, code, means, look, url, redirected_to, origin } = message;
    if format == Format::Json {
        let object = serde_json::json!({
            "schema": "corsac.console-message/1",
            "engine": engine.name(), "code": code, "means": means, "look": look,
            "url": url, "redirected_to": redirected_to, "origin": origin,
        });
        return format!("{object}\n");
    }
    let head = output.data_paint(&format!("{:8}", title(*engine)), BOLD);
    let code = if code.is_empty() { "without a code of its own" } else { code };
    let mut text = format!("{head}   {code}\n{:8}   {means}\n{:8}   {look}\n", "Means", "Look at");
    if let Some(target) = redirected_to {
        let _ = writeln!(text, "{:8}   {}", "Leads to", printable(target));
    }
    if let Some(url) = url {
        let origin = origin.as_deref().unwrap_or("https://YOUR-PAGE");
        let _ = writeln!(text, "{:8}   corsac explain {} --from {}", "Ask", quoted(url), quoted(origin));
    }
    text
}

/// One object: a line of the exchange format for each engine, and the fix.
pub(crate) fn json(asked: &Asked, answer: &Answer) -> String {
    let judged = |verdict| Judged::new(&answer.exchange, verdict);
    let verdicts: Vec<_> = answer.verdicts.iter().map(judged).collect();
    let object = serde_json::json!({
        "schema": "corsac.explain/1",
        "verdicts": verdicts,
        "policy": answer.policy,
        "fix": fixes::json(answer),
        "notes": asked.notes.iter().chain(&answer.notes).collect::<Vec<_>>(),
    });
    format!("{object}\n")
}
