//! Changes to a policy file: which, where, and as a diff.

use std::path::{Path, PathBuf};

use corsac_analysis::explain::PolicyAnswer;
use corsac_browser::{CorsFailure, CredentialsMode, Failure};
use corsac_diagnostics::{Document, FieldPath, listed};
use similar::TextDiff;

use super::Answered;
use crate::commands::explain::request::Asked;
use crate::load::{self, LoadError};

/// One change of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Credentials,
    Method(String),
    Origin(String),
    RequestHeader(String),
}

/// What to change in a policy file.
#[derive(Clone, Debug)]
pub(crate) struct PolicyEdit {
    /// Each change in words, with its line.
    pub(crate) says: Vec<String>,
    /// As a unified diff; empty if the file cannot be edited so.
    pub(crate) diff: String,
    /// What `--fix` would widen beyond what was asked for.
    pub(crate) widening: Vec<String>,
    /// The file, its text and its new text, if that lets the call through.
    pub(crate) new: Option<(PathBuf, String, String)>,
}

/// The change that the first denial asks for.
pub(super) fn next_change(answer: &PolicyAnswer, asked: &Asked) -> Option<Change> {
    let failure = answer.verdict.failure.as_ref()?;
    let decision = answer.decisions.last()?;
    let sent = answer.verdict.requests.last()?;
    let field = decision.decided_by().map(|field| field.to_string()).unwrap_or_default();
    let is_about_credentials = matches!(
        failure,
        Failure::Cors(CorsFailure::Wildcard | CorsFailure::Credentials(_), _)
            | Failure::PreflightCors(CorsFailure::Wildcard | CorsFailure::Credentials(_), _)
    );
    if is_about_credentials {
        let is_off = !decision.policy().allows_credentials();
        let is_asked = asked.request.credentials == CredentialsMode::Include;
        return (is_off && is_asked).then_some(Change::Credentials);
    }
    match field.rsplit('.').next()?.split('[').next()? {
        // A call with the method `*` is none that a list could name without naming all.
        "methods" => {
            sent.access_control_request_method.clone().filter(|method| method != "*").map(Change::Method)
        }
        "origins" if asked.page.origin != "null" => Some(Change::Origin(asked.page.origin.clone())),
        "request_headers" => {
            let config = decision.policy().to_config();
            let listed = |name: &str| config.request_headers.iter().any(|own| own.eq_ignore_ascii_case(name));
            let names = sent.access_control_request_headers.as_deref().unwrap_or_default().split(',');
            names
                .filter(|name| !name.is_empty() && *name != "*")
                .find(|name| !listed(name))
                .map(|name| Change::RequestHeader(name.to_owned()))
        }
        _ => None,
    }
}

impl Change {
    fn key(&self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Method(_) => "methods",
            Self::Origin(_) => "origins",
            Self::RequestHeader(_) => "request_headers",
        }
    }

    /// The new text of the file.
    pub(super) fn apply(&self, policy: &str, document: &Document) -> Option<String> {
        let table = FieldPath::root().key("cors").key(policy);
        let item = match self {
            Self::Credentials => return document.with_key(&table.key("origins"), self.key(), "true"),
            Self::Method(item) | Self::Origin(item) | Self::RequestHeader(item) => item,
        };
        document.with_item(&table.key(self.key()), item).or_else(|| {
            let array = format!("[{:?}]", item.as_str());
            document.with_key(&table.key("origins"), self.key(), &array)
        })
    }

    /// The change in words, and where it is made.
    pub(super) fn place(&self, policy: &str, document: &Document, file: &Path) -> String {
        let table = FieldPath::root().key("cors").key(policy);
        let line = document.line_of(&table.key(self.key())).or_else(|| document.line_of(&table));
        let at = line.map_or_else(String::new, |line| format!(", {}:{line}", file.display()));
        match self {
            Self::Credentials => format!("set `credentials = true` if this origin may use them{at}"),
            Self::Method(method) => format!("add \"{method}\" to `methods`{at}"),
            Self::Origin(origin) => format!("add \"{origin}\" to `origins`, if it may read{at}"),
            Self::RequestHeader(name) => format!("add \"{name}\" to `request_headers`{at}"),
        }
    }
}

impl PolicyEdit {
    /// Writes the file, in one step, so that nobody reads a half of it.
    pub(crate) fn write(&self) -> Result<&Path, LoadError> {
        let failed = |reason: String, hint: &str| LoadError { reason, hint: hint.to_owned() };
        if let Some(widening) = self.widening.first() {
            return Err(failed(
                format!("failed to fix: {widening}"),
                "edit the file by hand if that is meant",
            ));
        }
        let Some((file, old, new)) = &self.new else {
            let reason = "failed to fix: no edit of the policy alone lets the call through".to_owned();
            return Err(failed(reason, "see what the explanation says"));
        };
        if load::is_standard_input(file) {
            return Err(failed(
                "failed to fix: standard input is no file".to_owned(),
                "name the policy file",
            ));
        }
        load::replace_file(file, old, new)?;
        Ok(file)
    }

    /// An edit that the policy's own rules do not let pass.
    pub(super) fn refused(changes: &[Change], says: &[String]) -> Option<Self> {
        let key = changes.last()?.key();
        let widening =
            vec![format!("the policy would have a mistake with that `{key}`, which `corsac check` names")];
        Some(Self { says: says.to_vec(), diff: String::new(), widening, new: None })
    }

    /// A method in lower case is no method that servers know; the script must change.
    pub(super) fn of_lower_case(method: &str) -> Option<Self> {
        let upper = method.to_ascii_uppercase();
        let is_normalized = ["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"].contains(&&*upper);
        let says = vec![format!("write the method in upper case in the script, `{upper}`, and ask again")];
        let is_slip = upper != method && !is_normalized;
        is_slip.then_some(Self { says, diff: String::new(), widening: Vec::new(), new: None })
    }

    /// What a route, or the gateway, lacks where no policy decides.
    pub(super) fn naming(policies: &[&str], (is_route, at): (bool, &str)) -> Option<Self> {
        let policy = policies.first()?;
        let place = if is_route { "the route" } else { "[gateway]" };
        let others = match policies.len() {
            1 => String::new(),
            _ => format!(", or another of {}", listed(policies.iter().copied())),
        };
        let says =
            vec![format!("add `cors = \"{policy}\"` to {place}{others}, if its origins may read, {at}")];
        let widening = vec!["every origin of the policy may then read what is served there".to_owned()];
        Some(Self { says, diff: String::new(), widening, new: None })
    }

    pub(super) fn new(
        file: &Path,
        (before, after): (&Answered, &Answered),
        says: Vec<String>,
        (widening, is_open): (Vec<String>, bool),
    ) -> Self {
        let (old, new) = (before.reading.document.source.text(), after.reading.document.source.text());
        let name = file.display().to_string();
        let ended = |text: &str| if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
        let (shown_old, shown_new) = (ended(old), ended(new));
        let diff = TextDiff::from_lines(&shown_old, &shown_new);
        let diff = diff.unified_diff().context_radius(2).header(&name, &name).to_string();
        let new = is_open.then(|| (file.to_path_buf(), old.to_owned(), new.to_owned()));
        Self { says, diff, widening, new }
    }
}
