//! `corsac signal`: run the signaling service.

mod files;

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::time::Duration;

use corsac_diagnostics::excerpt;
use corsac_events::{JsonLines, Limits as SinkLimits, Recorder, Sink};
use corsac_gateway::{WatchedFiles, watch};
use corsac_signaling::service::{Listener, Service};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::Signal as HangUp;

use crate::args::Signal;
use crate::commands::serve::Signals;
use crate::exit::Exit;
use crate::load;
use crate::output::Output;
use files::{Mistake, Setup};

/// How long peers have to go, once they were told to.
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// How long security events have to be written, at the end.
const EVENTS_TIME: Duration = Duration::from_secs(1);

/// How long what is left may take to stop.
const STOP_TIME: Duration = Duration::from_secs(1);

pub(crate) fn run(signal: &Signal, output: &Output) -> Exit {
    let Setup { mut service, listen } = match files::read(signal, output) {
        Ok(setup) => setup,
        Err(mistakes) => return fail(&mistakes, output),
    };
    let events = match signal.events.as_deref().map(events).transpose() {
        Ok(events) => events,
        Err(error) => {
            let hint = "does its folder exist, and may this user write there?";
            return output.fail(&format!("--events: failed to open the file: {error}"), hint);
        }
    };
    let (sink, recorder) = events.unzip();
    service.recorder = recorder;
    raise_file_limit();
    let runtime = match Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return output.fail(&format!("failed to start: {error}"), ""),
    };
    let entered = runtime.enter();
    let signals = match Signals::install(&runtime) {
        Ok(signals) => signals,
        Err(error) => return output.fail(&format!("failed to listen for signals: {error}"), ""),
    };
    let listener = match Listener::bind(&listen) {
        Ok(listener) => listener,
        Err(error) => {
            let hint = format!("does another program use port {}? `ss -lntup` shows", signal.listen.port());
            return output.fail(&format!("--listen: failed to listen on {}: {error}", signal.listen), &hint);
        }
    };
    let service = match Service::start(service) {
        Ok(service) => service,
        Err(mistakes) => return fail(&mistakes.iter().map(Mistake::of).collect::<Vec<_>>(), output),
    };
    drop(entered);
    let exit = serve(signal, (listener, service), (&runtime, signals), output);
    runtime.shutdown_timeout(STOP_TIME);
    if let Some(sink) = sink {
        sink.close(EVENTS_TIME);
    }
    exit
}

/// Says each of them, with what to do.
fn fail(mistakes: &[Mistake], output: &Output) -> Exit {
    for mistake in mistakes {
        output.fail(&format!("{}: {}", mistake.flag, mistake.reason), &mistake.fix);
    }
    Exit::Failed
}

fn serve(
    signal: &Signal,
    (listener, service): (Listener, Service),
    (runtime, mut signals): (&Runtime, Signals),
    output: &Output,
) -> Exit {
    let address = listener.address();
    let metrics = listener.metrics_address();
    runtime.block_on(async { listener.serve(&service) });
    if output.data(&format!("{{\"port\":{}}}\n", address.port()), Exit::Clean) == Exit::Failed {
        return Exit::Failed;
    }
    let webtransport =
        if signal.no_webtransport { String::new() } else { format!(" and https://{address}/v1/wt") };
    let metrics =
        metrics.map(|metrics| format!(", counters at http://{metrics}/metrics")).unwrap_or_default();
    output.talk(&format!("serving wss://{address}/v1/ws{webtransport}{metrics}"));
    let keys = Keys { file: &signal.jwks, service: &service, output };
    runtime.block_on(async {
        let Signals { stop, hangup } = &mut signals;
        let exit = tokio::select! {
            () = stop.received() => Exit::Clean,
            () = service.failed() => {
                output.fail("records of the ledger were lost", "is the disk full? The file ends with a whole record")
            }
            () = keys.reload_on_change() => Exit::Failed,
            () = keys.reload_on_hangup(hangup) => Exit::Failed,
        };
        output.talk(&format!("stopping: peers have {DRAIN_TIME:?} to go"));
        tokio::select! {
            is_empty = service.drain(DRAIN_TIME) => {
                if !is_empty {
                    output.warn("some peers did not go in time");
                }
            }
            () = stop.received() => {}
        }
        exit
    })
}

/// The issuer's keys, which may change while the service runs.
struct Keys<'k> {
    file: &'k Path,
    service: &'k Service,
    output: &'k Output,
}

impl Keys<'_> {
    async fn reload_on_change(&self) {
        let mut last = load::named_file(self.file);
        let changed = || {
            let now = load::named_file(self.file);
            // A file that was touched has the same text.
            if now != last {
                last = now;
                self.reload();
            }
        };
        if let Err(error) = watch(&WatchedFiles::new(self.file), changed).await {
            self.output.warn(&format!("changes of the JWK set are not seen: {error}; send SIGHUP to reload"));
        }
        std::future::pending::<()>().await;
    }

    async fn reload_on_hangup(&self, hangup: &mut HangUp) {
        while hangup.recv().await.is_some() {
            self.reload();
        }
        std::future::pending::<()>().await;
    }

    fn reload(&self) {
        let name = self.file.display().to_string();
        let refused = |reason: &str| {
            self.output.warn(&format!("not reloaded: `{}`: {reason}; the keys before stay", excerpt(&name)));
        };
        match load::named_file(self.file) {
            None => refused("it cannot be read"),
            Some(jwks) => match self.service.set_keys(&jwks) {
                Ok(()) => self.output.talk("reloaded the JWK set"),
                Err(error) => refused(&error.to_string()),
            },
        }
    }
}

fn events(path: &Path) -> io::Result<(Sink, Recorder)> {
    let limits = SinkLimits::default();
    let (sink, recorders) = if path.as_os_str() == "-" {
        Sink::start(JsonLines::new(io::stderr()), limits)?
    } else {
        let file: File = OpenOptions::new().create(true).append(true).open(path)?;
        Sink::start(JsonLines::new(file), limits)?
    };
    let recorder = recorders.into_iter().next().ok_or(io::ErrorKind::Other)?;
    Ok((sink, recorder))
}

/// Each connection is an open file: as many as this user may have. Whoever starts programs often sets a
/// lower number first, for those that cannot do with more.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // It stays as it is where the system refuses.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}
