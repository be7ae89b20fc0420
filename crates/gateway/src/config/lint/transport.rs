//! What others on a network can read and change.

use corsac_diagnostics::{Confidence, Diagnostic, FieldPath, excerpt};
use url::Url;

use super::super::rules::{
    CREDENTIAL_FORWARDED_TO_PLAIN_UPSTREAM, NO_HSTS, PLAIN_LISTENER_OFF_HOST, PLAIN_STORE_OFF_HOST,
    PLAIN_UPSTREAM_OFF_HOST,
};
use super::super::{Network, Upstream};
use super::reach::Reach;
use super::subject::{Method, Subject};

const SAY_SO: &str = "or, if nobody else can listen there, say so: trusted_network = true";

/// Plain from other machines, or TLS that browsers may leave.
pub(super) fn listener(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let (config, gateway) = (subject.config, FieldPath::root().key("gateway"));
    if subject.is_development {
        return;
    }
    match &config.tls {
        Some(tls) if tls.strict.is_none() => out.push(
            Diagnostic::new(&NO_HSTS, "browsers are not told to come over TLS only")
                .confidence(Confidence::Medium)
                .at_field(&gateway.key("tls"), "it does not say `strict_transport_security`")
                .note("the first request that a browser makes in plain can be answered by whoever is on its network")
                .help("add strict_transport_security = { max_age = \"365d\" }; begin with \"1d\" until all is well"),
        ),
        Some(_) => {}
        None => {
            let is_here = config.listen.ip().is_loopback();
            if is_here || !config.trusted_proxies.is_empty() {
                return;
            }
            out.push(
                Diagnostic::new(&PLAIN_LISTENER_OFF_HOST, "requests come in plain from other machines")
                    .at_field(&gateway.key("listen"), "anybody on the network is served, without TLS")
                    .note("whoever is on the way reads cookies and tokens, and `X-Forwarded-Proto` says `http`")
                    .help("add [gateway.tls]; or, if a terminator of TLS is in front, name it: trusted_proxies = [\"10.0.0.5\"]"),
            );
        }
    }
}

/// Plain to other machines, with credentials or without.
pub(super) fn upstreams(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    if subject.is_development {
        return;
    }
    for upstream in &subject.config.upstreams {
        let reach = Reach::of(upstream.authority.host());
        if upstream.tls.is_some() || upstream.network == Network::Trusted || reach == Reach::Loopback {
            continue;
        }
        let confidence = if reach == Reach::Public { Confidence::High } else { Confidence::Medium };
        out.push(plain(subject, upstream).confidence(confidence));
    }
}

fn plain(subject: &Subject<'_>, upstream: &Upstream) -> Diagnostic {
    let place = FieldPath::root().key("upstreams").key(&upstream.name).key("url");
    let host = excerpt(upstream.authority.host());
    match forwarded(subject, upstream) {
        Some(method) => {
            let message = format!("credentials of `{}` go to `{host}` in plain", excerpt(method.name));
            Diagnostic::new(&CREDENTIAL_FORWARDED_TO_PLAIN_UPSTREAM, message)
                .at_field(&place, "no TLS, and not this machine")
                .and_at_field(&method.place, "forwarded to upstreams")
                .note("whoever is on the way takes the token and is the user until it ends")
                .help(format!("write the `url` with https, or forward_credential = false; {SAY_SO}"))
        }
        None => Diagnostic::new(&PLAIN_UPSTREAM_OFF_HOST, format!("requests go to `{host}` in plain"))
            .at_field(&place, "no TLS, and not this machine")
            .note("whoever is on the way reads and changes requests and responses, and writes `X-Corsac-Subject`")
            .help(format!("write it with https; {SAY_SO}")),
    }
}

/// A method whose credentials an upstream gets.
fn forwarded<'s, 'c>(subject: &'s Subject<'c>, upstream: &Upstream) -> Option<&'s Method<'c>> {
    let is_own = |own: Option<&Upstream>| own.is_some_and(|own| own.name == upstream.name);
    let mut routes = subject.routes.iter().filter(|route| is_own(route.upstream));
    routes.find_map(|route| subject.methods_of(route).find(|method| method.is_forwarded))
}

/// A store of limits that is asked in plain.
pub(super) fn store(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let Some(store) = subject.config.rate_limit_store.as_ref().filter(|it| !it.trusted_network) else {
        return;
    };
    let Ok(url) = Url::parse(&store.url) else { return };
    let Some(host) = url.host_str().filter(|_| url.scheme() == "redis" && !subject.is_development) else {
        return;
    };
    let confidence = match Reach::of(host) {
        Reach::Loopback => return,
        Reach::Private => Confidence::Medium,
        Reach::Public => Confidence::High,
    };
    // The URL may have a password: no more than its host is repeated.
    out.push(
        Diagnostic::new(
            &PLAIN_STORE_OFF_HOST,
            format!("rate limits are kept at `{}` in plain", excerpt(host)),
        )
        .confidence(confidence)
        .at_field(&FieldPath::root().key("rate_limit_store").key("url"), "no TLS, and not this machine")
        .note("whoever is on the way reads the store's password, and answers that nobody is over a limit")
        .help(format!("run it on this machine, or let a tunnel that encrypts end here; {SAY_SO}")),
    );
}
