//! The exchange format: one JSON object a line says what a page asked for and what the
//! server answered, and the model says what each engine makes of it. The schema is
//! `docs/exchange.schema.json`, that of the output `docs/verdict.schema.json`.

use std::fmt;

use corsac_browser::{
    AddressSpace, Body, CacheMode, CredentialsMode, Engine, Exchange, HeaderList, Mode, Page, PageKind,
    PreflightCache, RedirectMode, RequestInit, Response, Sent, SentKind, Step, Verdict,
};
use serde::de::Error as _;
use serde::{Deserialize, Serialize};

use super::fix::fix;
use super::strict::{Object, Word, check_field, check_origin, check_status};

/// Why a line is not an exchange.
#[derive(Debug)]
pub struct ExchangeError(serde_json::Error);

impl fmt::Display for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for ExchangeError {}

/// A recorded exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedExchange {
    /// Its name.
    pub id: String,
    /// Who asked.
    pub page: Page,
    /// What was asked.
    pub request: RequestInit,
    /// What was answered.
    pub hops: Vec<Hop>,
}

/// The answers of one hop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hop {
    /// To the preflight; `None` is 404 without fields.
    pub preflight: Option<Answered>,
    /// To the request.
    pub actual: Answered,
}

/// An answer, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Answered {
    /// No response came.
    #[default]
    NetworkError,
    /// A response.
    Response(Response),
}

impl RecordedExchange {
    /// A call to which nothing was answered yet; its URL is its name.
    pub fn new(page: &Page, request: &RequestInit) -> Self {
        let (page, request) = (page.clone(), request.clone());
        Self { id: request.url.clone(), page, request, hops: Vec::new() }
    }

    /// Notes what was answered to `sent`, unless an answer is known; `None` is a network error.
    pub fn record(&mut self, sent: &Sent, response: Option<Response>) {
        while self.hops.len() <= sent.hop {
            self.hops.push(Hop::default());
        }
        let Some(hop) = self.hops.get_mut(sent.hop) else { return };
        let answered = response.map_or(Answered::NetworkError, Answered::Response);
        match sent.kind {
            SentKind::Actual if hop.actual == Answered::NetworkError => hop.actual = answered,
            SentKind::Preflight if hop.preflight.is_none() => hop.preflight = Some(answered),
            _ => {}
        }
    }

    /// Reads one line.
    ///
    /// # Errors
    /// It is not JSON, or has unknown keys, or lacks some, or a value that is none of
    /// those that the format names, or that no browser or server can send.
    pub fn read(line: &[u8]) -> Result<Self, ExchangeError> {
        let Object(form) = serde_json::from_slice::<Object<Form>>(line).map_err(ExchangeError)?;
        form.checked().map_err(|reason| ExchangeError(serde_json::Error::custom(reason)))
    }

    /// What `engine` makes of it.
    pub fn judge(&self, engine: Engine) -> Verdict {
        let mut cache = PreflightCache::default();
        let mut exchange = Exchange::new(engine, &self.page, &self.request, &mut cache, 0);
        while let Some(sent) = exchange.poll_output() {
            let response = self.answer(sent.hop, sent.kind);
            exchange.handle_response(response, &mut cache);
        }
        exchange.into_verdict()
    }

    fn answer(&self, hop: usize, kind: SentKind) -> Option<Response> {
        let is_unknown = self.hops.get(hop).is_none_or(|hop| hop.preflight.is_none());
        if kind == SentKind::Preflight && is_unknown {
            return Some(Response { status: 404, headers: HeaderList::default() });
        }
        self.response(hop, kind).cloned()
    }

    /// The response that was recorded; `None` if none was, or there was a network error.
    pub(super) fn response(&self, hop: usize, kind: SentKind) -> Option<&Response> {
        let hop = self.hops.get(hop)?;
        let answered = match kind {
            SentKind::Actual => &hop.actual,
            SentKind::Preflight => hop.preflight.as_ref()?,
        };
        match answered {
            Answered::NetworkError => None,
            Answered::Response(response) => Some(response),
        }
    }
}

/// Reads one line, judges it for each of `engines`, and appends a line for each to `out`.
///
/// # Errors
/// As for [`RecordedExchange::read`]; nothing is appended.
pub fn judge_line(line: &[u8], engines: &[Engine], out: &mut Vec<u8>) -> Result<(), ExchangeError> {
    let exchange = RecordedExchange::read(line)?;
    for &engine in engines {
        let verdict = exchange.judge(engine);
        Judged::new(&exchange, &verdict).write(out);
    }
    Ok(())
}

/// A verdict as the format writes it.
#[derive(Debug, Serialize)]
pub struct Judged<'v> {
    id: &'v str,
    engine: &'static str,
    outcome: &'static str,
    code: Option<&'static str>,
    console: Option<&'v str>,
    preflight_sent: bool,
    requests: Vec<SentForm<'v>>,
    readable_headers: &'v [String],
    steps: Vec<StepForm<'v>>,
    fix: Option<String>,
}

impl<'v> Judged<'v> {
    /// The line for `verdict`.
    pub fn new(exchange: &'v RecordedExchange, verdict: &'v Verdict) -> Self {
        Self {
            id: &exchange.id,
            engine: verdict.engine.name(),
            outcome: verdict.outcome.name(),
            code: verdict.code,
            console: verdict.console.as_deref(),
            preflight_sent: verdict.preflight_sent(),
            requests: verdict.requests.iter().map(SentForm::new).collect(),
            readable_headers: &verdict.readable_headers,
            steps: verdict.steps.iter().map(StepForm::new).collect(),
            fix: fix(exchange, verdict).map(|fix| fix.to_string()),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        // Writing to memory cannot fail, and every key is a string.
        let _ = serde_json::to_writer(&mut *out, self);
        out.push(b'\n');
    }
}

#[derive(Debug, Serialize)]
struct SentForm<'v> {
    hop: usize,
    kind: &'static str,
    method: &'v str,
    origin: Option<&'v str>,
    access_control_request_method: Option<&'v str>,
    access_control_request_headers: Option<&'v str>,
}

impl<'v> SentForm<'v> {
    fn new(sent: &'v Sent) -> Self {
        Self {
            hop: sent.hop,
            kind: match sent.kind {
                SentKind::Actual => "actual",
                SentKind::Preflight => "preflight",
            },
            method: &sent.method,
            origin: sent.origin.as_deref(),
            access_control_request_method: sent.access_control_request_method.as_deref(),
            access_control_request_headers: sent.access_control_request_headers.as_deref(),
        }
    }
}

#[derive(Debug, Serialize)]
struct StepForm<'v> {
    algorithm: &'static str,
    step: &'static str,
    passed: bool,
    evidence: &'v str,
}

impl<'v> StepForm<'v> {
    fn new(step: &'v Step) -> Self {
        let Step { label: _, algorithm, says, passed, evidence } = step;
        Self { algorithm, step: says, passed: *passed, evidence }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    id: String,
    page: Object<PageForm>,
    request: Object<RequestForm>,
    hops: Vec<Object<HopForm>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PageForm {
    origin: String,
    #[serde(default)]
    kind: Word<KindForm>,
    secure_context: bool,
    #[serde(default)]
    address_space: Word<SpaceForm>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum KindForm {
    Blob,
    Data,
    File,
    Sandbox,
    Srcdoc,
    #[default]
    Window,
    Worker,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SpaceForm {
    Local,
    Loopback,
    #[default]
    Public,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestForm {
    url: String,
    #[serde(default = "get")]
    method: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    mode: Option<String>,
    credentials: Option<String>,
    redirect: Option<String>,
    cache: Option<String>,
    body: Option<Object<BodyForm>>,
}

fn get() -> String {
    "GET".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BodyForm {
    kind: Word<BodyKind>,
    #[serde(rename = "type")]
    mime_type: Option<String>,
    #[serde(rename = "value")]
    _value: Option<serde::de::IgnoredAny>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum BodyKind {
    Blob,
    Bytes,
    Form,
    Stream,
    Text,
    UrlSearchParams,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HopForm {
    preflight: Option<Object<AnswerForm>>,
    actual: Option<Object<AnswerForm>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerForm {
    #[serde(default)]
    status: u16,
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default)]
    network_error: bool,
}

impl Form {
    fn checked(self) -> Result<RecordedExchange, String> {
        check_origin(&self.page.0.origin).map_err(|reason| format!("`page.origin` {reason}"))?;
        let hops = self.hops.into_iter().enumerate();
        let hops = hops.map(|(index, Object(hop))| {
            hop.checked().map_err(|(key, reason)| format!("`hops[{index}].{key}` {reason}"))
        });
        Ok(RecordedExchange {
            id: self.id,
            page: self.page.0.into(),
            request: self.request.0.into(),
            hops: hops.collect::<Result<_, _>>()?,
        })
    }
}

impl From<PageForm> for Page {
    fn from(form: PageForm) -> Self {
        Self {
            origin: form.origin,
            kind: match form.kind.0 {
                KindForm::Blob => PageKind::Blob,
                KindForm::Data => PageKind::Data,
                KindForm::File => PageKind::File,
                KindForm::Sandbox => PageKind::Sandbox,
                KindForm::Srcdoc => PageKind::Srcdoc,
                KindForm::Window => PageKind::Window,
                KindForm::Worker => PageKind::Worker,
            },
            secure_context: form.secure_context,
            address_space: match form.address_space.0 {
                SpaceForm::Local => AddressSpace::Local,
                SpaceForm::Loopback => AddressSpace::Loopback,
                SpaceForm::Public => AddressSpace::Public,
            },
            may_reach_local_network: false,
            resolved: Vec::new(),
        }
    }
}

impl From<RequestForm> for RequestInit {
    /// A value that no browser knows makes the constructor throw; the format has it all
    /// the same, since pages have it.
    fn from(form: RequestForm) -> Self {
        let or_else = |value: &Option<String>, default| value.as_deref().unwrap_or(default).to_owned();
        Self {
            url: form.url,
            method: form.method,
            headers: form.headers,
            mode: Mode::named(&or_else(&form.mode, "cors")),
            credentials: CredentialsMode::named(&or_else(&form.credentials, "same-origin")),
            redirect: RedirectMode::named(&or_else(&form.redirect, "follow")),
            cache: CacheMode::named(&or_else(&form.cache, "default")),
            body: form.body.map(|Object(body)| body.into()),
            ..Self::default()
        }
    }
}

impl From<BodyForm> for Body {
    fn from(form: BodyForm) -> Self {
        match form.kind.0 {
            BodyKind::Blob => Self::Blob(form.mime_type.unwrap_or_default()),
            BodyKind::Bytes => Self::Bytes,
            BodyKind::Form => Self::Form,
            BodyKind::Stream => Self::Stream,
            BodyKind::Text => Self::Text,
            BodyKind::UrlSearchParams => Self::UrlSearchParams,
        }
    }
}

/// A key within a hop, and what is wrong with its value.
type Mistake = (String, String);

impl HopForm {
    fn checked(self) -> Result<Hop, Mistake> {
        let answered = |key: &str, form: Option<Object<AnswerForm>>| {
            let answered = form.map(|Object(form)| form.checked());
            answered.transpose().map_err(|(inner, reason)| (format!("{key}{inner}"), reason))
        };
        Ok(Hop {
            preflight: answered("preflight", self.preflight)?,
            actual: answered("actual", self.actual)?.unwrap_or_default(),
        })
    }
}

impl AnswerForm {
    fn checked(self) -> Result<Answered, Mistake> {
        if self.network_error && (self.status != 0 || !self.headers.is_empty()) {
            let reason = "is a network error and a response; it can be one of them";
            return Err((String::new(), reason.to_owned()));
        }
        if self.network_error {
            return Ok(Answered::NetworkError);
        }
        check_status(self.status).map_err(|reason| (".status".to_owned(), reason))?;
        for (index, (name, value)) in self.headers.iter().enumerate() {
            check_field(name, value).map_err(|reason| (format!(".headers[{index}]"), reason))?;
        }
        let fields = self.headers.into_iter().map(|(name, value)| (name, field_bytes(&value)));
        Ok(Answered::Response(Response { status: self.status, headers: HeaderList::new(fields) }))
    }
}

/// A field's value as it goes over the wire: each character stands for the byte of its
/// number; text beyond that is UTF-8.
pub fn field_bytes(value: &str) -> Vec<u8> {
    let bytes: Option<Vec<u8>> = value.chars().map(|char| u8::try_from(u32::from(char)).ok()).collect();
    bytes.unwrap_or_else(|| value.as_bytes().to_vec())
}
