//! Drives a headless Chromium over the Chrome DevTools Protocol, to ask a real browser whether it
//! let a response through.
//!
//! A *session* is one protocol conversation with one target: a tab, a frame in another process, a
//! worker. A tab's *events* are those of its own session and of all below it; each session is
//! enabled before its target sends a first request.
//!
//! Left out on purpose: popups, input, interception. One [`Chromium`] is one profile, whose tabs
//! share cookies and caches; start two to keep them apart.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt, future::join_all, stream::SplitSink};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, watch};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::process::{CLOSE_LIMIT, POLL_INTERVAL, START_LIMIT, find_binary, kill};
use crate::{Result, text, text_at};

/// For one protocol call, and so for a promise given to [`Page::evaluate`].
const CALL_LIMIT: Duration = Duration::from_secs(20);
/// For events still under way when a list is read; what is later than this is not waited for.
const SETTLE_LIMIT: Duration = Duration::from_secs(2);
/// What Chromium is called.
const BINARIES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
/// Events kept: a page may log or fetch in an endless loop.
const MAX_EVENTS: usize = 100_000;

/// The last leaves sandboxed frames of the parent's site in its process: a `srcdoc` frame in its own
/// is not held back until its session is enabled, so its first requests would go unseen.
const FLAGS: &str = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
    --disable-background-networking --disable-component-update --disable-sync \
    --disable-dev-shm-usage --remote-debugging-port=0 --disable-features=IsolateSandboxedIframes";

/// A browser with a profile of its own, killed when dropped.
#[derive(Debug)]
pub struct Chromium {
    link: Arc<Link>,
    process: Child,
    /// Removed when dropped, which comes after [`Chromium::drop`].
    _profile: TempDir,
}

impl Chromium {
    /// Starts `$CORSAC_CHROMIUM`, or else the first Chromium on the path.
    pub async fn launch() -> Result<Self> {
        Self::launch_with(&[] as &[&str]).await
    }

    /// The same with more flags, such as `--ip-address-space-overrides=127.0.0.1:80=public` or
    /// `--host-resolver-rules=MAP *.test 127.0.0.1`.
    pub async fn launch_with(flags: &[impl AsRef<OsStr>]) -> Result<Self> {
        Self::launch_as(flags, &json!({})).await
    }

    /// The same with preferences of its user's.
    pub async fn launch_as(flags: &[impl AsRef<OsStr>], preferences: &Value) -> Result<Self> {
        let binary = find_binary("CORSAC_CHROMIUM", &BINARIES)?;
        let profile = tempfile::Builder::new().prefix("corsac-chromium-").tempdir()?;
        fs::create_dir(profile.path().join("Default"))?;
        fs::write(profile.path().join("Default/Preferences"), preferences.to_string())?;
        let starting = timeout(START_LIMIT, start(&binary, profile.path(), flags)).await;
        let started = starting.unwrap_or_else(|_| Err(format!("it was silent for {START_LIMIT:?}").into()));
        let (process, socket) = started.map_err(|error| {
            let said = fs::read_to_string(profile.path().join("stderr")).unwrap_or_default();
            format!("`{}` did not start: {error}; it said: {said}", binary.display())
        })?;
        Ok(Self { link: Link::new(socket), process, _profile: profile })
    }

    /// Opens `url` in a new tab and waits until it has loaded. Refuses Chromium's own error page:
    /// nobody listens, the answer is 204 or a download, or it is 400 and above and has no body.
    pub async fn open(&self, url: &str) -> Result<Page> {
        // Marked, because an empty new tab is complete as well until the navigation replaces it.
        let blank = json!({ "url": "about:blank#new" });
        let created = self.link.call("", "Target.createTarget", blank).await?;
        let attach = json!({ "targetId": created.get("targetId"), "flatten": true });
        let attached = self.link.call("", "Target.attachToTarget", attach).await?;
        let session = text(&attached, "/sessionId");
        // A tab behind another one would be throttled, and never drawn for a screenshot.
        self.link.call(&session, "Emulation.setFocusEmulationEnabled", json!({ "enabled": true })).await?;
        let navigated = self.link.call(&session, "Page.navigate", json!({ "url": url })).await?;
        if let Some(reason) = text_at(&navigated, "/errorText") {
            return Err(format!("`{url}` could not be opened: {reason}").into());
        }
        let page = Page { link: Arc::clone(&self.link), session };
        let is_loaded = "document.readyState == 'complete' && location != 'about:blank#new'";
        page.wait_for(is_loaded, START_LIMIT).await?;
        Ok(page)
    }

    /// Gives pages of `origin` a permission, by its name in the Permissions API.
    pub async fn grant(&self, origin: &str, permission: &str) -> Result<()> {
        let params = json!({ "permission": { "name": permission }, "setting": "granted", "origin": origin });
        self.link.call("", "Browser.setPermission", params).await.map(drop)
    }

    /// Ends the browser in an orderly way; whatever has not ended in time is killed.
    pub async fn close(mut self) {
        let _ = timeout(CLOSE_LIMIT, self.link.call("", "Browser.close", json!({}))).await;
        let _ = timeout(CLOSE_LIMIT, self.process.wait()).await;
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        kill(&mut self.process);
    }
}

/// A tab, with all that its frames and workers have done.
#[derive(Debug)]
pub struct Page {
    link: Arc<Link>,
    session: String,
}

impl Page {
    /// The value of `expression` or of its promise; null where JSON has none (`undefined`, `NaN`).
    pub async fn evaluate(&self, expression: &str) -> Result<Value> {
        let params = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.link.call(&self.session, "Runtime.evaluate", params).await?;
        match answer.get("exceptionDetails") {
            Some(details) => Err(format!("`{expression}` threw: {}", exception_text(details)).into()),
            None => Ok(answer.pointer("/result/value").cloned().unwrap_or_default()),
        }
    }

    /// Evaluates `expression` until it is truthy. An exception counts as "not yet".
    pub async fn wait_for(&self, expression: &str, limit: Duration) -> Result<Value> {
        let falsy = [json!(null), json!(false), json!(0), json!("")];
        let mut last = "no answer".to_owned();
        let poll = async {
            loop {
                match self.evaluate(expression).await {
                    Ok(value) if !falsy.contains(&value) => break value,
                    Ok(value) => last = value.to_string(),
                    Err(error) => last = error.to_string(),
                }
                sleep(POLL_INTERVAL).await;
            }
        };
        let polled = timeout(limit, poll).await;
        polled.map_err(|_| format!("waited {limit:?} for `{expression}`, last: {last}").into())
    }

    /// The requests that failed, in the order in which Chromium said so. A preflight that is refused
    /// fails the request that it was for; it is not a failure itself.
    pub async fn failures(&self) -> Vec<NetworkFailure> {
        let events = self.events().await;
        let requests = requests(&events);
        let failed = events.iter().filter(|event| event.method == "Network.loadingFailed");
        let failures = failed.map(|Event { params, .. }| {
            let id = text(params, "/requestId");
            let request = requests.iter().rfind(|request| request.id == id);
            let first = requests.iter().find(|request| request.id == id);
            NetworkFailure {
                first_url: first.map(|request| request.url.clone()).unwrap_or_default(),
                url: request.map(|request| request.url.clone()).unwrap_or_default(),
                method: request.map(|request| request.method.clone()),
                error_text: text(params, "/errorText"),
                blocked_reason: text_at(params, "/blockedReason"),
                cors_error: text_at(params, "/corsErrorStatus/corsError"),
                failed_parameter: text_at(params, "/corsErrorStatus/failedParameter"),
            }
        });
        failures.collect()
    }

    /// Failures of CORS as Chromium's list of issues has them: also of requests that were refused
    /// before they were any, which [`Page::failures`] lacks.
    pub async fn issues(&self) -> Vec<CorsIssue> {
        let events = self.events().await;
        let details = events.iter().filter(|event| event.method == "Audits.issueAdded");
        let details = details.filter_map(|event| event.params.pointer("/issue/details/corsIssueDetails"));
        let errors = details.filter(|issue| issue.get("isWarning") != Some(&json!(true)));
        let issues = errors.map(|issue| CorsIssue {
            url: text(issue, "/request/url"),
            cors_error: text(issue, "/corsErrorStatus/corsError"),
        });
        issues.collect()
    }

    /// Console messages, the browser's own warnings, and uncaught exceptions.
    pub async fn console(&self) -> Vec<String> {
        let events = self.events().await;
        let texts = events.iter().filter_map(|Event { method, params, .. }| match method.as_str() {
            "Log.entryAdded" => Some(text(params, "/entry/text")),
            "Runtime.consoleAPICalled" => Some(console_text(params)),
            "Runtime.exceptionThrown" => params.get("exceptionDetails").map(exception_text),
            _ => None,
        });
        texts.collect()
    }

    /// All requests, preflights and favicons too; every hop of a redirect is one. A preflight may
    /// stand before the request that it is for.
    pub async fn requests(&self) -> Vec<NetworkRequest> {
        requests(&self.events().await)
    }

    /// Closes the tab and forgets what happened in it.
    pub async fn close(self) -> Result<()> {
        self.link.call(&self.session, "Page.close", json!({})).await?;
        self.link.state.send_modify(|state| state.events.retain(|event| event.tab != self.session));
        Ok(())
    }

    /// Writes a PNG of the page, laid out for a window of `width` by `height` CSS pixels.
    pub async fn screenshot(&self, path: impl AsRef<Path>, width: u32, height: u32) -> Result<()> {
        let window = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.link.call(&self.session, "Emulation.setDeviceMetricsOverride", window).await?;
        let shot = self.link.call(&self.session, "Page.captureScreenshot", json!({})).await?;
        self.link.call(&self.session, "Emulation.clearDeviceMetricsOverride", json!({})).await?;
        let data = text(&shot, "/data");
        // The page knows base64; here it would take a decoder.
        let bytes = self.evaluate(&format!("Array.from(atob('{data}'), byte => byte.charCodeAt())")).await?;
        Ok(fs::write(path, serde_json::from_value::<Vec<u8>>(bytes)?)?)
    }

    /// The events, once those are in that were caused before this call. A session answers after the
    /// events it had queued, so one round trip brings them. What the network process tells takes
    /// another way; of that, announced raw responses are waited for.
    async fn events(&self) -> Vec<Event> {
        let tabs = self.link.state.borrow().tabs.clone();
        let sessions = tabs.iter().filter(|(_, tab)| **tab == self.session);
        let flush = |session| self.link.call(session, "Runtime.getIsolateId", json!({}));
        let arrived = || -> Vec<Event> {
            let state = self.link.state.borrow();
            state.events.iter().filter(|event| event.tab == self.session).cloned().collect()
        };
        let settle = async {
            join_all(sessions.map(|(session, _)| flush(session))).await;
            while requests(&arrived()).iter().any(|request| request.is_raw_due == Some(true)) {
                sleep(POLL_INTERVAL).await;
            }
        };
        // A frame that is gone or busy must not keep the others' events from the caller.
        let _ = timeout(SETTLE_LIMIT, settle).await;
        arrived()
    }
}

/// A request whose response the page did not get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkFailure {
    /// Before redirects; empty if Chromium never announced the request.
    pub first_url: String,
    /// After redirects; empty if Chromium never announced the request.
    pub url: String,
    /// None if Chromium never announced the request.
    pub method: Option<String>,
    /// `net::ERR_…`; for denials mostly the unspecific `net::ERR_FAILED`.
    pub error_text: String,
    /// Why it was withheld, if not by CORS: `mixed-content`, `corp-not-same-origin`, `csp`, …
    pub blocked_reason: Option<String>,
    /// Chromium's name for the check that failed: `MissingAllowOriginHeader`, …
    pub cors_error: Option<String>,
    /// The value or name that `cors_error` objects to; empty where it has none.
    pub failed_parameter: Option<String>,
}

/// An entry of the list of issues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorsIssue {
    /// What was asked for.
    pub url: String,
    /// Chromium's name for the check that failed.
    pub cors_error: String,
}

/// A request, and as much of the response as Chromium tells, even if the page did not get it.
#[derive(Clone, Debug, Default)]
pub struct NetworkRequest {
    /// As sent.
    pub method: String,
    /// Absolute, without a fragment.
    pub url: String,
    /// What asked, in Chromium's words: `Document`, `Fetch`, `Preflight`, …
    pub resource_type: String,
    /// As the page sees it, so 200 where the network said 304.
    pub status: Option<u16>,
    /// One entry per line, names in lower case; with `set-cookie` if they come from the network.
    pub response_headers: Vec<(String, String)>,
    /// All hops of a redirect share one.
    id: String,
    /// Whether the network's own account of the response is still to come; unknown if withheld.
    is_raw_due: Option<bool>,
}

impl NetworkRequest {
    fn answer(&mut self, response: Option<&Value>, is_raw_due: Option<&Value>) {
        let Some(response) = response else { return };
        let status = response.get("status").or(response.get("statusCode")).and_then(Value::as_u64);
        self.status = self.status.or_else(|| status?.try_into().ok());
        let members = response.get("headers").and_then(Value::as_object).into_iter().flatten();
        // Chromium joins lines of one name with a line feed.
        let lines = members.flat_map(|(name, value)| {
            let lines = value.as_str().unwrap_or_default().split('\n');
            lines.map(move |line| (name.to_ascii_lowercase(), line.to_owned()))
        });
        self.response_headers = lines.collect();
        self.is_raw_due = is_raw_due.and_then(Value::as_bool);
    }
}

/// The requests that `events` tell of. Raw responses have an order only among themselves: each
/// belongs to the first hop of its id that can have one and has none yet.
fn requests(events: &[Event]) -> Vec<NetworkRequest> {
    let mut requests: Vec<NetworkRequest> = Vec::new();
    for Event { method, params, .. } in events {
        let (response, is_raw_due) = match method.as_str() {
            "Network.requestWillBeSent" => ("redirectResponse", "redirectHasExtraInfo"),
            "Network.responseReceived" => ("response", "hasExtraInfo"),
            _ => continue,
        };
        let id = text(params, "/requestId");
        if let Some(hop) = requests.iter_mut().rfind(|request| request.id == id) {
            hop.answer(params.get(response), params.get(is_raw_due));
        }
        if method == "Network.requestWillBeSent" {
            let is_preflight = params.pointer("/initiator/type") == Some(&json!("preflight"));
            let resource_type = if is_preflight { "Preflight".to_owned() } else { text(params, "/type") };
            let (method, url) = (text(params, "/request/method"), text(params, "/request/url"));
            requests.push(NetworkRequest { method, url, resource_type, id, ..Default::default() });
        }
    }
    let raw = events.iter().filter(|event| event.method == "Network.responseReceivedExtraInfo");
    for Event { params, .. } in raw {
        let id = text(params, "/requestId");
        let mut hops = requests.iter_mut().filter(|request| request.id == id);
        if let Some(hop) = hops.find(|request| request.is_raw_due != Some(false)) {
            hop.answer(Some(params), Some(&json!(false)));
        }
    }
    requests
}

#[derive(Clone, Debug)]
struct Event {
    tab: String,
    method: String,
    params: Value,
}

/// What Chromium has told; all members that it always sends are read as empty if it did not.
#[derive(Debug, Default)]
struct State {
    is_closed: bool,
    answers: HashMap<u64, Value>,
    /// From each session to that of its tab; a tab's own is among them.
    tabs: BTreeMap<String, String>,
    events: Vec<Event>,
}

/// The connection. A single task receives, so an event is kept before any answer that came later.
#[derive(Debug)]
struct Link {
    sink: Mutex<SplitSink<WebSocketStream<TcpStream>, Message>>,
    last_id: AtomicU64,
    state: watch::Sender<State>,
}

impl Link {
    fn new(socket: WebSocketStream<TcpStream>) -> Arc<Self> {
        let (sink, mut stream) = socket.split();
        let link = Arc::new(Self { sink: sink.into(), last_id: 0.into(), state: watch::Sender::default() });
        let receiver = Arc::clone(&link);
        tokio::spawn(async move {
            while let Some(Ok(message)) = stream.next().await {
                receiver.receive(message.to_text().unwrap_or_default()).await;
            }
            receiver.state.send_modify(|state| state.is_closed = true);
        });
        link
    }

    /// Asks a session; the browser's own has an empty name.
    async fn call(&self, session: &str, method: &str, params: Value) -> Result<Value> {
        let asking = async {
            let id = self.send(session, method, params).await?;
            let mut state = self.state.subscribe();
            let state = state.wait_for(|state| state.is_closed || state.answers.contains_key(&id)).await?;
            Result::Ok(state.answers.get(&id).cloned().ok_or("the connection to Chromium is closed")?)
        };
        let asked = timeout(CALL_LIMIT, asking).await;
        let answer = asked.map_err(|_| format!("waited {CALL_LIMIT:?} for `{method}`"))??;
        match answer.get("error") {
            Some(error) => Err(format!("Chromium refused `{method}`: {error}").into()),
            None => Ok(answer.get("result").cloned().unwrap_or_default()),
        }
    }

    async fn send(&self, session: &str, method: &str, params: Value) -> Result<u64> {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed);
        let message = json!({ "id": id, "method": method, "params": params, "sessionId": session });
        self.sink.lock().await.send(Message::text(message.to_string())).await?;
        Ok(id)
    }

    async fn receive(&self, message: &str) {
        let message: Value = serde_json::from_str(message).unwrap_or_default();
        let params = message.get("params").cloned().unwrap_or_default();
        let [session, method, child] =
            ["/sessionId", "/method", "/params/sessionId"].map(|pointer| text(&message, pointer));
        if method == "Target.attachedToTarget" {
            self.enable(&child).await;
        }
        let id = message.get("id").and_then(Value::as_u64);
        self.state.send_modify(|told| {
            let tab = told.tabs.get(&session).cloned();
            match (method.as_str(), tab) {
                ("", _) => told.answers.extend(id.map(|id| (id, message))),
                // Only tabs are attached by the browser's own session, which is nobody's.
                ("Target.attachedToTarget", tab) => told.tabs.extend([(child.clone(), tab.unwrap_or(child))]),
                ("Target.detachedFromTarget", _) => drop(told.tabs.remove(&child)),
                (_, Some(tab)) if told.events.len() < MAX_EVENTS => {
                    told.events.push(Event { tab, method, params });
                }
                _ => {}
            }
        });
    }

    /// Enables a target that Chromium holds back, then lets it run. Some of this it answers only
    /// once it runs, and some a worker does not know, so the answers are not waited for.
    async fn enable(&self, session: &str) {
        let children = json!({ "autoAttach": true, "flatten": true, "waitForDebuggerOnStart": true });
        let domains = ["Network.enable", "Runtime.enable", "Page.enable", "Log.enable", "Audits.enable"];
        let last = [("Target.setAutoAttach", children), ("Runtime.runIfWaitingForDebugger", json!({}))];
        for (method, params) in domains.map(|method| (method, json!({}))).into_iter().chain(last) {
            // If the connection is over, the receiving task is about to find that out.
            let _ = self.send(session, method, params).await;
        }
    }
}

/// Spawns Chromium, waits for the file in which it says where it listens, and connects there.
async fn start(
    binary: &Path,
    profile: &Path,
    flags: &[impl AsRef<OsStr>],
) -> Result<(Child, WebSocketStream<TcpStream>)> {
    let mut command = Command::new(binary);
    command.args(FLAGS.split(' ')).args(flags).arg(format!("--user-data-dir={}", profile.display()));
    // A file and not a pipe: nobody has to drain it, and it is there to quote if starting fails.
    command.stderr(fs::File::create(profile.join("stderr"))?).stdin(Stdio::null()).stdout(Stdio::null());
    let mut process = command.kill_on_drop(true).spawn()?;
    while process.try_wait()?.is_none() {
        let file = fs::read_to_string(profile.join("DevToolsActivePort")).unwrap_or_default();
        if let Some((port, path)) = file.split_once('\n') {
            let stream = TcpStream::connect(format!("127.0.0.1:{port}")).await?;
            let (socket, _) = client_async(format!("ws://127.0.0.1:{port}{path}"), stream).await?;
            return Ok((process, socket));
        }
        sleep(POLL_INTERVAL).await;
    }
    Err("it ended at once".into())
}

fn exception_text(details: &Value) -> String {
    text_at(details, "/exception/description").unwrap_or_else(|| text(details, "/text"))
}

fn console_text(params: &Value) -> String {
    let arguments = params.get("args").and_then(Value::as_array).into_iter().flatten();
    let texts = arguments.map(|argument| {
        let spelled = text_at(argument, "/value").or_else(|| text_at(argument, "/description"));
        spelled.or_else(|| Some(argument.get("value")?.to_string())).unwrap_or_default()
    });
    texts.collect::<Vec<_>>().join(" ")
}
