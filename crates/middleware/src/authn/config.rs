//! What people write, and what may be wrong with it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use corsac_credentials::{IntrospectionConfig, JwksCacheConfig, PlacesConfig, ProviderConfig};
use corsac_diagnostics::excerpt;

use crate::mistake;
use secrecy::{ExposeSecret, SecretString};

/// Methods of each kind, and groups, of one configuration.
pub const MAX_DEFINITIONS: usize = 256;

/// Methods of one group: each is looked for in every request.
pub const MAX_GROUP_METHODS: usize = 8;

/// Bytes of a name, which stands in responses and in what upstreams are told.
pub const MAX_NAME: usize = 32;

/// What a route says whose callers the service behind authenticates. No group has the name.
pub const UPSTREAM: &str = "upstream";

/// Bytes of a URL that somebody configures.
pub const MAX_URL: usize = 1_024;

/// Verified tokens that may be remembered, some 500 bytes each.
pub const MAX_VERIFIED: usize = 10_000_000;

/// Answers about opaque tokens that may be remembered.
pub const MAX_ANSWERS: usize = 1_000_000;

/// Questions about opaque tokens at the same time.
pub const MAX_CONCURRENCY: usize = 1_024;

/// Who may be recognized, how, and on which routes.
#[derive(Clone, Debug)]
pub struct AuthnConfig {
    /// Issuers of signed tokens.
    pub jwt: Vec<JwtConfig>,
    /// Authorization servers that are asked about opaque tokens.
    pub introspection: Vec<OpaqueConfig>,
    /// Files of API keys.
    pub api_keys: Vec<ApiKeyConfig>,
    /// What routes take.
    pub groups: Vec<GroupConfig>,
    /// Verified tokens that are remembered, of all issuers together. Default: 65,536.
    pub verified_tokens: usize,
}

impl Default for AuthnConfig {
    fn default() -> Self {
        Self {
            jwt: Vec::new(),
            introspection: Vec::new(),
            api_keys: Vec::new(),
            groups: Vec::new(),
            verified_tokens: 65_536,
        }
    }
}

impl AuthnConfig {
    /// The files that it names, to be watched: a change of one is a change of the
    /// configuration.
    pub fn files(&self) -> Vec<&Path> {
        let keys = self.jwt.iter().filter_map(|jwt| match &jwt.keys {
            KeySource::File(path) => Some(path.as_path()),
            KeySource::Url(_) => None,
        });
        let secrets = self.introspection.iter().filter_map(|opaque| match &opaque.client_secret {
            ClientSecret::File(path) => Some(path.as_path()),
            ClientSecret::Text(_) => None,
        });
        let api_keys = self.api_keys.iter().flat_map(|keys| [keys.file.as_path(), &keys.hash_key_file]);
        let mut files: Vec<_> = keys.chain(secrets).chain(api_keys).collect();
        files.sort_unstable();
        files.dedup();
        files
    }
}

/// Signed tokens of one issuer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JwtConfig {
    /// The rules for its tokens; its name is the method's.
    pub provider: ProviderConfig,
    /// Where its keys are.
    pub keys: KeySource,
    /// How keys of a URL are kept.
    pub cache: JwksCacheConfig,
    /// Where tokens stand.
    pub places: PlacesConfig,
    /// Whether the upstream gets the token too. Default: yes; it is bound to an audience,
    /// and ends soon.
    pub forward_credential: Option<bool>,
}

/// Where an issuer's keys (RFC 7517) are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// In a file. Secrets, which `dangerously_shared_secret` allows, are nowhere else.
    File(PathBuf),
    /// At a URL: `https`, or `http` on the same machine.
    Url(String),
}

impl Default for KeySource {
    fn default() -> Self {
        Self::Url(String::new())
    }
}

/// Opaque tokens of one authorization server.
#[derive(Clone, Debug)]
pub struct OpaqueConfig {
    /// The rules for its answers; its name is the method's.
    pub rules: IntrospectionConfig,
    /// Where it is asked: `https`, or `http` on the same machine.
    pub endpoint: String,
    /// Who asks.
    pub client_id: String,
    /// How it knows that we do.
    pub client_secret: ClientSecret,
    /// For so long an answer is waited for. Whole seconds, at most 30 s. Default: 5 s.
    pub timeout: Duration,
    /// Questions at the same time; one more is not asked. Default: 64.
    pub concurrency: usize,
    /// Answers that are remembered. Default: 16,384.
    pub answers: usize,
    /// Where tokens stand.
    pub places: PlacesConfig,
    /// Whether the upstream gets the token too. Default: yes.
    pub forward_credential: Option<bool>,
}

impl Default for OpaqueConfig {
    fn default() -> Self {
        Self {
            rules: IntrospectionConfig::default(),
            endpoint: String::new(),
            client_id: String::new(),
            client_secret: ClientSecret::File(PathBuf::new()),
            timeout: Duration::from_secs(5),
            concurrency: 64,
            answers: 16_384,
            places: PlacesConfig::default(),
            forward_credential: None,
        }
    }
}

/// The secret of a client. `Debug` does not show it.
#[derive(Clone, Debug)]
pub enum ClientSecret {
    /// In a file, with or without a line's end.
    File(PathBuf),
    /// The secret itself.
    Text(SecretString),
}

impl PartialEq for ClientSecret {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File(own), Self::File(other)) => own == other,
            (Self::Text(own), Self::Text(other)) => own.expose_secret() == other.expose_secret(),
            _ => false,
        }
    }
}

/// API keys of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiKeyConfig {
    /// The method's name.
    pub name: String,
    /// What each of them begins with.
    pub prefix: String,
    /// The entries, as `corsac key` writes them.
    pub file: PathBuf,
    /// The key under which they are hashed: 64 hexadecimal digits.
    pub hash_key_file: PathBuf,
    /// Where keys stand.
    pub places: PlacesConfig,
    /// Whether the upstream gets the key too. Default: no; it lives long, and says
    /// nothing that the upstream is not told otherwise.
    pub forward_credential: Option<bool>,
}

/// What a route takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupConfig {
    /// How routes name it.
    pub name: String,
    /// The methods, by name, in the order in which they are looked for.
    pub methods: Vec<String>,
    /// What challenges call the protected space. Default: the group's name.
    pub realm: Option<String>,
    /// Where navigations without a credential are sent: a URL, or a path of the same
    /// host. Default: nowhere; they get 401 as everybody else does.
    pub sign_in: Option<String>,
    /// The parameter of that page that tells it the path to return to.
    pub return_parameter: String,
    /// Whether the upstream is told who calls, in fields of its own. Default: yes.
    pub identity_fields: bool,
}

impl Default for GroupConfig {
    fn default() -> Self {
        Self {
            name: String::new(),
            methods: Vec::new(),
            realm: None,
            sign_in: None,
            return_parameter: "return_to".into(),
            identity_fields: true,
        }
    }
}

/// What is in a file that a configuration names.
#[derive(Clone)]
pub struct Contents {
    /// All of it.
    pub bytes: Vec<u8>,
    /// Whether every user of the machine may read it.
    pub is_public: bool,
}

impl fmt::Debug for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contents").field("is_public", &self.is_public).finish_non_exhaustive()
    }
}

/// Reads a file of at most so many bytes; a longer one is an error of the kind
/// [`io::ErrorKind::FileTooLarge`]. [`super::read_file`] reads the disk.
pub type ReadFile<'r> = &'r dyn Fn(&Path, u64) -> io::Result<Contents>;

/// One mistake.
pub type Mistake = mistake::Mistake<MistakeKind>;

/// What is wrong with a configuration. None of them repeats what is in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MistakeKind {
    /// An entry of a file of API keys, and what is wrong with it.
    ApiKeys(String),
    /// What a rule for credentials says.
    Credential(corsac_credentials::MistakeKind),
    /// The same name a second time; methods of all kinds share their names.
    Duplicate(String),
    /// A file that is empty.
    FileEmpty(PathBuf),
    /// A file that anybody on the machine may read; a warning.
    FilePublic(PathBuf),
    /// A file that cannot be read, and why.
    FileUnreadable(PathBuf, String),
    /// A credential of the query, which no field's removal keeps from the upstream.
    ForwardedQuery,
    /// Not the key under which API keys are hashed.
    HashKey(PathBuf),
    /// A set of keys, and what is wrong with it.
    KeySet(String),
    /// A key of a set that is not used, and why; a warning.
    KeyUnused(String),
    /// Not a name.
    NameInvalid(String),
    /// The name by which routes say that the service behind authenticates.
    NameReserved,
    /// A group that takes nothing.
    NoMethods,
    /// A number out of bounds.
    OutOfBounds {
        /// As written.
        value: u64,
        /// The least.
        least: u64,
        /// The most.
        most: u64,
    },
    /// A method that is never asked, as another one takes what stands in the same place.
    PlaceTaken {
        /// The method.
        method: String,
        /// The one before it.
        by: String,
    },
    /// Not what a challenge may say.
    RealmInvalid(String),
    /// A shared secret that would travel.
    SecretRemote,
    /// Of a set of keys, a shared secret that can be guessed; a warning where others are used.
    SecretShort(String),
    /// More entries than there may be.
    TooMany {
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// No method has this name.
    UnknownMethod(String),
    /// Not a URL that serves the purpose, and why; without the URL, which may have a
    /// password.
    Url(&'static str),
}

impl fmt::Display for MistakeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ApiKeys(reason) => write!(f, "the file of API keys: {reason}"),
            Self::Credential(kind) => kind.fmt(f),
            Self::Duplicate(name) => write!(f, "`{}` stands here twice", excerpt(name)),
            Self::FileEmpty(path) => write!(f, "`{}` is empty", path.display()),
            Self::FilePublic(path) => write!(f, "every user of this machine may read `{}`", path.display()),
            Self::FileUnreadable(path, reason) => {
                write!(f, "`{}` cannot be read: {reason}", path.display())
            }
            Self::ForwardedQuery => f.write_str("a credential in the query is always forwarded"),
            Self::HashKey(path) => {
                write!(f, "`{}` does not hold a key of 64 hexadecimal digits", path.display())
            }
            Self::KeySet(reason) | Self::KeyUnused(reason) | Self::SecretShort(reason) => f.write_str(reason),
            Self::NameInvalid(name) => write!(
                f,
                "`{}` is not a name: 1 to {MAX_NAME} lower-case letters, digits, `-` and `_`",
                excerpt(name)
            ),
            Self::NameReserved => {
                write!(f, "by `{UPSTREAM}` a route says that the service behind it authenticates")
            }
            Self::NoMethods => f.write_str("nobody could ever be recognized"),
            Self::OutOfBounds { value, least, most } => write!(f, "{value} is not from {least} to {most}"),
            Self::PlaceTaken { method, by } => {
                write!(f, "`{method}` is never asked: `{by}` takes what stands in the same place")
            }
            Self::RealmInvalid(realm) => {
                write!(
                    f,
                    "`{}` is not 1 to 64 visible ASCII characters without `\"` and `\\`",
                    excerpt(realm)
                )
            }
            Self::SecretRemote => f.write_str("a shared secret does not travel"),
            Self::TooMany { count, most } => write!(f, "{count} entries, at most {most} fit"),
            Self::UnknownMethod(name) => write!(f, "no method is named `{}`", excerpt(name)),
            Self::Url(reason) => f.write_str(reason),
        }
    }
}

impl MistakeKind {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        use corsac_credentials::MistakeKind as Credential;
        match self {
            Self::ApiKeys(_) => "`corsac key list` shows the file's entries",
            Self::Credential(Credential::SharedSecret(_)) => {
                "let the issuer sign with ES256 or EdDSA; or say so: [jwt.NAME.dangerous] shared_secret = true"
            }
            Self::Credential(Credential::MixedAlgorithms) => "make two methods of it",
            Self::Credential(Credential::AlgorithmUnknown(_)) => {
                "write what the issuer signs with: \"ES256\", \"EdDSA\", \"PS256\" or \"RS256\""
            }
            Self::Credential(_) => "docs/authentication.md lists what each key takes",
            Self::Duplicate(_) => "give each a name of its own, and name each once",
            Self::FileEmpty(_) => "write the secret into it",
            Self::FilePublic(_) => "take the right away: chmod o-r FILE",
            Self::FileUnreadable(..) => {
                "paths are relative to the policy file; the gateway's user must read them"
            }
            Self::ForwardedQuery => {
                "leave `forward_credential` out, or take the credential from a header field"
            }
            Self::HashKey(_) => "`corsac key new --hash-key FILE` makes one",
            Self::KeySet(_) => "write an RFC 7517 key set that has a key for one of `algorithms`",
            Self::KeyUnused(_) => "the other keys are used; remove this one, or mend it",
            Self::NameInvalid(_) => "write it like \"sign_in\"",
            Self::NameReserved => "give the group another name",
            Self::NoMethods => "name methods: methods = [\"sign_in\"]",
            Self::OutOfBounds { .. } => "write a number between the two",
            Self::PlaceTaken { .. } => "take one of them from a header field or a cookie of its own",
            Self::RealmInvalid(_) => "write it like \"api\"",
            Self::SecretRemote => "put the key set into a file that only the gateway's user reads",
            Self::SecretShort(_) => "make one of 64 random bytes: openssl rand 64 | basenc --base64url -w0",
            Self::TooMany { .. } => "leave some out",
            Self::UnknownMethod(_) => "define it under [jwt.NAME], [introspection.NAME] or [api_keys.NAME]",
            Self::Url(_) => "write it with its scheme and host, like \"https://id.example.com/path\"",
        }
    }
}

/// All mistakes of a configuration that cannot be compiled.
pub type AuthnErrors = mistake::Mistakes<MistakeKind>;
