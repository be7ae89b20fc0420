//! `[gateway.tls]` and `[upstreams.NAME.tls]`.

use std::sync::Arc;
use std::time::Duration;

use corsac_diagnostics::{Diagnostic, TableReader, excerpt};
use http::header::HeaderValue;
use rustls::pki_types::ServerName;
use rustls::version::TLS13;
use rustls::{RootCertStore, SupportedProtocolVersion};

use super::files::Files;
use super::rules::{EXPOSED_PRIVATE_KEY, dangerous_setting};
use crate::tls::certificate::{Identity, Part};
use crate::tls::server::{BOTH_VERSIONS, ClientCertificates, Terms, Tls};
use crate::tls::upstream::{Trust, UpstreamTls};
use crate::tls::{TlsFileError, pem};

const DAY: Duration = Duration::from_secs(86_400);

/// The longest that browsers are told to remember.
const MAX_STRICT: Duration = Duration::from_secs(3_650 * 86_400);

/// What the preload list asks for (<https://hstspreload.org>).
const MIN_PRELOAD: Duration = Duration::from_secs(365 * 86_400);

/// Certificates of one gateway.
const MAX_CERTIFICATES: usize = 1_000;

/// Reads `[gateway.tls]`.
pub(super) fn gateway(mut table: TableReader<'_>, files: &Files, out: &mut Vec<Diagnostic>) -> Option<Tls> {
    let mistakes = out.len();
    let identities = certificates(&mut table, files, out);
    let versions = versions(&mut table, out);
    let clients = table.table("client_certificates", out).and_then(|table| clients(table, files, out));
    let strict = table.table("strict_transport_security", out).map(|table| strict(table, out));
    let redirect_port = table.integer("redirect_port", (1, 65_535), out);
    let path = table.path().clone();
    table.finish(out);
    if out.iter().skip(mistakes).any(|finding| finding.severity == corsac_diagnostics::Severity::Error) {
        return None;
    }
    match Tls::new(identities, &Terms { versions, clients }) {
        Ok(mut tls) => {
            tls.strict = strict;
            tls.redirect_port = redirect_port.and_then(|port| u16::try_from(port).ok());
            Some(tls)
        }
        Err(error) => {
            let message = format!("`{path}` cannot be served: {error}");
            let finding = Diagnostic::new(&corsac_diagnostics::INVALID_VALUE, message);
            out.push(
                finding
                    .at_field(&path, "cannot be served")
                    .help("check the certificates and the authorities"),
            );
            None
        }
    }
}

fn certificates(table: &mut TableReader<'_>, files: &Files, out: &mut Vec<Diagnostic>) -> Vec<Identity> {
    let key = "certificates";
    let missing = table.missing(key).help("add certificates = [{ chain = \"app.pem\", key = \"app.key\" }]");
    let before = out.len();
    let tables = table.tables(key, out);
    if out.len() == before && tables.is_empty() {
        out.push(missing);
    }
    if tables.len() > MAX_CERTIFICATES {
        let reason = format!("it has more than {MAX_CERTIFICATES} certificates");
        let finding = table.invalid(key, tables.len(), &reason);
        out.push(finding.help("let one certificate cover several names, or run several gateways"));
        return Vec::new();
    }
    let mut identities = Vec::new();
    for mut table in tables {
        let identity = identity(&mut table, files, true, out);
        if let (Some(identity), Some(path)) = (&identity, table.string("chain", out))
            && !identity.has_names()
        {
            out.push(flawed(&table, "chain", path, &TlsFileError::NoNames));
        }
        identities.extend(identity);
        table.finish(out);
    }
    identities
}

/// A chain and its key; `None` if there is a mistake, or neither is there and need not be.
fn identity(
    table: &mut TableReader<'_>,
    files: &Files,
    required: bool,
    out: &mut Vec<Diagnostic>,
) -> Option<Identity> {
    let (chain_name, key_name) = (table.string("chain", out), table.string("key", out));
    let (Some(chain_name), Some(key_name)) = (chain_name, key_name) else {
        let one_is_there = chain_name.is_some() || key_name.is_some();
        for (key, name) in [("chain", chain_name), ("key", key_name)] {
            if name.is_none() && (required || one_is_there) && table.take(key).is_none() {
                out.push(table.missing(key).help(format!("add {key} = \"app.pem\", a file in PEM")));
            }
        }
        return None;
    };
    let chain = files.read(chain_name).and_then(|(bytes, _)| pem::certificates(&bytes));
    let chain = chain.map_err(|error| out.push(flawed(table, "chain", chain_name, &error))).ok();
    let key = files.read(key_name).and_then(|(bytes, is_open)| Ok((pem::private_key(&bytes)?, is_open)));
    let key = key.map_err(|error| out.push(flawed(table, "key", key_name, &error))).ok();
    if let Some((_, true)) = key {
        let message = format!("every user of this machine may read the private key `{}`", excerpt(key_name));
        let finding = Diagnostic::new(&EXPOSED_PRIVATE_KEY, message);
        let finding = finding.at_field(&table.field("key"), "a private key");
        out.push(finding.help(format!("chmod 600 {}", excerpt(key_name))));
    }
    Identity::new(chain?, key?.0, files.now)
        .map_err(|(part, error)| {
            let (key, name) = if part == Part::Chain { ("chain", chain_name) } else { ("key", key_name) };
            out.push(flawed(table, key, name, &error));
        })
        .ok()
}

fn flawed(table: &TableReader<'_>, key: &str, name: &str, error: &TlsFileError) -> Diagnostic {
    table.invalid(key, name, &error.to_string()).help(error.help())
}

fn versions(
    table: &mut TableReader<'_>,
    out: &mut Vec<Diagnostic>,
) -> &'static [&'static SupportedProtocolVersion] {
    static NEW: [&SupportedProtocolVersion; 1] = [&TLS13];
    match table.string("minimum_version", out) {
        None | Some("1.2") => &BOTH_VERSIONS,
        Some("1.3") => &NEW,
        Some(other) => {
            let reason = "the versions are `1.2` and `1.3`";
            let finding = table.invalid("minimum_version", other, reason);
            out.push(finding.help("leave it out: \"1.2\"; what is older is broken"));
            &BOTH_VERSIONS
        }
    }
}

fn clients(
    mut table: TableReader<'_>,
    files: &Files,
    out: &mut Vec<Diagnostic>,
) -> Option<ClientCertificates> {
    let name = table.required_string("ca", out);
    let required = table.boolean("required", out).unwrap_or(true);
    let authorities = name.and_then(|name| authorities(&table, name, files, out));
    table.finish(out);
    Some(ClientCertificates { authorities: authorities?, required })
}

/// The certificate authorities in the file that `ca` names.
fn authorities(
    table: &TableReader<'_>,
    name: &str,
    files: &Files,
    out: &mut Vec<Diagnostic>,
) -> Option<Arc<RootCertStore>> {
    let found = files.read(name).and_then(|(bytes, _)| pem::certificates(&bytes)).and_then(|certificates| {
        let mut roots = RootCertStore::empty();
        for certificate in certificates {
            roots.add(certificate).map_err(|_| TlsFileError::NotACertificate)?;
        }
        Ok(Arc::new(roots))
    });
    found.map_err(|error| out.push(flawed(table, "ca", name, &error))).ok()
}

/// `Strict-Transport-Security` (RFC 6797, section 6.1).
fn strict(mut table: TableReader<'_>, out: &mut Vec<Diagnostic>) -> HeaderValue {
    let max_age = table.duration("max_age", (Duration::ZERO, MAX_STRICT), out).unwrap_or(365 * DAY);
    let include_subdomains = table.boolean("include_subdomains", out).unwrap_or(false);
    let preload = table.boolean("preload", out).unwrap_or(false);
    if preload && (!include_subdomains || max_age < MIN_PRELOAD) {
        let reason = "the preload list takes no domain without its subdomains and a year";
        let help = "add include_subdomains = true and max_age = \"365d\", if every subdomain serves https";
        out.push(table.invalid("preload", preload, reason).help(help));
    }
    table.finish(out);
    let mut text = format!("max-age={}", max_age.as_secs());
    if include_subdomains {
        text.push_str("; includeSubDomains");
    }
    if preload {
        text.push_str("; preload");
    }
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("max-age=0"))
}

/// Reads `[upstreams.NAME.tls]` of an upstream at `host`; without the table, the defaults.
pub(super) fn upstream(
    table: Option<TableReader<'_>>,
    host: &str,
    files: &Files,
    out: &mut Vec<Diagnostic>,
) -> Result<UpstreamTls, Option<String>> {
    let (mut written, mut roots, mut own, mut dangerously_any) = (None, None, None, false);
    let before = out.len();
    if let Some(mut table) = table {
        let ca = table.string("ca", out);
        roots = ca.and_then(|name| authorities(&table, name, files, out));
        own = identity(&mut table, files, false, out);
        written = table.string("server_name", out);
        if let Some(name) = written
            && ServerName::try_from(name).is_err()
        {
            let finding = table.invalid("server_name", name, "it is no DNS name and no IP address");
            out.push(finding.help("write it like \"api.internal.example\", without a port"));
        }
        if let Some(table) = table.table("dangerous", out) {
            dangerously_any = dangerous(table, out);
        }
        table.finish(out);
    }
    if out.iter().skip(before).any(|finding| finding.severity == corsac_diagnostics::Severity::Error) {
        return Err(None);
    }
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let name = ServerName::try_from(written.unwrap_or(host).to_owned());
    let name = name.map_err(|_| Some("its host is no name that a certificate can have".to_owned()))?;
    let trust = if dangerously_any {
        Trust::DangerouslyAny
    } else {
        Trust::Roots(roots.unwrap_or_else(|| files.system_roots()))
    };
    UpstreamTls::new(name, &trust, own.as_ref()).map_err(|error| {
        Some(format!("its certificate cannot be verified: {error}; name a file of authorities: tls.ca"))
    })
}

fn dangerous(mut table: TableReader<'_>, out: &mut Vec<Diagnostic>) -> bool {
    let key = "skip_verification";
    let on = table.boolean(key, out).unwrap_or(false);
    if on {
        let message = format!(
            "`{}` is on: whoever is on the way to the upstream can read and change everything",
            table.field(key)
        );
        let finding = Diagnostic::new(dangerous_setting(), message).at_field(&table.field(key), "");
        out.push(finding.help("name the upstream's authority instead: ca = \"upstream.pem\""));
    }
    table.finish(out);
    on
}
