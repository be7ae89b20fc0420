//! A laboratory: servers on several origins, pages of every kind, and exchanges that a real
//! browser runs between them.
//!
//! An exchange is a line of the exchange format (`docs/exchange-format.md`) as JSON; a *case*
//! is one with what makes the call. URLs of hops are the laboratory's own, see [`Lab::url`]:
//! its servers know by the path which answer is due. Nothing here judges; the caller compares.
//!
//! Left out: `https:`, and what only a person could answer.

mod pages;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::browser::{Browser, Told};
use crate::server::{Answer, Request, Server};
use crate::{Result, text};
use pages::Pages;

/// Calls that one page makes: what a browser keeps of a page is looked through as often.
const MAX_BATCH: usize = 100;
/// For the calls of a page; each ends by itself after ten seconds.
const BATCH_LIMIT: Duration = Duration::from_secs(60);

/// A server of the laboratory; each has another host and another port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// Pages come from here.
    Page,
    /// What pages mostly ask.
    Api,
    /// Where redirects lead.
    Other,
    /// Pages that Chromium takes for the Internet's, if [`Lab::chromium_flags`] told it.
    Public,
    /// The same, but not a secure context.
    PublicInsecure,
}

/// What makes a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Initiator {
    /// `fetch()`.
    #[default]
    Fetch,
    /// An `XMLHttpRequest`, which knows neither modes nor redirect modes.
    Xhr,
    /// An `XMLHttpRequest` with a listener for its upload.
    XhrUpload,
}

/// An exchange to be run.
#[derive(Clone, Debug)]
pub struct Case {
    /// A line of the exchange format.
    pub exchange: Value,
    /// What makes the call.
    pub initiator: Initiator,
}

impl Case {
    /// The exchange's name; it may have only characters that a path has.
    pub fn id(&self) -> String {
        text(&self.exchange, "/id")
    }
}

/// What a browser did with a case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// `ok`, `opaque`, `opaqueredirect`, `blocked`, `invalid`; or the name of an exception that
    /// no exchange should end with.
    pub outcome: String,
    /// The browser's own name for what went wrong.
    pub code: Option<String>,
    /// What its console said.
    pub console: Option<String>,
    /// What the servers saw, repetitions after a dropped connection left out.
    pub requests: Vec<Seen>,
    /// The names of the headers that the script could read, sorted.
    pub readable_headers: Vec<String>,
}

/// A request that a server saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// How many redirects led to it.
    pub hop: usize,
    /// Whether it was a preflight.
    pub is_preflight: bool,
    /// Its method.
    pub method: String,
    /// Its `Origin`.
    pub origin: Option<String>,
    /// Its `Access-Control-Request-Method`.
    pub access_control_request_method: Option<String>,
    /// Its `Access-Control-Request-Headers`.
    pub access_control_request_headers: Option<String>,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hop {}: {} from {:?}", self.hop, self.method, self.origin)?;
        if self.is_preflight {
            let (method, names) = (&self.access_control_request_method, &self.access_control_request_headers);
            write!(f, ", for {method:?} with {names:?}")?;
        }
        Ok(())
    }
}

/// What the servers know, and what they were told.
#[derive(Debug, Default)]
struct State {
    hops: HashMap<String, Value>,
    seen: HashMap<String, Vec<Seen>>,
    pages: Pages,
}

/// The servers and the pages.
#[derive(Debug)]
pub struct Lab {
    state: Arc<Mutex<State>>,
    results: watch::Receiver<BTreeMap<usize, Value>>,
    servers: [Server; 4],
    /// For pages that are files.
    folder: TempDir,
}

impl Lab {
    /// Starts the servers.
    pub async fn start() -> Result<Self> {
        let state = Arc::<Mutex<State>>::default();
        let (told, results) = watch::channel(BTreeMap::new());
        let told = Arc::new(told);
        let start = || {
            let (state, told) = (Arc::clone(&state), Arc::clone(&told));
            Server::start(move |request| respond(&state, &told, request))
        };
        let servers = [start().await?, start().await?, start().await?, start().await?];
        let folder = tempfile::Builder::new().prefix("corsac-lab-").tempdir()?;
        Ok(Self { state, results, servers, folder })
    }

    /// The origin of a server.
    pub fn origin(&self, site: Site) -> String {
        let [page, api, other, public] = &self.servers;
        match site {
            Site::Page => page.origin("page.localhost"),
            Site::Api => api.origin("api.localhost"),
            Site::Other => other.origin("other.localhost"),
            Site::Public => public.origin("public.localhost"),
            Site::PublicInsecure => public.origin("public.test"),
        }
    }

    /// The URL of a case's hop on `origin`.
    pub fn url(origin: &str, id: &str, hop: usize) -> String {
        format!("{origin}/case/{id}/{hop}")
    }

    /// What Chromium must be launched with for pages of [`Site::Public`].
    pub fn chromium_flags(&self) -> [String; 2] {
        let [.., public] = &self.servers;
        [
            format!("--ip-address-space-overrides=127.0.0.1:{}=public", public.port()),
            "--host-resolver-rules=MAP *.test 127.0.0.1, MAP *.localhost 127.0.0.1".to_owned(),
        ]
    }

    /// Runs each case once and says what happened, in the order of `cases`. Their ids must be
    /// new to `browser`, which else remembers preflights and responses.
    pub async fn run(&self, browser: &Browser, cases: &[Case]) -> Result<Vec<Observed>> {
        let mut groups: BTreeMap<(String, String), Vec<&Case>> = BTreeMap::new();
        for case in cases {
            let [origin, kind] = ["/page/origin", "/page/kind"].map(|pointer| text(&case.exchange, pointer));
            groups.entry((origin, kind)).or_default().push(case);
        }
        let mut observed = HashMap::new();
        for ((origin, kind), cases) in &groups {
            for batch in cases.chunks(MAX_BATCH) {
                self.run_batch(browser, (origin, kind), batch, &mut observed).await?;
            }
        }
        let found = cases.iter().map(|case| (case.id(), observed.remove(&case.id())));
        found
            .map(|(id, observed)| observed.ok_or_else(|| format!("there are two cases `{id}`").into()))
            .collect()
    }

    async fn run_batch(
        &self,
        browser: &Browser,
        (origin, kind): (&str, &str),
        batch: &[&Case],
        observed: &mut HashMap<String, Observed>,
    ) -> Result<()> {
        let home = if origin == "null" { self.origin(Site::Page) } else { origin.to_owned() };
        let (number, mark) = {
            let mut state = locked(&self.state);
            for case in batch {
                state.hops.insert(case.id(), case.exchange.get("hops").cloned().unwrap_or_default());
            }
            state.pages.add(&home, &self.origin(Site::Api), batch)
        };
        let url = self.page_url(&home, kind, number)?;
        let mut results = self.results.clone();
        let finished = async {
            let told = timeout(BATCH_LIMIT, results.wait_for(|told| told.contains_key(&number))).await;
            let told = told.map_err(|_| format!("`{url}` was silent for {BATCH_LIMIT:?}"))?;
            Ok(told?.get(&number).cloned().unwrap_or_default())
        };
        let (results, told) = browser.visit(&url, &mark, finished).await?;
        let mut state = locked(&self.state);
        for case in batch {
            let id = case.id();
            let mut done =
                Observed { requests: state.seen.remove(&id).unwrap_or_default(), ..Observed::default() };
            done.collapse(&case.exchange);
            done.add_told(&id, &told);
            let result =
                results.as_array().and_then(|all| all.iter().find(|result| text(result, "/id") == id));
            done.add_result(result.unwrap_or(&Value::Null));
            observed.insert(id, done);
        }
        Ok(())
    }

    fn page_url(&self, home: &str, kind: &str, number: usize) -> Result<String> {
        if kind != "file" {
            return Ok(format!("{home}/page/{kind}/{number}"));
        }
        let path = self.folder.path().join(format!("{number}.html"));
        std::fs::write(&path, Pages::document(home, number))?;
        Ok(format!("file://{}", path.display()))
    }
}

impl Observed {
    /// After a dropped connection browsers try again, more often than anybody could predict.
    fn collapse(&mut self, exchange: &Value) {
        let is_dropped = |seen: &Seen| {
            let kind = if seen.is_preflight { "preflight" } else { "actual" };
            let answer = exchange.pointer(&format!("/hops/{}/{kind}", seen.hop));
            answer.map_or(!seen.is_preflight, is_network_error)
        };
        self.requests.dedup_by(|next, last| next == last && is_dropped(last));
    }

    fn add_told(&mut self, id: &str, told: &[Told]) {
        let marker = format!("/case/{id}/");
        for told in told.iter().filter(|told| told.about.contains(&marker)) {
            self.code = self.code.take().or_else(|| told.code.clone());
            self.console = self.console.take().or_else(|| told.text.clone());
        }
    }

    fn add_result(&mut self, result: &Value) {
        self.outcome = text(result, "/outcome");
        let names = result.get("headers").and_then(Value::as_array).into_iter().flatten();
        self.readable_headers = names.filter_map(Value::as_str).map(str::to_ascii_lowercase).collect();
        self.readable_headers.sort_unstable();
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn respond(state: &Mutex<State>, told: &watch::Sender<BTreeMap<usize, Value>>, request: &Request) -> Answer {
    let mut words = request.target.trim_start_matches('/').split('/');
    let [first, second, third] = [words.next(), words.next(), words.next()].map(Option::unwrap_or_default);
    let mut state = locked(state);
    match first {
        "page" => state.pages.page(second, third),
        "runner" => state.pages.runner(second),
        "results" => {
            let results = serde_json::from_slice(&request.body).unwrap_or_default();
            told.send_modify(|told| drop(told.insert(second.parse().unwrap_or_default(), results)));
            Answer::status(204)
        }
        "case" => state.answer(second, third.parse().unwrap_or(usize::MAX), request),
        _ => Answer::status(404),
    }
}

impl State {
    /// Notes the request, and answers it as its exchange says.
    fn answer(&mut self, id: &str, hop: usize, request: &Request) -> Answer {
        let is_preflight = request.is_preflight();
        let Some(hops) = self.hops.get(id) else { return Answer::status(404) };
        let header = |name| request.header(name).map(str::to_owned);
        self.seen.entry(id.to_owned()).or_default().push(Seen {
            hop,
            is_preflight,
            method: request.method.clone(),
            origin: header("origin"),
            access_control_request_method: header("access-control-request-method").filter(|_| is_preflight),
            access_control_request_headers: header("access-control-request-headers").filter(|_| is_preflight),
        });
        let kind = if is_preflight { "preflight" } else { "actual" };
        match hops.get(hop).and_then(|hop| hop.get(kind)) {
            Some(answer) if !answer.is_null() => read_answer(answer),
            _ if is_preflight => Answer::status(404),
            _ => Answer::dropped(),
        }
    }
}

fn is_network_error(answer: &Value) -> bool {
    answer.get("network_error") == Some(&json!(true))
}

/// An answer of the exchange format. Its body is as long as its `Content-Length` says.
fn read_answer(answer: &Value) -> Answer {
    if is_network_error(answer) {
        return Answer::dropped();
    }
    let status = answer.get("status").and_then(Value::as_u64).and_then(|status| status.try_into().ok());
    let mut made = Answer::status(status.unwrap_or(500));
    let fields: Vec<(String, String)> = answer
        .get("headers")
        .cloned()
        .and_then(|fields| serde_json::from_value(fields).ok())
        .unwrap_or_default();
    for (name, value) in fields {
        if name.eq_ignore_ascii_case("content-length") {
            made = made.body(vec![b'x'; value.parse().unwrap_or(0)]);
        }
        made = made.header(&name, &value);
    }
    made
}
