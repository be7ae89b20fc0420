//! What the flags of `corsac signal` name, read, with every mistake at once.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use corsac_credentials::MAX_KEY_SET_BYTES;
use corsac_diagnostics::excerpt;
use corsac_events::Secret;
use corsac_signaling::service::{
    DEFAULT_NOTICE, Identity, Limits, ListenConfig, Mistake as ServiceMistake, ServiceConfig,
};
use corsac_signaling::{AccessConfig, AccessMistake, TurnConfig, TurnMistake};

use crate::args::Signal;
use crate::output::Output;

/// Bytes of a chain of certificates or of a key.
const MAX_PEM: usize = 1 << 20;

/// Bytes of a text that users consent to; more is refused with the others.
const MAX_NOTICE: usize = 64 << 10;

/// Bytes of a secret.
const MAX_SECRET: usize = 4 << 10;

/// What is wrong, where, and what to do.
#[derive(Debug)]
pub(super) struct Mistake {
    pub(super) flag: &'static str,
    pub(super) reason: String,
    pub(super) fix: String,
}

impl Mistake {
    pub(super) fn of(mistake: &ServiceMistake) -> Self {
        let flag = match mistake {
            ServiceMistake::Access(AccessMistake::IssuerEmpty) => "--issuer",
            ServiceMistake::Access(_) => "--audience",
            ServiceMistake::Keys(_) => "--jwks",
            ServiceMistake::Ledger(_) => "--ledger",
            ServiceMistake::Limit("connections") => "--max-connections",
            ServiceMistake::Limit("unauthenticated") => "--max-unauthenticated",
            ServiceMistake::Limit(_) => "--max-unauthenticated-per-address",
            ServiceMistake::Node(_) => "--node",
            ServiceMistake::Notice(_) => "--notice",
            ServiceMistake::Turn(TurnMistake::SecretShort(_)) => "--turn-secret",
            ServiceMistake::Turn(TurnMistake::Ttl(_)) => "--turn-ttl",
            ServiceMistake::Turn(_) => "--turn-url",
            ServiceMistake::TurnHook => "--turn-delete-hook",
            _ => "--origin",
        };
        Self { flag, reason: mistake.to_string(), fix: mistake.help() }
    }
}

/// What a service is made of and where it listens.
#[derive(Debug)]
pub(super) struct Setup {
    pub(super) service: ServiceConfig,
    pub(super) listen: ListenConfig,
}

/// # Errors
/// Every mistake of the flags and of the files.
pub(super) fn read(signal: &Signal, output: &Output) -> Result<Setup, Vec<Mistake>> {
    let mut files = Files { output, mistakes: Vec::new() };
    let chain = files.bytes("--tls-cert", &signal.tls_cert, MAX_PEM);
    let key = files.secret("--tls-key", &signal.tls_key, MAX_PEM);
    let identity = files.identity(chain, key);
    let jwks = files.bytes("--jwks", &signal.jwks, MAX_KEY_SET_BYTES);
    let notice = match &signal.notice {
        None => Some(DEFAULT_NOTICE.to_owned()),
        Some(path) => files.text("--notice", path, MAX_NOTICE),
    };
    let turn = signal.turn_secret.as_ref().and_then(|path| files.turn(signal, path));
    // A secret that cannot be read is a mistake already.
    let has_turn = turn.is_some() || signal.turn_secret.is_none();
    let is_read = (jwks.is_some(), notice.is_some());
    let service = ServiceConfig {
        origins: signal.origins.clone(),
        access: AccessConfig {
            audience: signal.audience.clone(),
            issuer: signal.issuer.clone(),
            ..AccessConfig::default()
        },
        jwks: jwks.unwrap_or_default(),
        notice: notice.unwrap_or_default(),
        turn_delete_hook: signal.turn_delete_hook.clone().filter(|_| has_turn),
        turn,
        ledger: signal.ledger.clone(),
        node: signal.node.clone(),
        limits: Limits {
            connections: signal.max_connections,
            unauthenticated: signal.max_unauthenticated,
            unauthenticated_per_network: signal.max_unauthenticated_per_address,
            ..Limits::default()
        },
        ..ServiceConfig::default()
    };
    let mistakes = service.mistakes();
    let is_news = |mistake: &&ServiceMistake| match mistake {
        ServiceMistake::Keys(_) => is_read.0,
        ServiceMistake::Notice(_) => is_read.1,
        _ => true,
    };
    files.mistakes.extend(mistakes.iter().filter(is_news).map(Mistake::of));
    let metrics = signal.metrics_listen;
    let (address, webtransport) = (signal.listen, !signal.no_webtransport);
    match identity {
        Some(identity) if files.mistakes.is_empty() => {
            Ok(Setup { service, listen: ListenConfig { address, identity, webtransport, metrics } })
        }
        _ => Err(files.mistakes),
    }
}

struct Files<'f> {
    output: &'f Output,
    mistakes: Vec<Mistake>,
}

impl Files<'_> {
    fn mistake(&mut self, flag: &'static str, reason: String, fix: &str) {
        self.mistakes.push(Mistake { flag, reason, fix: fix.to_owned() });
    }

    /// A file within a bound.
    fn bytes(&mut self, flag: &'static str, path: &Path, limit: usize) -> Option<Vec<u8>> {
        match open(path, limit) {
            Ok(bytes) => Some(bytes),
            Err((reason, fix)) => {
                let name = path.display().to_string();
                self.mistake(flag, format!("failed to read `{}`: {reason}", excerpt(&name)), fix);
                None
            }
        }
    }

    fn text(&mut self, flag: &'static str, path: &Path, limit: usize) -> Option<String> {
        let text = String::from_utf8(self.bytes(flag, path, limit)?);
        if text.is_err() {
            let name = path.display().to_string();
            self.mistake(flag, format!("`{}` is not UTF-8", excerpt(&name)), "save it as UTF-8");
        }
        text.ok()
    }

    /// A file that nobody else should read.
    fn secret(&mut self, flag: &'static str, path: &Path, limit: usize) -> Option<Vec<u8>> {
        let bytes = self.bytes(flag, path, limit)?;
        let is_public = path.metadata().is_ok_and(|about| about.permissions().mode() & 0o007 != 0);
        if is_public {
            let name = path.display();
            self.output.warn(&format!("every user of this machine may read `{name}`: chmod 600 {name}"));
        }
        Some(bytes)
    }

    fn identity(&mut self, chain: Option<Vec<u8>>, key: Option<Vec<u8>>) -> Option<Identity> {
        match Identity::from_pem(&chain?, &key?) {
            Ok(identity) => Some(identity),
            Err(error) => {
                let flag = if error.is_of_key() { "--tls-key" } else { "--tls-cert" };
                self.mistake(flag, error.to_string(), error.help());
                None
            }
        }
    }

    fn turn(&mut self, signal: &Signal, path: &Path) -> Option<TurnConfig> {
        let bytes = self.secret("--turn-secret", path, MAX_SECRET)?;
        let Ok(text) = String::from_utf8(bytes) else {
            self.mistake("--turn-secret", "the secret is not UTF-8".to_owned(), "take letters and digits");
            return None;
        };
        // Editors end a line.
        let secret = Secret::new(text.trim_end_matches(['\r', '\n']).to_owned());
        let (urls, ttl) = (signal.turn_urls.clone(), signal.turn_ttl);
        Some(TurnConfig { urls, secret, ttl, ..TurnConfig::default() })
    }
}

fn open(path: &Path, limit: usize) -> Result<Vec<u8>, (String, &'static str)> {
    const WHERE: &str = "does the path name the right file, and may this user read it?";
    let about = path.metadata().map_err(|error| match error.kind() {
        ErrorKind::NotFound => ("no such file".to_owned(), WHERE),
        ErrorKind::PermissionDenied => ("permission denied".to_owned(), WHERE),
        _ => (error.to_string(), WHERE),
    })?;
    // Opening a pipe would wait for somebody who writes.
    if !about.is_file() {
        return Err(("it is not a file".to_owned(), WHERE));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| (error.to_string(), WHERE))?;
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(|error| (error.to_string(), WHERE))?;
    if bytes.len() > limit {
        return Err((format!("it is larger than {} KiB", limit >> 10), "is it the right file?"));
    }
    Ok(bytes)
}
