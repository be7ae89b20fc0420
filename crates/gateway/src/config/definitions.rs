//! Upstreams and policies, and how the parts of a file come together.

use std::time::Duration;

use corsac_diagnostics::{Diagnostic, INVALID_VALUE, TableReader};
use corsac_middleware::authn::read_file;
use corsac_middleware::stack::StackConfig;
use corsac_middleware::stack::file::{
    Defined, Definitions, Guards, Surroundings, read_policies, report_unused,
};
use corsac_origin::PublicSuffixList;
use http::uri::Authority;
use url::Url;

use super::files::Files;
use super::{Config, Network, Upstream, events, gateway, routes, store, tls};
use crate::tls::upstream::UpstreamTls;

const SECOND: Duration = Duration::from_secs(1);
const TEN_MINUTES: Duration = Duration::from_secs(600);

pub(super) struct Reader<'s> {
    pub(super) suffixes: &'s PublicSuffixList,
    pub(super) profile: Option<&'s str>,
    pub(super) files: &'s Files,
}

impl Reader<'_> {
    pub(super) fn read(&self, mut root: TableReader<'_>, out: &mut Vec<Diagnostic>) -> Option<Config> {
        let gateway = gateway::read(&mut root, self.files, out);
        let upstreams = self.upstreams(&mut root, out);
        let policies = read_policies(&mut root, self.suffixes, self.profile, out);
        let around = Surroundings { base: self.files.folder(), read: &read_file };
        let mut guards = Definitions::read(&mut root, &around, out);
        let events = events::read(&mut root, self.files, out);
        let store = store::read(&mut root, self.files, out);
        let before = out.len();
        let known =
            routes::Known { upstreams: &upstreams, policies: &policies, body_size: gateway.limits.body_size };
        let routes = routes::read(&mut root, &known, &mut guards, out);
        let routes_are_whole = out.len() == before;
        let unrouted = gateway.unrouted_policy(&policies, out);
        root.finish(out);
        // A route with a mistake may be the one that uses a definition.
        if routes_are_whole {
            report_unused(&upstreams, |index| routes.iter().any(|route| route.upstream == index), out);
            let used =
                |index| unrouted == Some(index) || routes.iter().any(|route| route.policy == Some(index));
            report_unused(&policies, used, out);
        }
        let unrouted = unrouted.or((policies.len() == 1).then_some(0));
        let unrouted = unrouted.and_then(|index| policies.get(index)?.policy());
        guards.bound(&gateway.limits.sizes());
        let Guards { config: stack, files } = guards.finish(unrouted, &around, out);
        self.files.note(files);
        if let (Some(_), Some(stack)) = (&store, &stack) {
            store::report_unshared(&stack.rate_limit, out);
        }
        let named = policies.into_iter().map(|defined| Some((defined.name.to_owned(), defined.value?)));
        Some(Config {
            listen: gateway.listen,
            tls: gateway.tls,
            redirect_listen: gateway.redirect_listen,
            admin: gateway.admin,
            workers: gateway.workers,
            access_log: gateway.access_log,
            trusted_proxies: gateway.trusted_proxies,
            limits: gateway.limits,
            shutdown_grace: gateway.shutdown_grace,
            policies: named.collect::<Option<_>>()?,
            upstreams: upstreams.into_iter().map(|defined| defined.value).collect::<Option<_>>()?,
            routes,
            stack: with_store(stack?, store.as_ref()),
            events,
            rate_limit_store: store.map(|(store, _)| store),
        })
    }

    fn upstreams<'d>(
        &self,
        root: &mut TableReader<'d>,
        out: &mut Vec<Diagnostic>,
    ) -> Vec<Defined<'d, Upstream>> {
        let tables = root.named("upstreams", out);
        let define = |(name, table): (&'d str, TableReader<'d>)| Defined {
            name,
            path: table.path().clone(),
            value: upstream(name, table, self.files, out),
        };
        tables.into_iter().map(define).collect()
    }
}

fn with_store(stack: StackConfig, store: Option<&store::Read>) -> StackConfig {
    StackConfig { is_shared: store.is_some(), seed: store.map(|(_, seed)| *seed), ..stack }
}

fn upstream(
    name: &str,
    mut table: TableReader<'_>,
    files: &Files,
    out: &mut Vec<Diagnostic>,
) -> Option<Upstream> {
    let target = target(&mut table, files, out);
    let http2 = table.boolean("http2", out).unwrap_or(false);
    let is_trusted = table.boolean("trusted_network", out).unwrap_or(false);
    let preserve_host = table.boolean("preserve_host", out).unwrap_or(true);
    let mut duration =
        |key, default| table.duration(key, (Duration::from_millis(1), TEN_MINUTES), out).unwrap_or(default);
    let connect_timeout = duration("connect_timeout", 2 * SECOND);
    let response_timeout = duration("response_timeout", 30 * SECOND);
    let idle_timeout = duration("idle_timeout", 30 * SECOND);
    let idle_connections = table.integer("idle_connections", (0, 65_536), out).unwrap_or(1_024);
    table.finish(out);
    let (authority, tls) = target?;
    Some(Upstream {
        name: name.to_owned(),
        authority,
        tls,
        http2,
        preserve_host,
        network: if is_trusted { Network::Trusted } else { Network::Any },
        connect_timeout,
        response_timeout,
        idle_timeout,
        idle_connections: usize::try_from(idle_connections).unwrap_or(0),
    })
}

/// Where the upstream is, and how it is spoken to.
fn target(
    table: &mut TableReader<'_>,
    files: &Files,
    out: &mut Vec<Diagnostic>,
) -> Option<(Authority, Option<UpstreamTls>)> {
    let settings = table.table("tls", out);
    let text = table.required_string("url", out)?;
    // It may have a password: then it is not repeated.
    let shown = if text.contains('@') { "…" } else { text };
    let refuse =
        |reason: &str| table.invalid("url", shown, reason).help("write it like \"http://127.0.0.1:3000\"");
    let (is_https, authority) = match upstream_url(text) {
        Ok(parsed) => parsed,
        Err(reason) => {
            out.push(refuse(&reason));
            return None;
        }
    };
    if !is_https {
        if let Some(settings) = settings {
            let message = format!("`{}` is for an upstream with `https`", settings.path());
            let finding = Diagnostic::new(&INVALID_VALUE, message).at_field(settings.path(), "not used");
            out.push(finding.help("write its `url` with `https`, or remove the table"));
            return None;
        }
        return Some((authority, None));
    }
    match tls::upstream(settings, authority.host(), files, out) {
        Ok(tls) => Some((authority, Some(tls))),
        Err(reason) => {
            out.extend(reason.map(|reason| refuse(&reason)));
            None
        }
    }
}

/// Whether it is `https`, and host and port.
fn upstream_url(text: &str) -> Result<(bool, Authority), String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("an upstream has the scheme `http` or `https`".into());
    }
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err("an upstream has no path, query or fragment; paths are forwarded as they come".into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("an upstream has no user name or password".into());
    }
    let port = url.port_or_known_default().unwrap_or(80);
    let authority = format!("{}:{port}", url.host_str().unwrap_or_default());
    let authority = authority.parse().map_err(|_| "it has no host".to_owned())?;
    Ok((url.scheme() == "https", authority))
}
