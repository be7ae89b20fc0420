//! What people write, and what is wrong with it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use corsac_credentials::{KeySet, KeySetError};
use corsac_events::Recorder;

use super::clock::Clock;
use super::hub::ledger_file::{LedgerFile, LedgerFileError};
use super::origins::{OriginMistake, Origins};
use crate::ticket::{AccessConfig, AccessMistake, AccessRules};
use crate::turn::{TurnConfig, TurnMistake, TurnServer};

/// Bytes of a consent text: every peer gets it.
const MAX_NOTICE: usize = 8 * 1024;

/// Bytes of a node's name.
const MAX_NODE: usize = 64;

/// What users consent to, where nobody wrote anything better.
pub const DEFAULT_NOTICE: &str = "You are about to send audio, video, your screen or files to the others in this \
     room. Only what you choose is sent, directly or through a relay, encrypted between you and them. That you agreed, and to \
     what, is recorded with your name. You can take your consent back at any time; sending then stops within seconds.";

/// How much a service takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections in all. No more are accepted; they wait in the kernel. Default: 65,536.
    pub connections: usize,
    /// Connections in all that have not said who they are: the oldest goes. Default: 8,192.
    pub unauthenticated: usize,
    /// Those of one IPv4 address or one IPv6 /64: its oldest goes. Default: 1,024.
    pub unauthenticated_per_network: usize,
    /// For TLS and QUIC, and then again for the request. Default: 5 s.
    pub handshake_time: Duration,
    /// From `challenge` to `hello`. Default: 5 s, as the protocol has it.
    pub hello_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 65_536,
            unauthenticated: 8_192,
            unauthenticated_per_network: 1_024,
            handshake_time: Duration::from_secs(5),
            hello_time: Duration::from_secs(5),
        }
    }
}

/// What a service is made of.
#[derive(Debug)]
pub struct ServiceConfig {
    /// Whose pages may connect, in the spelling of browsers; at least one.
    pub origins: Vec<String>,
    /// Whose tokens are accepted.
    pub access: AccessConfig,
    /// The keys of the issuer: a JWK set (RFC 7517, section 5).
    pub jwks: Vec<u8>,
    /// What users are asked when they consent. Default: [`DEFAULT_NOTICE`].
    pub notice: String,
    /// A TURN server, if there is one.
    pub turn: Option<TurnConfig>,
    /// A command that deletes what a TURN server has for the user name that is its argument. It is run without
    /// a shell, one at a time, for at most 10 s, and again after 1 s and 5 s if it fails.
    pub turn_delete_hook: Option<PathBuf>,
    /// The ledger's file. Default: none, receipts are numbered and chained but kept nowhere.
    pub ledger: Option<PathBuf>,
    /// This server's name in metrics. Default: `node`.
    pub node: String,
    /// How much it takes.
    pub limits: Limits,
    /// Takes security events.
    pub recorder: Option<Recorder>,
    /// Tells the time.
    pub clock: Clock,
}

impl Default for ServiceConfig {
    fn default() -> Self {
        Self {
            origins: Vec::new(),
            access: AccessConfig::default(),
            jwks: Vec::new(),
            notice: DEFAULT_NOTICE.to_owned(),
            turn: None,
            turn_delete_hook: None,
            ledger: None,
            node: "node".to_owned(),
            limits: Limits::default(),
            recorder: None,
            clock: Clock::default(),
        }
    }
}

/// A mistake in a [`ServiceConfig`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Mistake {
    /// Whose tokens are accepted.
    Access(AccessMistake),
    /// The issuer's keys.
    Keys(KeySetError),
    /// The ledger's file.
    Ledger(LedgerFileError),
    /// A limit of 0.
    Limit(&'static str),
    /// No origin: no page could connect.
    NoOrigin,
    /// Not 1 to 64 letters, digits, `-`, `_` and `.`.
    Node(String),
    /// No text, or so many bytes.
    Notice(usize),
    /// An entry of the origins.
    Origin(OriginMistake),
    /// The TURN server.
    Turn(TurnMistake),
    /// A hook without a TURN server.
    TurnHook,
}

impl Mistake {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Access(AccessMistake::AudienceEmpty) => {
                "name what your tokens say in `aud`, such as https://calls.example.com".to_owned()
            }
            Self::Access(AccessMistake::IssuerEmpty) => {
                "name what your tokens say in `iss`, or leave it out".to_owned()
            }
            Self::Access(_) => "take a leeway that fits a machine whose clock is kept right".to_owned(),
            Self::Keys(_) => {
                "it is the JWK set of your identity provider, with ES256 or EdDSA keys".to_owned()
            }
            Self::Ledger(LedgerFileError::Broken(..)) => {
                "somebody changed it: keep it as evidence, and begin another file".to_owned()
            }
            Self::Ledger(LedgerFileError::InUse(_)) => "give each server a file of its own".to_owned(),
            Self::Ledger(LedgerFileError::Io(..)) => {
                "does its folder exist, and may this user write there?".to_owned()
            }
            Self::Limit(_) => "take 1 or more".to_owned(),
            Self::NoOrigin => "name the pages that may connect, such as https://app.example.com".to_owned(),
            Self::Node(_) => "take letters, digits, `-`, `_` and `.`".to_owned(),
            Self::Notice(_) => format!("say in 1 to {MAX_NOTICE} bytes what users agree to"),
            Self::Origin(mistake) => match mistake.right() {
                Some(right) => format!("write {right}"),
                None => {
                    "write scheme and host as browsers send them, such as https://app.example.com".to_owned()
                }
            },
            Self::Turn(_) => "see `use-auth-secret` and `static-auth-secret` of your TURN server".to_owned(),
            Self::TurnHook => "name the TURN server too, or leave the hook out".to_owned(),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Access(mistake) => mistake.fmt(f),
            Self::Keys(error) => error.fmt(f),
            Self::Ledger(error) => error.fmt(f),
            Self::Limit(name) => write!(f, "`{name}` is 0: nobody could connect"),
            Self::NoOrigin => f.write_str("there is no origin: no page could connect"),
            Self::Node(name) => write!(f, "`{name}` is no name of a node"),
            Self::Notice(0) => f.write_str("the consent text is empty"),
            Self::Notice(bytes) => write!(f, "a consent text of {bytes} bytes, {MAX_NOTICE} are allowed"),
            Self::Origin(OriginMistake { written, error: Some(error) }) => {
                write!(f, "`{written}` is no origin that browsers send: {error}")
            }
            Self::Origin(OriginMistake { written, error: None }) => {
                write!(f, "`{written}` is the origin of every sandboxed frame, whoever wrote it")
            }
            Self::Turn(mistake) => mistake.fmt(f),
            Self::TurnHook => {
                f.write_str("there is a hook that deletes at a TURN server, and no TURN server")
            }
        }
    }
}

impl std::error::Error for Mistake {}

impl ServiceConfig {
    /// Every mistake at once, also in what the ledger's file has; nothing is started or written.
    pub fn mistakes(&self) -> Vec<Mistake> {
        let mut mistakes = Compiled::of(self).err().unwrap_or_default();
        let ledger = self.ledger.as_deref().map(LedgerFile::inspect);
        mistakes.extend(ledger.and_then(Result::err).map(Mistake::Ledger));
        mistakes
    }
}

/// The parts of a configuration that are right.
pub(super) struct Compiled {
    pub(super) origins: Origins,
    pub(super) rules: AccessRules,
    pub(super) keys: KeySet,
    pub(super) turn: Option<TurnServer>,
}

impl Compiled {
    pub(super) fn of(config: &ServiceConfig) -> Result<Self, Vec<Mistake>> {
        let mut mistakes = check(config);
        let origins = keep(Origins::compile(&config.origins), Mistake::Origin, &mut mistakes);
        let rules = keep(AccessRules::compile(&config.access), Mistake::Access, &mut mistakes);
        let keys = KeySet::parse(&config.jwks, &AccessRules::key_rules());
        let keys = keep(keys.map_err(|error| vec![error]), Mistake::Keys, &mut mistakes);
        let turn = config.turn.as_ref().map(TurnServer::compile).transpose();
        let turn = keep(turn, Mistake::Turn, &mut mistakes);
        match (origins, rules, keys, turn) {
            (Some(origins), Some(rules), Some(keys), Some(turn)) if mistakes.is_empty() => {
                Ok(Self { origins, rules, keys, turn })
            }
            _ => Err(mistakes),
        }
    }
}

/// What was made, or its mistakes among the others.
fn keep<T, E>(made: Result<T, Vec<E>>, name: fn(E) -> Mistake, mistakes: &mut Vec<Mistake>) -> Option<T> {
    made.map_err(|errors| mistakes.extend(errors.into_iter().map(name))).ok()
}

fn check(config: &ServiceConfig) -> Vec<Mistake> {
    let limits = &config.limits;
    let mut mistakes = Vec::new();
    for (name, limit) in [
        ("connections", limits.connections),
        ("unauthenticated", limits.unauthenticated),
        ("unauthenticated_per_network", limits.unauthenticated_per_network),
    ] {
        if limit == 0 {
            mistakes.push(Mistake::Limit(name));
        }
    }
    if config.origins.is_empty() {
        mistakes.push(Mistake::NoOrigin);
    }
    if !(1..=MAX_NOTICE).contains(&config.notice.len()) {
        mistakes.push(Mistake::Notice(config.notice.len()));
    }
    let is_named = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if !(1..=MAX_NODE).contains(&config.node.len()) || !config.node.bytes().all(is_named) {
        mistakes.push(Mistake::Node(config.node.clone()));
    }
    if config.turn_delete_hook.is_some() && config.turn.is_none() {
        mistakes.push(Mistake::TurnHook);
    }
    mistakes
}
