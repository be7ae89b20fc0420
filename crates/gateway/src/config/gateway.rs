//! The `[gateway]` table.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use corsac_cors::Policy;
use corsac_diagnostics::{Diagnostic, TableReader};
use corsac_middleware::stack::file::{Defined, Sizes, find_policy};
use ipnet::IpNet;

use super::files::Files;
use super::{AccessLog, Limits, tls};
use crate::tls::server::Tls;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const MILLISECOND: Duration = Duration::from_millis(1);

/// Threads that a configuration may ask for.
const MAX_WORKERS: i64 = 1_024;

pub(super) struct Gateway {
    pub(super) listen: SocketAddr,
    pub(super) tls: Option<Tls>,
    pub(super) redirect_listen: Option<SocketAddr>,
    pub(super) admin: SocketAddr,
    pub(super) workers: usize,
    pub(super) access_log: AccessLog,
    pub(super) trusted_proxies: Vec<IpNet>,
    pub(super) limits: Limits,
    pub(super) shutdown_grace: Duration,
    /// The name of the policy for unrouted requests, and its place.
    cors: Option<(String, corsac_diagnostics::FieldPath)>,
}

impl Gateway {
    pub(super) fn unrouted_policy(
        &self,
        policies: &[Defined<'_, Policy>],
        out: &mut Vec<Diagnostic>,
    ) -> Option<usize> {
        let (name, path) = self.cors.as_ref()?;
        find_policy(name, path, policies, out)
    }
}

impl Default for Limits {
    fn default() -> Self {
        let sizes = Sizes::default();
        Self {
            body_size: sizes.body_size,
            body_timeout: 30 * SECOND,
            connections: 10_000,
            header_fields: sizes.header_fields,
            header_size: sizes.header_size,
            header_timeout: 15 * SECOND,
            target_size: sizes.target_size,
            tunnel_timeout: HOUR,
        }
    }
}

impl Limits {
    /// What guards are told of them.
    pub(super) fn sizes(&self) -> Sizes {
        let Self { body_size, header_fields, header_size, target_size, .. } = *self;
        Sizes { body_size, header_fields, header_size, target_size }
    }
}

pub(super) fn read(root: &mut TableReader<'_>, files: &Files, out: &mut Vec<Diagnostic>) -> Gateway {
    let mut gateway = Gateway {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
        tls: None,
        redirect_listen: None,
        admin: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        workers: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        access_log: AccessLog::Stderr,
        trusted_proxies: Vec::new(),
        limits: Limits::default(),
        shutdown_grace: 30 * SECOND,
        cors: None,
    };
    let Some(mut table) = root.table("gateway", out) else { return gateway };
    gateway.listen = address(&mut table, "listen", out).unwrap_or(gateway.listen);
    let (has_tls, redirects) = (table.take("tls").is_some(), table.take("redirect_listen").is_some());
    gateway.tls = table.table("tls", out).and_then(|table| tls::gateway(table, files, out));
    gateway.redirect_listen = address(&mut table, "redirect_listen", out);
    if redirects && !has_tls {
        out.push(
            table
                .missing("tls")
                .help("redirects lead to https: add [gateway.tls], or remove `redirect_listen`"),
        );
    }
    gateway.admin = address(&mut table, "admin", out).unwrap_or(gateway.admin);
    if let Some(workers) = table.integer("workers", (1, MAX_WORKERS), out) {
        gateway.workers = usize::try_from(workers).unwrap_or(1);
    }
    gateway.access_log = match table.string("access_log", out) {
        None | Some("stderr") => AccessLog::Stderr,
        Some("off") => AccessLog::Off,
        Some(path) => AccessLog::File(PathBuf::from(path)),
    };
    gateway.trusted_proxies = networks(&mut table, out);
    let bounds = (Duration::ZERO, HOUR);
    gateway.shutdown_grace = table.duration("shutdown_grace", bounds, out).unwrap_or(gateway.shutdown_grace);
    let path = table.field("cors");
    gateway.cors = table.string("cors", out).map(|name| (name.to_owned(), path));
    if let Some(table) = table.table("limits", out) {
        gateway.limits = limits(table, out);
    }
    table.finish(out);
    gateway
}

fn address(table: &mut TableReader<'_>, key: &'static str, out: &mut Vec<Diagnostic>) -> Option<SocketAddr> {
    let text = table.string(key, out)?;
    match text.parse() {
        Ok(address) => Some(address),
        Err(_) => {
            let reason = "an address is an IP address and a port";
            let help = "write it like \"127.0.0.1:8080\" or \"[::1]:8080\"; port 0 takes a free one";
            out.push(table.invalid(key, text, reason).help(help));
            None
        }
    }
}

fn networks(table: &mut TableReader<'_>, out: &mut Vec<Diagnostic>) -> Vec<IpNet> {
    let key = "trusted_proxies";
    let mut networks = Vec::new();
    for (index, text) in table.strings(key, out).unwrap_or_default().into_iter().enumerate() {
        let Some(text) = text else { continue };
        let single = || text.parse::<std::net::IpAddr>().map(IpNet::from);
        match text.parse::<IpNet>().or_else(|_| single()) {
            Ok(network) => networks.push(network),
            Err(_) => out.push(
                table
                    .invalid(key, text, "a network is an IP address, or one with a prefix length")
                    .at_field(&table.field(key).index(index), "not a network")
                    .help("write it like \"10.0.0.0/8\" or \"fd00::/8\""),
            ),
        }
    }
    networks
}

fn limits(mut table: TableReader<'_>, out: &mut Vec<Diagnostic>) -> Limits {
    let default = Limits::default();
    let mut duration = |key, default| table.duration(key, (MILLISECOND, HOUR), out).unwrap_or(default);
    let body_timeout = duration("body_timeout", default.body_timeout);
    let header_timeout = duration("header_timeout", default.header_timeout);
    let tunnel_timeout =
        table.duration("tunnel_timeout", (MILLISECOND, 24 * HOUR), out).unwrap_or(default.tunnel_timeout);
    let connections = table.integer("connections", (1, 1_000_000), out);
    let sizes = Sizes::read(&mut table, out);
    table.finish(out);
    let count =
        |number: Option<i64>, default| number.and_then(|n| usize::try_from(n).ok()).unwrap_or(default);
    Limits {
        body_size: sizes.body_size,
        body_timeout,
        connections: count(connections, default.connections),
        header_fields: sizes.header_fields,
        header_size: sizes.header_size,
        header_timeout,
        target_size: sizes.target_size,
        tunnel_timeout,
    }
}
