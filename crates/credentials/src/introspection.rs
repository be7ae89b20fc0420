//! Opaque OAuth 2 tokens (RFC 7662): what to ask the authorization server, and how to read
//! its answer. Asking is somebody else's.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use crate::cache::{Generations, TokenHash};
use crate::error::Refusal;
use crate::error::mistake::{ConfigError, Mistakes};
use crate::error::refusal::{IntrospectionRefusal, Unavailable};
use crate::json::{Json, Object};
use crate::jwt::claims::ClaimRules;
use crate::jwt::config::{ClaimNames, MAX_LEEWAY, MAX_TOKEN_BYTES};
use crate::principal::{Method, Principal};
use crate::text::is_b64token;
use crate::time::Timestamp;

/// Bytes of an answer.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// A revoked token is accepted for as long as its answer is kept: an hour is the most that
/// anybody should answer for.
const LONGEST_KEPT: u64 = 3_600;

/// An authorization server that is asked about opaque tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntrospectionConfig {
    /// Its name in logs and in [`Principal::provider`].
    pub name: String,
    /// If given, an answer has this `iss`.
    pub issuer: Option<String>,
    /// Ours. Empty: a token for anybody is accepted, which is right only where the server
    /// answers for our own tokens alone. Otherwise an answer's `aud` has one of them.
    pub audiences: Vec<String>,
    /// What clocks may be apart, for `nbf` and `iat`. Whole seconds, at most 60 s. Default: 30 s.
    pub leeway: Duration,
    /// For so long an answer is kept at most, and never beyond `exp`. Whole seconds, at
    /// most 1 h. Default: 60 s.
    pub active_for: Duration,
    /// For so long it is kept that a token is refused. Whole seconds, at most 60 s. Default: 5 s.
    pub refused_for: Duration,
    /// Default: 4 KiB.
    pub max_token_bytes: usize,
    /// The member that says who. Default: `sub`.
    pub subject_claim: String,
    /// The member that lists roles. Default: none.
    pub roles_claim: Option<String>,
    /// The member with scopes. Default: `scope`.
    pub scopes_claim: String,
    /// Members that must be there.
    pub required_claims: Vec<String>,
    /// Members that the principal keeps.
    pub kept_claims: Vec<String>,
}

impl Default for IntrospectionConfig {
    fn default() -> Self {
        Self {
            name: String::new(),
            issuer: None,
            audiences: Vec::new(),
            leeway: Duration::from_secs(30),
            active_for: Duration::from_secs(60),
            refused_for: Duration::from_secs(5),
            max_token_bytes: 4 * 1024,
            subject_claim: "sub".into(),
            roles_claim: None,
            scopes_claim: "scope".into(),
            required_claims: Vec::new(),
            kept_claims: Vec::new(),
        }
    }
}

/// The rules for opaque tokens of one authorization server.
#[derive(Clone, Debug)]
pub struct Introspection {
    claims: ClaimRules,
    max_token_bytes: usize,
    active_for: Duration,
    refused_for: Duration,
    fingerprint: [u8; 32],
}

impl Introspection {
    /// The only road to the rules.
    ///
    /// # Errors
    ///
    /// Every mistake of the configuration.
    pub fn compile(config: &IntrospectionConfig) -> Result<Self, ConfigError> {
        let mut mistakes = Mistakes::default();
        mistakes.text("name", &config.name);
        if let Some(issuer) = &config.issuer {
            mistakes.text("issuer", issuer);
        }
        mistakes.texts("audiences", &config.audiences);
        mistakes.seconds("leeway", config.leeway, (0, MAX_LEEWAY.as_secs()));
        mistakes.seconds("active_for", config.active_for, (0, LONGEST_KEPT));
        mistakes.seconds("refused_for", config.refused_for, (0, 60));
        let bytes = u64::try_from(config.max_token_bytes).unwrap_or(u64::MAX);
        mistakes.bounds("max_token_bytes", bytes, (1, MAX_TOKEN_BYTES as u64));
        let names = ClaimNames {
            subject: &config.subject_claim,
            roles: config.roles_claim.as_deref(),
            scopes: &config.scopes_claim,
            required: &config.required_claims,
            kept: &config.kept_claims,
        };
        names.check(&mut mistakes);
        mistakes.finish()?;
        Ok(Self {
            claims: ClaimRules {
                provider: config.name.as_str().into(),
                issuer: config.issuer.as_deref().map(Arc::from),
                audiences: config.audiences.clone(),
                leeway: config.leeway,
                ..names.rules()
            },
            max_token_bytes: config.max_token_bytes,
            active_for: config.active_for,
            refused_for: config.refused_for,
            fingerprint: *blake3::hash(format!("introspection {config:?}").as_bytes()).as_bytes(),
        })
    }

    /// Its name in the configuration.
    pub fn name(&self) -> &str {
        &self.claims.provider
    }

    /// The body to send, as `application/x-www-form-urlencoded` (RFC 7662, section 2.1).
    ///
    /// # Errors
    ///
    /// [`IntrospectionRefusal::Malformed`]: the server is not bothered with it.
    pub fn request_body(&self, token: &str) -> Result<SecretString, Refusal> {
        if token.len() > self.max_token_bytes || !is_b64token(token) {
            return Err(IntrospectionRefusal::Malformed.into());
        }
        let mut body = String::with_capacity(token.len() + 64);
        body.push_str("token=");
        for character in token.chars() {
            match character {
                '+' => body.push_str("%2B"),
                '/' => body.push_str("%2F"),
                '=' => body.push_str("%3D"),
                '~' => body.push_str("%7E"),
                other => body.push(other),
            }
        }
        body.push_str("&token_type_hint=access_token");
        Ok(body.into())
    }

    /// Reads the body of a response with status 200 and `application/json`.
    ///
    /// # Errors
    ///
    /// The token is not active, or not for us; [`Unavailable::Answer`] where the body is no
    /// answer, so that nothing is known of the token.
    pub fn read_answer(&self, body: &[u8], now: Timestamp) -> Result<Arc<Principal>, Refusal> {
        if body.len() > MAX_ANSWER_BYTES {
            return Err(Unavailable::Answer("is too long").into());
        }
        let json = Json::parse(body).map_err(|_| Unavailable::Answer("is not JSON that we read"))?;
        let answer = json.as_object().ok_or(Unavailable::Answer("is no object"))?;
        match answer.get("active") {
            Some(Json::Flag(true)) => self.principal(answer, now),
            Some(Json::Flag(false)) => Err(IntrospectionRefusal::Inactive.into()),
            Some(_) => Err(Unavailable::Answer("has an `active` that is neither true nor false").into()),
            None => Err(Unavailable::Answer("has no `active`").into()),
        }
    }

    fn principal(&self, answer: &Object<'_>, now: Timestamp) -> Result<Arc<Principal>, Refusal> {
        match answer.get("token_type") {
            None => {}
            Some(Json::Text(name)) if name.eq_ignore_ascii_case("bearer") => {}
            Some(Json::Text(name)) => {
                return Err(IntrospectionRefusal::TokenType(name.clone().into_owned()).into());
            }
            Some(_) => return Err(Unavailable::Answer("has a `token_type` that is no text").into()),
        }
        self.claims.check_issuer(answer)?;
        if !self.claims.audiences.is_empty() {
            self.claims.check_audience(answer)?;
        }
        let dates = self.claims.check_dates(answer, now)?;
        let principal = self.claims.principal(answer, Method::Introspection, dates.expires_at)?;
        Ok(Arc::new(principal))
    }
}

/// Answers of authorization servers. What is refused has a place of its own, so that
/// strangers' tokens push out strangers' tokens only.
#[derive(Debug)]
pub struct IntrospectionCache {
    hash: TokenHash,
    active: Generations<Kept<Arc<Principal>>>,
    refused: Generations<Kept<Refusal>>,
}

#[derive(Debug)]
struct Kept<V> {
    value: V,
    since: Timestamp,
    until: Timestamp,
}

impl<V> Kept<V> {
    fn holds(&self, now: Timestamp) -> bool {
        self.since <= now && now < self.until
    }
}

impl IntrospectionCache {
    /// Up to `capacity` of each. `hash_key` is random, made at start, and known to nobody.
    pub fn new(capacity: usize, hash_key: [u8; 32]) -> Self {
        let (active, refused) = (Generations::new(capacity), Generations::new(capacity));
        Self { hash: TokenHash::new(hash_key), active, refused }
    }

    /// What is known of the token; `None`: ask.
    pub fn get(
        &mut self,
        rules: &Introspection,
        token: &str,
        now: Timestamp,
    ) -> Option<Result<Arc<Principal>, Refusal>> {
        if token.len() > rules.max_token_bytes {
            return None;
        }
        let hash = self.hash.of(&rules.fingerprint, token);
        if let Some(kept) = self.active.get_if(&hash, |kept| kept.holds(now)) {
            return Some(Ok(Arc::clone(&kept.value)));
        }
        self.refused.get_if(&hash, |kept| kept.holds(now)).map(|kept| Err(kept.value.clone()))
    }

    /// Keeps what [`Introspection::read_answer`] gave for the token. That nothing could be
    /// decided is not kept.
    pub fn insert(
        &mut self,
        rules: &Introspection,
        token: &str,
        answer: &Result<Arc<Principal>, Refusal>,
        now: Timestamp,
    ) {
        let hash = self.hash.of(&rules.fingerprint, token);
        match answer {
            Ok(principal) => {
                let latest = now.plus(rules.active_for);
                let until = principal.expires_at().map_or(latest, |end| end.min(latest));
                self.active.insert(hash, Kept { value: Arc::clone(principal), since: now, until });
            }
            Err(Refusal::Unavailable(_)) => {}
            Err(refusal) => {
                let until = now.plus(rules.refused_for);
                self.refused.insert(hash, Kept { value: refusal.clone(), since: now, until });
            }
        }
    }
}
