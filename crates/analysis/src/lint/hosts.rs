//! Kinds of hosts that a review asks about.

use corsac_origin::{HostKind, OriginRef, TupleRef, is_loopback};

/// What is between developers' machines and the world.
const TUNNELS: [&str; 16] = [
    "devtunnels.ms",
    "gitpod.io",
    "lhr.life",
    "loca.lt",
    "localtest.me",
    "localtunnel.me",
    "lvh.me",
    "ngrok-free.app",
    "ngrok-free.dev",
    "ngrok.app",
    "ngrok.dev",
    "ngrok.io",
    "nip.io",
    "serveo.net",
    "sslip.io",
    "trycloudflare.com",
];

/// Top-level names that lead nowhere beyond a developer's network.
const RESERVED: [&str; 2] = ["local", "test"];

/// Origins of developers, as patterns admit them.
pub(super) const SAMPLES: [&str; 12] = [
    "http://localhost",
    "http://localhost:3000",
    "http://localhost:8080",
    "http://localhost:5173",
    "http://localhost:4200",
    "http://127.0.0.1",
    "http://127.0.0.1:3000",
    "https://localhost",
    "https://localhost:3000",
    "http://app.local",
    "http://app.test",
    "https://a1b2c3.ngrok-free.app",
];

/// Whether an origin is a developer's own: this machine, a name of no registry, a tunnel.
pub(super) fn is_development(origin: &str) -> bool {
    with_tuple(origin, |tuple| {
        let host = tuple.host().strip_suffix('.').unwrap_or(tuple.host());
        let is_under = |name: &&str| host.strip_suffix(*name).is_some_and(|rest| rest.ends_with('.'));
        is_loopback(tuple)
            || host == "0.0.0.0"
            || RESERVED.iter().any(is_under)
            || TUNNELS.iter().any(is_under)
    })
}

/// Whether it is a plain-http origin of another machine.
pub(super) fn is_plain(origin: &str) -> bool {
    origin.starts_with("http://") && with_tuple(origin, |tuple| !is_loopback(tuple))
}

/// Whether the host is an address of another machine.
pub(super) fn is_address(origin: &str) -> bool {
    with_tuple(origin, |tuple| {
        tuple.host_kind() != HostKind::Domain && !is_loopback(tuple) && tuple.host() != "0.0.0.0"
    })
}

/// The host, if the text is an origin.
pub(super) fn host(origin: &str) -> Option<String> {
    let parsed = OriginRef::parse(origin.as_bytes()).ok()?;
    parsed.tuple().map(|tuple| tuple.host().to_owned())
}

fn with_tuple(origin: &str, holds: impl Fn(&TupleRef<'_>) -> bool) -> bool {
    OriginRef::parse(origin.as_bytes()).is_ok_and(|origin| origin.tuple().is_some_and(holds))
}
