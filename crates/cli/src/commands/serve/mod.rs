//! `corsac serve`: run the gateway.

mod development;

use std::cell::Cell;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use corsac_diagnostics::{Report, excerpt};
use corsac_gateway::{
    Config, Gateway, Listening, Notice, Reading, StartError, Teller, Upstream, WatchedFiles, Watchers, reach,
    read, watch,
};
use corsac_origin::PublicSuffixList;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::args::{Global, Serve};
use crate::exit::Exit;
use crate::load;
use crate::output::Output;
use development::Development;

/// Time that an upstream has to accept the connection that asks whether it is there.
const PROBE_TIME: Duration = Duration::from_secs(1);

pub(crate) fn run(serve: &Serve, global: &Global, output: &Output) -> Exit {
    let list = match load::suffix_list(global) {
        Ok(list) => list,
        Err(error) => return output.fail(&error.reason, &error.hint),
    };
    let suffixes = list.as_ref().unwrap_or_else(|| PublicSuffixList::embedded());
    let development = match serve.dev_tls.then(Development::load_or_make).transpose() {
        Ok(development) => development,
        Err(error) => return output.fail(&error.reason, &error.hint),
    };
    let loader = Loader {
        file: &serve.file,
        watched: WatchedFiles::new(&serve.file),
        development: development.as_ref(),
        profile: global.profile.as_deref(),
        suffixes,
        output,
        loaded: Cell::new(None),
    };
    let config = match loader.load() {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    let runtime = match control_runtime(output) {
        Ok(runtime) => runtime,
        Err(exit) => return exit,
    };
    let mut signals = match Signals::install(&runtime) {
        Ok(signals) => signals,
        Err(error) => return output.fail(&format!("failed to listen for signals: {error}"), ""),
    };
    let upstreams = config.upstreams.clone();
    let gateway = match Gateway::start(config, Watchers { observer: None, teller: Some(teller(output)) }) {
        Ok(gateway) => gateway,
        Err(error) => return start_failed(&error, output),
    };
    runtime.block_on(warn_of_unreachable(&upstreams, output));
    announce(&gateway, development.as_ref(), output);
    if output.data(&format!("{{{}}}\n", ready(&gateway)), Exit::Clean) == Exit::Failed {
        return Exit::Failed;
    }
    runtime.block_on(async {
        let Signals { stop, hangup } = &mut signals;
        tokio::select! {
            () = stop.received() => {}
            () = reload_on_change(&loader, &gateway) => {}
            () = reload_on_hangup(hangup, &loader, &gateway) => {}
        }
    });
    stop(gateway, &runtime, &mut signals.stop, output);
    Exit::Clean
}

fn announce(gateway: &Gateway, development: Option<&Development>, output: &Output) {
    let Listening { gateway, admin, redirect, is_tls } = gateway.listening();
    let scheme = if is_tls { "https" } else { "http" };
    let redirects = redirect.map(|address| format!(", redirecting http://{address}")).unwrap_or_default();
    output.talk(&format!("serving {scheme}://{gateway}{redirects}, admin http://{admin}"));
    if let Some(Development { certificate, is_new, .. }) = development {
        let path = certificate.display();
        let made = if *is_new { "made now" } else { "made before" };
        output.talk(&format!("development certificate, {made}: {path}, with its key beside it"));
        output.talk(&format!(
            "trust it for a call: curl --cacert {path} https://localhost:{}/; or add it to your browser's certificates",
            gateway.port()
        ));
    }
}

/// Tells what no single request says, such as that keys cannot be fetched.
fn teller(output: &Output) -> Teller {
    let output = output.clone();
    Arc::new(move |notice: &Notice| {
        let text = format!("`{}`: {}", excerpt(&notice.method), notice.text.as_str());
        if notice.is_failure { output.warn(&text) } else { output.talk(&text) }
    })
}

/// `"listening":{…}`, the machine's part of saying that requests are accepted.
pub(crate) fn ready(gateway: &Gateway) -> String {
    let Listening { gateway, admin, redirect, .. } = gateway.listening();
    let redirect = redirect.map(|address| format!(",\"redirect\":\"{address}\"")).unwrap_or_default();
    format!("\"listening\":{{\"gateway\":\"{gateway}\",\"admin\":\"{admin}\"{redirect}}}")
}

/// The runtime for signals and for watching the file.
pub(crate) fn control_runtime(output: &Output) -> Result<Runtime, Exit> {
    let built = Builder::new_current_thread().enable_all().build();
    built.map_err(|error| output.fail(&format!("failed to start: {error}"), ""))
}

/// Says why the gateway cannot start.
pub(crate) fn start_failed(error: &StartError, output: &Output) -> Exit {
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    let hint = match error {
        StartError::Bind(address, _) => {
            format!("does another program use port {}? `ss -ltnp` shows", address.port())
        }
        StartError::AccessLog(_) | StartError::Events(_) => {
            "does the folder exist, and may this user write there?".to_owned()
        }
        _ => String::new(),
    };
    output.fail(&format!("failed to {error}: {cause}"), &hint)
}

/// Finishes what is in flight; a second signal ends it at once.
pub(crate) fn stop(gateway: Gateway, runtime: &Runtime, signal: &mut StopSignal, output: &Output) {
    output.talk(&format!("stopping: requests in flight have {:?}", gateway.grace()));
    runtime.block_on(async {
        let stopping = tokio::task::spawn_blocking(|| gateway.stop());
        tokio::select! {
            _ = stopping => {}
            () = signal.received() => {}
        }
    });
}

/// The signals of a server, caught from before it says that it is ready.
#[derive(Debug)]
pub(crate) struct Signals {
    pub(crate) stop: StopSignal,
    pub(crate) hangup: Signal,
}

/// SIGINT or SIGTERM.
#[derive(Debug)]
pub(crate) struct StopSignal {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub(crate) fn install(runtime: &Runtime) -> std::io::Result<Self> {
        let _entered = runtime.enter();
        let stop = StopSignal {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        };
        Ok(Self { stop, hangup: signal(SignalKind::hangup())? })
    }
}

impl StopSignal {
    pub(crate) async fn received(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

struct Loader<'l> {
    file: &'l Path,
    profile: Option<&'l str>,
    suffixes: &'l PublicSuffixList,
    output: &'l Output,
    /// The policy file and the files that it named last.
    watched: WatchedFiles,
    development: Option<&'l Development>,
    /// What was loaded last, as a hash.
    loaded: Cell<Option<u64>>,
}

impl Loader<'_> {
    /// Whether the file, or one that it names, is another than the one loaded last.
    fn differs(&self) -> bool {
        let now = load::policy_file(self.file).ok().map(|source| self.hash(source.text()));
        now != self.loaded.get()
    }

    /// The text and the files that it names.
    fn hash(&self, text: &str) -> u64 {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        for path in self.watched.others() {
            load::named_file(&path).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// The configuration, with its findings told.
    fn load(&self) -> Result<Config, Exit> {
        let source = load::policy_file(self.file).map_err(|error| {
            self.loaded.set(None);
            self.output.fail(&error.reason, &error.hint)
        })?;
        let text = source.text().to_owned();
        let Reading { config, document, findings, files } = read(source, self.profile, self.suffixes);
        self.watched.set_others(files);
        self.loaded.set(Some(self.hash(&text)));
        let report: Report = document.report(findings);
        self.output.talk_reports(&[report]);
        let config = config.ok_or(Exit::Findings)?;
        match self.development {
            Some(development) => self.for_development(config, development),
            None => Ok(config),
        }
    }

    fn for_development(&self, mut config: Config, development: &Development) -> Result<Config, Exit> {
        if config.tls.is_some() {
            let reason = "--dev-tls and [gateway.tls] both name a certificate";
            return Err(self.output.fail(reason, "leave one of them out"));
        }
        if !config.listen.ip().is_loopback() {
            let reason = format!("--dev-tls serves this machine alone, and {} is more", config.listen);
            return Err(self.output.fail(&reason, "set gateway.listen to \"127.0.0.1:8443\""));
        }
        config.tls = Some(development.tls.clone());
        Ok(config)
    }
}

async fn reload_on_change(loader: &Loader<'_>, gateway: &Gateway) {
    if load::is_standard_input(loader.file) {
        return std::future::pending().await;
    }
    // A file that was touched has the same text.
    let changed = || {
        if loader.differs() {
            reload(loader, gateway);
        }
    };
    if let Err(error) = watch(&loader.watched, changed).await {
        loader.output.warn(&format!("changes of the file are not seen: {error}; send SIGHUP to reload"));
    }
    std::future::pending::<()>().await;
}

async fn reload_on_hangup(hangup: &mut Signal, loader: &Loader<'_>, gateway: &Gateway) {
    while hangup.recv().await.is_some() {
        reload(loader, gateway);
    }
}

fn reload(loader: &Loader<'_>, gateway: &Gateway) {
    let generation = gateway.generation();
    if load::is_standard_input(loader.file) {
        // The signal may be meant for the access log, which is opened again.
        gateway.record_refused_reload();
        let reason = "the policy came from standard input, which cannot be read again";
        loader.output.warn(&format!("not reloaded: {reason}; generation {generation} keeps serving"));
        return;
    }
    match loader.load() {
        Err(_) => {
            gateway.record_refused_reload();
            loader.output.warn(&format!("not reloaded: generation {generation} keeps serving"));
        }
        Ok(config) => match gateway.reload(config) {
            Ok(generation) => loader.output.talk(&format!("reloaded: generation {generation}")),
            Err(error) => {
                gateway.record_refused_reload();
                loader.output.warn(&format!("not reloaded: {error}; generation {generation} keeps serving"));
            }
        },
    }
}

/// An upstream that is down at start may come up later: a warning, no failure.
async fn warn_of_unreachable(upstreams: &[Upstream], output: &Output) {
    for upstream in upstreams {
        let reason = match tokio::time::timeout(PROBE_TIME, reach(upstream)).await {
            Ok(Ok(())) => continue,
            Ok(Err(reason)) => reason,
            Err(_) => format!("no answer within {PROBE_TIME:?}"),
        };
        let (name, authority) = (excerpt(&upstream.name), &upstream.authority);
        output.warn(&format!(
            "upstream `{name}` at {authority} is not reachable: {reason}; its routes answer 502"
        ));
    }
}
