//! What is to be allowed: what the call needs, and what the responses that fail it allow
//! others already. Who replaces a server's words takes the old ones away.

use std::collections::BTreeSet;

use corsac_browser::{AddressSpace, CredentialsMode, Engine, Response, SentKind};
use corsac_cors::{Policy, PolicyConfig};
use corsac_origin::OriginRef;

use super::super::exchange::RecordedExchange;
use super::super::fix::Fix;
use super::super::repair::Repair;

/// Methods or names kept of one list; a response may have thousands, and nobody reads them.
const MAX_KEPT: usize = 64;

/// What some origins are to be allowed.
pub(super) struct Grant {
    /// The page's first, then one that a response names.
    pub(super) origins: Vec<String>,
    /// Allowed now, but not with the same credentials: listed with the others it would get
    /// what it has not, or lose what it has.
    pub(super) left_out: Vec<String>,
    pub(super) credentials: bool,
    pub(super) is_preflighted: bool,
    /// The asked method among them: some servers check it even where browsers do not.
    pub(super) methods: Vec<String>,
    /// Request headers, in lower case.
    pub(super) names: Vec<String>,
    /// Response headers that scripts read, in lower case.
    pub(super) exposed: Vec<String>,
}

impl Grant {
    /// What the changed responses grant together. Nothing where no CORS field changes, or
    /// where the page's origin is everybody's.
    pub(super) fn of(exchange: &RecordedExchange, repair: &Repair) -> Option<Self> {
        let page = &exchange.page.origin;
        let is_cors =
            |change: &&Fix| change.fields.iter().any(|(name, _)| name.starts_with("Access-Control-"));
        let changed: BTreeSet<_> = repair.changes.iter().filter(is_cors).map(|change| change.hop).collect();
        if page == "null" || !is_plain(page) || changed.is_empty() {
            return None;
        }
        let hops = changed.iter();
        let answers = hops.flat_map(|&hop| [SentKind::Preflight, SentKind::Actual].map(|kind| (hop, kind)));
        let responses: Vec<_> = answers.filter_map(|(hop, kind)| exchange.response(hop, kind)).collect();
        let fields = || repair.changes.iter().flat_map(|change| &change.fields);
        let list = |field: &str| -> Vec<String> {
            let wanted = fields().filter(|(name, _)| *name == field).map(|(_, value)| value.clone());
            let known = responses.iter().filter_map(|response| text(response, field));
            let elements = wanted.chain(known).flat_map(|value| elements(&value)).collect::<BTreeSet<_>>();
            elements.into_iter().take(MAX_KEPT).collect()
        };
        let lower = |names: Vec<String>| -> BTreeSet<String> {
            names.into_iter().map(|name| name.to_ascii_lowercase()).collect()
        };
        let (method, asked) = asked(exchange);
        let methods: BTreeSet<_> = list("Access-Control-Allow-Methods").into_iter().chain([method]).collect();
        let is_preflighted = asked.is_some();
        let names = elements(&asked.unwrap_or_default());
        let names: BTreeSet<_> =
            lower(list("Access-Control-Allow-Headers")).into_iter().chain(names).collect();
        let mut grant = Self {
            origins: vec![page.clone()],
            left_out: Vec::new(),
            credentials: exchange.request.credentials == CredentialsMode::Include,
            is_preflighted,
            methods: kept(methods, |config, method| config.methods.push(method)),
            names: kept(names, |config, name| config.request_headers.push(name)),
            exposed: kept(lower(list("Access-Control-Expose-Headers")), |config, name| {
                config.exposed_headers.push(name);
            }),
        };
        for response in responses {
            grant.keep_origin(response);
        }
        Some(grant)
    }

    /// The origin that a response names reads today, and is to read tomorrow, with credentials
    /// or without, as it does.
    fn keep_origin(&mut self, response: &Response) {
        let Some(named) = text(response, "access-control-allow-origin") else { return };
        let parsed = OriginRef::parse(named.as_bytes()).ok();
        let is_origin = parsed.is_some_and(|origin| origin.tuple().is_some()) && is_plain(&named);
        let is_accepted = is_origin && {
            let origins = vec![named.clone()];
            Policy::compile(&PolicyConfig { origins, ..PolicyConfig::default() }).is_ok()
        };
        if !is_accepted || self.origins.contains(&named) || self.left_out.contains(&named) {
            return;
        }
        let has_credentials =
            text(response, "access-control-allow-credentials").is_some_and(|value| value == "true");
        let is_alike = has_credentials == self.credentials;
        (if is_alike { &mut self.origins } else { &mut self.left_out }).push(named);
    }

    /// The methods with those that browsers allow anyway: some servers refuse actual requests
    /// with a method that they do not list.
    pub(super) fn all_methods(&self) -> Vec<String> {
        let safelisted = ["GET", "HEAD", "POST"].map(str::to_owned);
        let all: BTreeSet<_> = self.methods.iter().cloned().chain(safelisted).collect();
        all.into_iter().collect()
    }

    /// The fields of a preflight's answer beside those of every response.
    pub(super) fn preflight_fields(&self) -> Vec<(&'static str, String)> {
        let mut fields = Vec::new();
        if self.is_preflighted {
            fields.push(("Access-Control-Allow-Methods", self.methods.join(", ")));
        }
        if !self.names.is_empty() {
            fields.push(("Access-Control-Allow-Headers", self.names.join(", ")));
        }
        fields
    }

    /// What is said of those left out.
    pub(super) fn others(&self) -> impl Iterator<Item = String> {
        let how = if self.credentials { "without" } else { "with" };
        self.left_out
            .iter()
            .map(move |origin| format!("{origin} reads now, {how} credentials: it needs words of its own"))
    }

    /// What stands above the words, each line of `place` too behind `mark`, which begins
    /// a comment.
    pub(super) fn head(&self, mark: &str, place: &str) -> String {
        let left_out = self.others().map(|other| format!("{mark} {other}\n"));
        let listed = format!("{mark} list every origin that may read\n");
        let place = place.lines().map(|line| format!("{mark} {line}\n"));
        place.chain([listed]).chain(left_out).collect()
    }
}

/// The method that a browser names, and the headers if it sends a preflight: once the user
/// lets it, where the server is of the local network.
fn asked(exchange: &RecordedExchange) -> (String, Option<String>) {
    let mut permitted = exchange.clone();
    permitted.page.address_space = AddressSpace::Loopback;
    let requests: Vec<_> = Engine::ALL.iter().flat_map(|&engine| permitted.judge(engine).requests).collect();
    let preflight = requests.iter().find(|sent| sent.kind == SentKind::Preflight);
    let named = preflight.and_then(|sent| sent.access_control_request_method.as_ref());
    // As normalized, if it is sent.
    let method = named.or_else(|| requests.first().map(|sent| &sent.method));
    let names = preflight.map(|sent| sent.access_control_request_headers.clone().unwrap_or_default());
    (method.unwrap_or(&exchange.request.method).clone(), names)
}

fn text(response: &Response, field: &str) -> Option<String> {
    response.headers.get(field).and_then(|value| String::from_utf8(value).ok())
}

/// The elements of a list, but for `*`: what it stands for is not known.
fn elements(value: &str) -> Vec<String> {
    let elements = value.split(',').map(str::trim);
    elements.filter(|element| !matches!(*element, "" | "*") && is_plain(element)).map(str::to_owned).collect()
}

/// What may go into quotes of somebody's language; what browsers send needs none of the rest.
fn is_plain(text: &str) -> bool {
    !text.contains(['"', '\'', '\\', '`', '$', '{', '}', '%', '\n'])
}

/// Those that make a policy: no method or header that no script may use, none misspelt.
fn kept(listed: BTreeSet<String>, add: fn(&mut PolicyConfig, String)) -> Vec<String> {
    let is_right = |item: &String| {
        let origins = vec!["https://app.example.com".to_owned()];
        let mut config = PolicyConfig { origins, ..PolicyConfig::default() };
        add(&mut config, item.clone());
        Policy::compile(&config).is_ok()
    };
    listed.into_iter().filter(is_right).collect()
}

/// `a, b` with each in quotes.
pub(super) fn quoted(list: &[String], quote: char) -> String {
    list.iter().map(|item| format!("{quote}{item}{quote}")).collect::<Vec<_>>().join(", ")
}
