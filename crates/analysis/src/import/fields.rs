//! Methods, names of fields and ages, and what our policies refuse of them.

use std::time::Duration;

use corsac_cors::{Dangerous, Field as At, MistakeKind, Policy, PolicyConfig};
use corsac_diagnostics::Severity;
use corsac_origin::PublicSuffixList;

use super::{Remark, RemarkKind};
use crate::model::{Answer, Field, Preflight, Value};

/// Methods that interfaces need beside the CORS-safelisted ones, where the source says nothing.
const USUAL_METHODS: [&str; 3] = ["DELETE", "PATCH", "PUT"];

/// Fields that interfaces need, where the source says nothing.
const USUAL_HEADERS: [&str; 2] = ["authorization", "content-type"];

/// The longest that a browser keeps a preflight.
const LONGEST_AGE: Duration = Duration::from_secs(86_400);

/// Most rounds of mending; each takes something out.
const MAX_ROUNDS: usize = 8;

/// A policy without origins: what is sent to preflights, and which fields are exposed.
pub(super) fn of(
    preflights: &[&Preflight],
    actual: &[&Answer],
    credentials: bool,
    remarks: &mut Vec<Remark>,
) -> PolicyConfig {
    let answers: Vec<&Answer> = preflights
        .iter()
        .filter_map(|preflight| match preflight {
            Preflight::Answered(answer) => Some(&**answer),
            _ => None,
        })
        .collect();
    let exposed = actual.iter().filter_map(|answer| answer.expose_headers.as_ref());
    let exposed = List { what: "exposed headers", usual: &[], credentials }.of(exposed, remarks);
    let mut config = PolicyConfig { exposed_headers: exposed, ..PolicyConfig::default() };
    if answers.is_empty() {
        without_preflights(preflights, &mut config, remarks);
        return config;
    }
    let methods = answers.iter().filter_map(|answer| answer.allow_methods.as_ref());
    config.methods = List { what: "methods", usual: &USUAL_METHODS, credentials }.of(methods, remarks);
    if config.methods.iter().any(|method| method == "OPTIONS") {
        remarks.push(Remark::new(
            RemarkKind::Assumed,
            "`OPTIONS` is the preflight itself, and no page needs it listed",
        ));
    }
    config.methods.retain(|method| !matches!(method.as_str(), "GET" | "HEAD" | "OPTIONS" | "POST"));
    let headers = answers.iter().filter_map(|answer| answer.allow_headers.as_ref());
    config.request_headers =
        List { what: "request headers", usual: &USUAL_HEADERS, credentials }.of(headers, remarks);
    for name in &mut config.request_headers {
        name.make_ascii_lowercase();
    }
    config.request_headers = once(std::mem::take(&mut config.request_headers));
    config.max_age = age(answers.iter().find_map(|answer| answer.max_age.as_ref()), remarks);
    config
}

fn without_preflights(preflights: &[&Preflight], config: &mut PolicyConfig, remarks: &mut Vec<Remark>) {
    let is_known = preflights
        .iter()
        .all(|preflight| matches!(preflight, Preflight::Unanswered | Preflight::WithoutFields(_)));
    let asks = preflights.iter().any(|preflight| matches!(preflight, Preflight::Authenticated(_)));
    if is_known {
        let text = "preflights are not answered, so no method or header that needs one is allowed";
        return remarks.push(Remark::new(RemarkKind::Assumed, text));
    }
    config.methods = USUAL_METHODS.map(str::to_owned).to_vec();
    config.request_headers = USUAL_HEADERS.map(str::to_owned).to_vec();
    let (kind, text) = if asks {
        (
            RemarkKind::Mended,
            "preflights are asked for authentication, which they never have; the usual methods and headers are allowed here",
        )
    } else {
        (RemarkKind::Unknown, "what preflights are answered; the usual methods and headers are allowed here")
    };
    remarks.push(Remark::new(kind, text));
}

/// A list in a field.
struct List<'l> {
    what: &'l str,
    /// What stands for a `*` that browsers take for a name.
    usual: &'l [&'l str],
    credentials: bool,
}

impl List<'_> {
    fn of<'f>(&self, fields: impl Iterator<Item = &'f Field>, remarks: &mut Vec<Remark>) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for field in fields {
            match &field.value {
                Value::Opaque(reason) => {
                    names.extend(self.usual.iter().map(|&name| name.to_owned()));
                    let text = format!("{}: {reason}; the usual ones are allowed here", self.what);
                    remarks.push(Remark::new(RemarkKind::Unknown, text));
                }
                Value::Reflected => names.extend(self.any()),
                Value::Text(text) => {
                    names.extend(
                        text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned),
                    );
                }
            }
        }
        let has_literal = self.credentials && names.iter().any(|name| name == "*");
        if has_literal && !is_reflected(&names) {
            names.retain(|name| name != "*");
            names.extend(self.usual.iter().map(|&name| name.to_owned()));
            let instead = if self.usual.is_empty() { "left out" } else { "the usual ones here" };
            let text = format!("{}: with credentials browsers take `*` for a name; {instead}", self.what);
            remarks.push(Remark::new(RemarkKind::Mended, text));
        }
        if names.iter().any(|name| name == "*") {
            // `*` is any but `authorization`, which reflection allows.
            names.retain(|name| name == "*" || name.eq_ignore_ascii_case("authorization"));
        }
        once(names)
    }

    /// What stands for everything that is asked for.
    fn any(&self) -> Vec<String> {
        let more = (self.what == "request headers").then(|| "authorization".to_owned());
        [REFLECTED.to_owned(), "*".to_owned()].into_iter().chain(more).collect()
    }
}

fn is_reflected(names: &[String]) -> bool {
    names.iter().any(|name| name == REFLECTED)
}

/// Marks a list of which the source sends back what is asked for.
const REFLECTED: &str = "";

fn once(names: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    names.into_iter().filter(|name| !name.is_empty() && seen.insert(name.clone())).collect()
}

fn age(field: Option<&Field>, remarks: &mut Vec<Remark>) -> Option<Duration> {
    let text = match &field?.value {
        Value::Text(text) => text.trim(),
        Value::Opaque(reason) => {
            remarks.push(Remark::new(RemarkKind::Unknown, format!("max-age: {reason}")));
            return None;
        }
        Value::Reflected => return None,
    };
    match text.parse::<i64>() {
        Ok(seconds) if seconds < 0 => Some(Duration::ZERO),
        Ok(seconds) => {
            let age = Duration::from_secs(seconds.unsigned_abs());
            if age > LONGEST_AGE {
                let text =
                    format!("max-age: no browser keeps a preflight for {seconds} s; 24 h is the longest");
                remarks.push(Remark::new(RemarkKind::Assumed, text));
            }
            Some(age.min(LONGEST_AGE))
        }
        Err(_) => {
            let text = format!("max-age: `{text}` is no number of seconds, and browsers pass over it");
            remarks.push(Remark::new(RemarkKind::Assumed, text));
            None
        }
    }
}

/// The policy without what would not compile; none if nobody is left.
pub(super) fn compiled(
    mut config: PolicyConfig,
    development: Vec<String>,
    list: &PublicSuffixList,
    remarks: &mut Vec<Remark>,
) -> (Option<PolicyConfig>, Vec<String>) {
    for _ in 0..MAX_ROUNDS {
        let Err(errors) = Policy::compile_with(&config, list) else { return (Some(config), development) };
        let wrong = errors.0.iter().filter(|mistake| mistake.kind.severity() == Severity::Error);
        let wrong: Vec<_> = wrong.map(|mistake| (mistake.field, mistake.kind.clone())).collect();
        // From the last on: places before stay what they are.
        for (at, kind) in wrong.iter().rev() {
            if let Some(remark) = mend(&mut config, *at, kind) {
                remarks.push(remark);
            }
        }
        if config.origins.is_empty() {
            break;
        }
    }
    (None, Vec::new())
}

fn mend(config: &mut PolicyConfig, at: At, kind: &MistakeKind) -> Option<Remark> {
    let list = match at {
        At::ExposedHeader(_) => &mut config.exposed_headers,
        At::Method(_) => &mut config.methods,
        At::Origin(_) => &mut config.origins,
        At::RequestHeader(_) => &mut config.request_headers,
        At::Dangerous(danger) => {
            config.dangerous.retain(|own: &Dangerous| *own != danger);
            return None;
        }
        At::MaxAge => {
            config.max_age = None;
            return None;
        }
        _ => return None,
    };
    let (At::ExposedHeader(index) | At::Method(index) | At::Origin(index) | At::RequestHeader(index)) = at
    else {
        return None;
    };
    let entry = list.get_mut(index)?;
    if let MistakeKind::MethodInvalid { value, right: Some(right) } = kind {
        (*right).clone_into(entry);
        let text = format!("`{value}` is sent by nobody; it is `{right}` here");
        return Some(Remark::new(RemarkKind::Mended, text));
    }
    let value = list.remove(index);
    let (kind, reason) = match kind {
        MistakeKind::ForbiddenRequestHeader(_) => (RemarkKind::Assumed, "scripts cannot set it"),
        MistakeKind::ForbiddenExposedHeader(_) => (RemarkKind::Assumed, "scripts never read it"),
        MistakeKind::ForbiddenMethod(_) => (RemarkKind::Assumed, "scripts cannot send it"),
        MistakeKind::PublicSuffixWildcard { .. } => (RemarkKind::LeftOut, "strangers have names under it"),
        MistakeKind::InsecureOriginWithCredentials(_) => {
            (RemarkKind::LeftOut, "plain http with credentials: whoever is on the way would read along")
        }
        _ => (RemarkKind::LeftOut, "a policy cannot say it"),
    };
    Some(Remark::new(kind, format!("`{value}`: {reason}")))
}
