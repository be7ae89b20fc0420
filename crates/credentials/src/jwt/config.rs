//! What people write about an issuer, and its way to a [`Provider`].

use std::time::Duration;

use crate::error::mistake::{ConfigError, MistakeKind, Mistakes};
use crate::jwt::Provider;
use crate::jwt::algorithm::Algorithm;
use crate::jwt::claims::{ClaimPath, ClaimRules};
use crate::jwt::header::TypeRules;

/// What two clocks may be apart: RFC 7519, section 4.1.5, "no more than a few minutes";
/// machines that serve HTTPS are closer.
pub const MAX_LEEWAY: Duration = Duration::from_secs(60);

/// The longest token that any provider may send: what a request's head may have altogether
/// on most servers.
pub const MAX_TOKEN_BYTES: usize = 64 * 1024;

/// The shortest limit that lets any signed token pass.
const LEAST_TOKEN_BYTES: u64 = 128;

/// A token that lives longer than a year is not a token but a password.
const MAX_LIFETIME: u64 = 366 * 86_400;

/// An issuer of JWTs and the rules for its tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderConfig {
    /// Its name in logs and in [`crate::Principal::provider`].
    pub name: String,
    /// `iss`, byte by byte: `https://id.example.com` is not `https://id.example.com/`.
    pub issuer: String,
    /// Ours; a token's `aud` has at least one of them.
    pub audiences: Vec<String>,
    /// `alg` of its tokens: `ES256`, `EdDSA`, `RS256`, …
    pub algorithms: Vec<String>,
    /// `typ` of its tokens, compared as media types, so `application/at+jwt` is `at+jwt`.
    /// Default: `at+jwt` (RFC 9068). An issuer whose access tokens say `JWT` lets nobody
    /// tell them from its ID tokens but by `aud`.
    pub token_types: Vec<String>,
    /// Whether `typ` may be absent. Default: no.
    pub type_may_be_absent: bool,
    /// What clocks may be apart, for `nbf` and `iat`: whole seconds, at most [`MAX_LEEWAY`].
    /// `exp` has none. Default: 30 s.
    pub leeway: Duration,
    /// From `iat` to `exp` at most; from now, where there is no `iat`. Whole seconds.
    /// Default: 24 h.
    pub max_lifetime: Duration,
    /// Default: 8 KiB; at most [`MAX_TOKEN_BYTES`].
    pub max_token_bytes: usize,
    /// The claim that says who. Default: `sub`. A name, or a JSON Pointer (RFC 6901) where
    /// it begins with `/`; so are the others.
    pub subject_claim: String,
    /// The claim that lists roles: a text or a list of texts. Default: none.
    pub roles_claim: Option<String>,
    /// The claim with scopes: one text with spaces (RFC 8693, section 4.2) or a list.
    /// Default: `scope`.
    pub scopes_claim: String,
    /// Claims that must be there, beside `iss`, `aud`, `exp` and the subject.
    pub required_claims: Vec<String>,
    /// Claims that the principal keeps.
    pub kept_claims: Vec<String>,
    /// Allows `HS256`, `HS384` and `HS512`, with secrets from a local file: whoever can
    /// verify such a token can forge one. Default: no.
    pub dangerously_shared_secret: bool,
}

impl Default for ProviderConfig {
    fn default() -> Self {
        Self {
            name: String::new(),
            issuer: String::new(),
            audiences: Vec::new(),
            algorithms: Vec::new(),
            token_types: vec!["at+jwt".into()],
            type_may_be_absent: false,
            leeway: Duration::from_secs(30),
            max_lifetime: Duration::from_secs(86_400),
            max_token_bytes: 8 * 1024,
            subject_claim: "sub".into(),
            roles_claim: None,
            scopes_claim: "scope".into(),
            required_claims: Vec::new(),
            kept_claims: Vec::new(),
            dangerously_shared_secret: false,
        }
    }
}

pub(crate) fn compile(config: &ProviderConfig) -> Result<Provider, ConfigError> {
    let mut mistakes = Mistakes::default();
    mistakes.text("name", &config.name);
    mistakes.text("issuer", &config.issuer);
    if config.audiences.is_empty() {
        mistakes.report("audiences", MistakeKind::Empty);
    }
    mistakes.texts("audiences", &config.audiences);
    let algorithms = algorithms(config, &mut mistakes);
    if config.token_types.is_empty() && !config.type_may_be_absent {
        mistakes.report("token_types", MistakeKind::Empty);
    }
    mistakes.texts("token_types", &config.token_types);
    mistakes.seconds("leeway", config.leeway, (0, MAX_LEEWAY.as_secs()));
    mistakes.seconds("max_lifetime", config.max_lifetime, (1, MAX_LIFETIME));
    let bytes = u64::try_from(config.max_token_bytes).unwrap_or(u64::MAX);
    mistakes.bounds("max_token_bytes", bytes, (LEAST_TOKEN_BYTES, MAX_TOKEN_BYTES as u64));
    let paths = ClaimNames {
        subject: &config.subject_claim,
        roles: config.roles_claim.as_deref(),
        scopes: &config.scopes_claim,
        required: &config.required_claims,
        kept: &config.kept_claims,
    };
    paths.check(&mut mistakes);
    mistakes.finish()?;
    let claims = ClaimRules {
        provider: config.name.as_str().into(),
        issuer: Some(config.issuer.as_str().into()),
        audiences: config.audiences.clone(),
        leeway: config.leeway,
        ..paths.rules()
    };
    Ok(Provider {
        claims,
        algorithms,
        types: TypeRules::new(&config.token_types, config.type_may_be_absent),
        max_lifetime: config.max_lifetime,
        max_token_bytes: config.max_token_bytes,
        // All that decides about a token is in it, and no secret.
        fingerprint: *blake3::hash(format!("jwt {config:?}").as_bytes()).as_bytes(),
    })
}

fn algorithms(config: &ProviderConfig, mistakes: &mut Mistakes) -> Vec<Algorithm> {
    if config.algorithms.is_empty() {
        mistakes.report("algorithms", MistakeKind::Empty);
    }
    let mut algorithms = Vec::new();
    for (index, name) in config.algorithms.iter().enumerate() {
        let field = format!("algorithms[{index}]");
        match Algorithm::parse(name) {
            None => mistakes.report(field, MistakeKind::AlgorithmUnknown(name.clone())),
            Some(algorithm) if algorithms.contains(&algorithm) => {
                mistakes.report(field, MistakeKind::Repeated(name.clone()));
            }
            Some(algorithm) => {
                if algorithm.is_symmetric() && !config.dangerously_shared_secret {
                    mistakes.report(field, MistakeKind::SharedSecret(name.clone()));
                }
                algorithms.push(algorithm);
            }
        }
    }
    let symmetric = algorithms.iter().filter(|algorithm| algorithm.is_symmetric()).count();
    if symmetric != 0 && symmetric != algorithms.len() {
        mistakes.report("algorithms", MistakeKind::MixedAlgorithms);
    }
    algorithms
}

/// The claims that a configuration names.
pub(crate) struct ClaimNames<'c> {
    pub(crate) subject: &'c str,
    pub(crate) roles: Option<&'c str>,
    pub(crate) scopes: &'c str,
    pub(crate) required: &'c [String],
    pub(crate) kept: &'c [String],
}

impl ClaimNames<'_> {
    pub(crate) fn check(&self, mistakes: &mut Mistakes) {
        mistakes.text("subject_claim", self.subject);
        if let Some(roles) = self.roles {
            mistakes.text("roles_claim", roles);
        }
        mistakes.text("scopes_claim", self.scopes);
        mistakes.texts("required_claims", self.required);
        mistakes.texts("kept_claims", self.kept);
    }

    /// Rules that lack whose tokens they are for.
    pub(crate) fn rules(&self) -> ClaimRules {
        let paths = |names: &[String]| names.iter().map(|name| ClaimPath::new(name)).collect();
        ClaimRules {
            provider: "".into(),
            issuer: None,
            audiences: Vec::new(),
            leeway: Duration::ZERO,
            subject: ClaimPath::new(self.subject),
            roles: self.roles.map(ClaimPath::new),
            scopes: ClaimPath::new(self.scopes),
            required: paths(self.required),
            kept: paths(self.kept),
        }
    }
}
