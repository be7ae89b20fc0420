//! A call in words, and as a command line.

use std::fmt::Write as _;

use corsac_analysis::explain::{HarCall, HarOutcome, Unknown, fix, read_console_message};
use corsac_browser::{CredentialsMode, Verdict};

use super::super::render::{BOLD, GREEN, RED, title};
use super::super::shell::quoted;
use crate::output::{Output, printable};

/// The word for what became of it, and what was asked.
pub(super) fn headline(call: &HarCall, output: &Output) -> String {
    let (word, color) = match call.outcome {
        HarOutcome::Blocked => ("blocked", RED),
        HarOutcome::Ok => ("ok", GREEN),
        HarOutcome::Unknown(_) => ("unknown", BOLD),
    };
    let request = &call.exchange.request;
    let word = output.data_paint(&format!("{word:7}"), color);
    let asked = format!("{} {} from {}", request.method, request.url, call.exchange.page.origin);
    format!("{word}   {}", printable(&asked))
}

/// The lines below it.
pub(super) fn explanation(call: &HarCall, output: &Output) -> String {
    let mut text = String::new();
    let label = |label: &str, color| output.data_paint(&format!("{label:13}"), color);
    match (call.outcome, call.verdicts.first()) {
        (HarOutcome::Blocked, Some(verdict)) => blocked(&mut text, call, verdict, output),
        (HarOutcome::Unknown(unknown), _) => {
            let _ = writeln!(text, "  {}   {}", label("Why", BOLD), printable(&why(call, unknown)));
            let _ = writeln!(text, "  {}   {}", label("Ask", GREEN), printable(&command(call)));
        }
        _ => {}
    }
    for note in &call.notes {
        let _ = writeln!(text, "  {:13}   {}", "Note", printable(note));
    }
    text
}

fn blocked(text: &mut String, call: &HarCall, verdict: &Verdict, output: &Output) {
    if let Some(step) = verdict.steps.iter().find(|step| !step.passed) {
        let fails = output.data_paint("fails: ", RED);
        let _ = writeln!(text, "  {:13}   {fails}{}", step.label, printable(&step.evidence));
    }
    if let Some(console) = &verdict.console {
        let says = output.data_paint(&format!("{:13}", format!("{} says", title(verdict.engine))), BOLD);
        let lines: Vec<_> = console.lines().map(printable).collect();
        let _ = writeln!(text, "  {says}   {}", lines.join("\n                  "));
    }
    if let Some(fix) = fix(&call.exchange, verdict) {
        let fix = fix.to_string();
        let _ =
            writeln!(text, "  {}   {}", output.data_paint(&format!("{:13}", "Fix"), GREEN), printable(&fix));
    }
}

fn why(call: &HarCall, unknown: Unknown) -> String {
    let error = &call.error;
    let means = read_console_message(error).map(|message| message.means).or_else(|| network_error(error));
    let error = match (error.as_str(), means) {
        ("", _) => String::new(),
        (error, None) => format!(": {error}"),
        (error, Some(means)) => format!(": {error}, {means}"),
    };
    match unknown {
        Unknown::Cached => {
            "304 without `Access-Control-Allow-Origin`: the response in the browser's cache decides, \
                            which is not in the HAR"
                .to_owned()
        }
        Unknown::NoRequest => "the preflight passes; the request itself is not in the HAR".to_owned(),
        Unknown::NoResponse => format!("no response is recorded{error}"),
        Unknown::NoTarget => "the redirect passes; where it leads is not in the HAR".to_owned(),
        Unknown::Refused => format!("the browser refused it, and the recorded headers do not say why{error}"),
    }
}

/// What errors of Chromium mean, as far as they tell apart what CORS is and what is not.
fn network_error(error: &str) -> Option<&'static str> {
    Some(match error.strip_prefix("net::")? {
        "ERR_FAILED" => "which stands for a refusal, by CORS or another rule",
        "ERR_BLOCKED_BY_CLIENT" => "by an extension",
        "ERR_BLOCKED_BY_LOCAL_NETWORK_ACCESS_CHECKS" => "the page may not reach the local network",
        "ERR_CONNECTION_REFUSED" => "nothing listens there",
        "ERR_CONNECTION_TIMED_OUT" | "ERR_TIMED_OUT" => "the server did not answer",
        "ERR_NAME_NOT_RESOLVED" => "the host has no address",
        other if other.starts_with("ERR_CERT_") => "the certificate is not trusted",
        _ => return None,
    })
}

/// The command line that asks the server now. Values of fields are left out but for those that
/// decide about the preflight: they may be secrets.
pub(super) fn command(call: &HarCall) -> String {
    let request = &call.exchange.request;
    let mut command = format!("corsac explain {}", quoted(&request.url));
    let _ = write!(command, " --from {}", quoted(&call.exchange.page.origin));
    if request.method != "GET" {
        let _ = write!(command, " -X {}", quoted(&request.method));
    }
    for (name, value) in &request.headers {
        let is_telling = matches!(name.as_str(), "content-type" | "range") && value != "\"";
        let value = if is_telling { value } else { "VALUE" };
        let _ = write!(command, " -H {}", quoted(&format!("{name}: {value}")));
    }
    if request.credentials == CredentialsMode::Include {
        command.push_str(" --credentials include");
    }
    command
}
