//! `corsac demo`: a sample API, an application page and a foreign page, to see in a real
//! browser who may read what. Everything listens on loopback only.

mod api;
mod decisions;
mod pages;
mod policy;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use corsac_diagnostics::Source;
use corsac_gateway::{Gateway, Reading, Watchers, read};
use corsac_origin::PublicSuffixList;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::LocalSet;

use crate::args::Demo;
use crate::commands::serve::{self, Signals};
use crate::exit::Exit;
use crate::output::Output;
use decisions::Decisions;
use pages::{Role, Site};
use policy::Addresses;

pub(crate) fn run(demo: &Demo, output: &Output) -> Exit {
    let runtime = match serve::control_runtime(output) {
        Ok(runtime) => runtime,
        Err(exit) => return exit,
    };
    let mut signals = match Signals::install(&runtime) {
        Ok(signals) => signals,
        Err(error) => return output.fail(&format!("failed to listen for signals: {error}"), ""),
    };
    let started = LocalSet::new().block_on(&runtime, start(demo, &mut signals, output));
    match started {
        Ok(gateway) => {
            serve::stop(gateway, &runtime, &mut signals.stop, output);
            Exit::Clean
        }
        Err(exit) => exit,
    }
}

/// Starts everything, says where, and waits for a signal.
async fn start(demo: &Demo, signals: &mut Signals, output: &Output) -> Result<Gateway, Exit> {
    let failed = |error: std::io::Error| output.fail(&format!("failed to start the demo: {error}"), "");
    let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let api = TcpListener::bind(loopback).await.map_err(failed)?;
    let app = TcpListener::bind(loopback).await.map_err(failed)?;
    let foreign = TcpListener::bind(loopback).await.map_err(failed)?;
    // Bound and not listening: whoever connects is refused, as by a server that is down.
    let down = TcpSocket::new_v4().map_err(failed)?;
    down.bind(loopback).map_err(failed)?;
    let addresses = Addresses {
        gateway: demo.port,
        api: api.local_addr().map_err(failed)?,
        down: down.local_addr().map_err(failed)?,
        app: app.local_addr().map_err(failed)?,
        foreign: foreign.local_addr().map_err(failed)?,
    };

    let text = addresses.policy();
    let source = Source::new(policy::FILE, text.as_str());
    let Reading { config, document, findings, .. } = read(source, None, PublicSuffixList::embedded());
    let Some(config) = config else {
        output.talk_reports(&[document.report(findings)]);
        return Err(output.fail("failed to start the demo: its policy has mistakes", ""));
    };
    let decisions = Arc::new(Decisions::new(document));
    let observer = Arc::clone(&decisions);
    let observer = Arc::new(move |event: &corsac_gateway::RequestEvent<'_>| observer.record(event));
    let gateway = Gateway::start(config, Watchers { observer: Some(observer), teller: None })
        .map_err(|error| serve::start_failed(&error, output))?;

    tokio::task::spawn_local(api::serve(api));
    let site = |role| Site::new(role, &addresses, gateway.listening().gateway, &text, &decisions);
    tokio::task::spawn_local(pages::serve(app, site(Role::App)));
    tokio::task::spawn_local(pages::serve(foreign, site(Role::Foreign)));
    announce(&gateway, &addresses, &text, output);
    signals.stop.received().await;
    drop(down);
    Ok(gateway)
}

fn announce(gateway: &Gateway, addresses: &Addresses, policy: &str, output: &Output) {
    let (app, foreign) = (addresses.page(Role::App), addresses.page(Role::Foreign));
    let numbered = policy.lines().enumerate().map(|(index, line)| format!("  {:2}  {line}\n", index + 1));
    let title = output.paint("Corsac demo", "\u{1b}[1m");
    output.talk(&format!("{title}: the gateway protects a sample API with this policy\n"));
    output.talk(&numbered.collect::<String>());
    output.talk("Open both pages in a browser; they make the same calls:\n");
    output.talk(&format!("  {}   the policy allows this page", output.paint(&app, "\u{1b}[1;32m")));
    output.talk(&format!("  {}      a stranger\n", output.paint(&foreign, "\u{1b}[1;31m")));
    output.talk("Ctrl-C stops it.");
    let pages = format!("\"pages\":{{\"app\":\"{app}\",\"foreign\":\"{foreign}\"}}");
    output.data(&format!("{{{},{pages}}}\n", serve::ready(gateway)), Exit::Clean);
}
