//! From what people write to what runs, reporting every mistake.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Debug;
use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;
use std::sync::Arc;

use corsac_credentials::{
    ApiKeys, ApiKeysConfig, ConfigError, HASH_KEY_BYTES, Introspection, JwksCache, KeyRejection, KeySet,
    KeySetError, MAX_KEY_SET_BYTES, Places, PlacesConfig, Provider, ProviderConfig, RejectedKey,
};
use corsac_diagnostics::{FieldPath, MAX_DOCUMENT_BYTES, unreadable};
use http::header::HeaderName;
use http::{HeaderValue, Uri};
use secrecy::{ExposeSecret, SecretBox, SecretString};

use super::answer::{Answers, Scheme, SignIn};
use super::api_keys::{parse_hash_key, read_api_keys};
use super::config::{
    ApiKeyConfig, AuthnConfig, AuthnErrors, ClientSecret, Contents, GroupConfig, JwtConfig, KeySource,
    MAX_ANSWERS, MAX_CONCURRENCY, MAX_DEFINITIONS, MAX_GROUP_METHODS, MAX_NAME, MAX_VERIFIED, Mistake,
    MistakeKind, OpaqueConfig, ReadFile, UPSTREAM,
};
use super::decide::{Authn, Group, Kind, Method};
use super::identity::Forwarding;
use super::keys::{Jwt, Keys, RemoteKeys, Verified};
use super::opaque::{Opaque, Server, client_authorization};
use super::outside::{Outside, parse_url};
use crate::mistake::Mistakes;

/// Mistakes reported of one configuration.
const MAX_MISTAKES: usize = 1_000;

/// Bytes of a file that holds one secret.
const MAX_SECRET: u64 = 4 * 1_024;

/// What has a memory that a reload keeps, by name.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    pub(super) jwt: BTreeMap<String, Kept<Jwt>>,
    pub(super) opaque: BTreeMap<String, Kept<Opaque>>,
}

/// Something compiled, and what it was compiled of.
#[derive(Debug)]
pub(super) struct Kept<T> {
    pub(super) value: Arc<T>,
    fingerprint: blake3::Hash,
}

impl<T> Kept<T> {
    fn again(&self) -> Self {
        Self { value: Arc::clone(&self.value), fingerprint: self.fingerprint }
    }
}

/// Compiles `config`; what `before` made of the same definition is kept.
pub(super) fn compile(
    config: &AuthnConfig,
    before: Option<&Authn>,
    read: ReadFile<'_>,
    outside: Arc<dyn Outside>,
) -> Result<Authn, AuthnErrors> {
    let mut compiler = Compiler {
        read,
        before,
        mistakes: Vec::new(),
        warnings: Vec::new(),
        names: HashSet::new(),
        methods: HashMap::new(),
        definitions: Definitions::default(),
    };
    let most = u64::try_from(MAX_VERIFIED).unwrap_or(u64::MAX);
    compiler.bounds(
        FieldPath::root().key("credentials").key("verified_tokens"),
        config.verified_tokens,
        (0, most),
    );
    compiler.methods(config);
    let verified = before.map(|before| &before.verified).filter(|it| it.capacity == config.verified_tokens);
    let verified = verified.cloned().unwrap_or_else(|| {
        let capacity = config.verified_tokens.min(MAX_VERIFIED);
        Arc::new(Verified::new(capacity, random_key()))
    });
    let groups = compiler.groups(config, &verified, &outside);
    let Compiler { mistakes, warnings, definitions, .. } = compiler;
    if !mistakes.is_empty() {
        return Err(Mistakes(mistakes));
    }
    Ok(Authn { config: config.clone(), groups, definitions, verified, outside, warnings })
}

/// 128 bits of the system's randomness, spread.
fn random_key() -> [u8; 32] {
    let mut material = [0; 32];
    for (number, bytes) in material.chunks_exact_mut(8).enumerate() {
        bytes.copy_from_slice(&RandomState::new().hash_one(number).to_le_bytes());
    }
    blake3::derive_key("corsac 2026-11 key for hashes of tokens in memory", &material)
}

struct Compiler<'c> {
    read: ReadFile<'c>,
    before: Option<&'c Authn>,
    mistakes: Vec<Mistake>,
    warnings: Vec<Mistake>,
    /// Of all methods, right or wrong.
    names: HashSet<&'c str>,
    /// Those that are right.
    methods: HashMap<&'c str, Definition<'c>>,
    definitions: Definitions,
}

/// A method as groups take it.
struct Definition<'c> {
    places: Places,
    config: &'c PlacesConfig,
    kind: Kind,
    credential: bool,
}

impl<'c> Compiler<'c> {
    fn report(&mut self, field: FieldPath, kind: MistakeKind) {
        if self.mistakes.len() < MAX_MISTAKES {
            self.mistakes.push(Mistake { field, kind });
        }
    }

    fn warn(&mut self, field: &FieldPath, kind: MistakeKind) {
        if self.warnings.len() < MAX_MISTAKES {
            self.warnings.push(Mistake { field: field.clone(), kind });
        }
    }

    fn bounds(&mut self, field: FieldPath, value: usize, (least, most): (u64, u64)) {
        let value = u64::try_from(value).unwrap_or(u64::MAX);
        if !(least..=most).contains(&value) {
            self.report(field, MistakeKind::OutOfBounds { value, least, most });
        }
    }

    fn count(&mut self, field: &FieldPath, count: usize, most: usize) {
        if count > most {
            self.report(field.clone(), MistakeKind::TooMany { count, most });
        }
    }

    fn methods(&mut self, config: &'c AuthnConfig) {
        let root = FieldPath::root();
        self.count(&root.key("jwt"), config.jwt.len(), MAX_DEFINITIONS);
        self.count(&root.key("introspection"), config.introspection.len(), MAX_DEFINITIONS);
        self.count(&root.key("api_keys"), config.api_keys.len(), MAX_DEFINITIONS);
        for jwt in config.jwt.iter().take(MAX_DEFINITIONS) {
            let at = root.key("jwt").key(&jwt.provider.name);
            let kind = self.jwt(&at, jwt);
            let forward = jwt.forward_credential;
            self.method(&at, &jwt.provider.name, kind, (&jwt.places, forward, true));
        }
        for opaque in config.introspection.iter().take(MAX_DEFINITIONS) {
            let at = root.key("introspection").key(&opaque.rules.name);
            let kind = self.opaque(&at, opaque);
            let forward = opaque.forward_credential;
            self.method(&at, &opaque.rules.name, kind, (&opaque.places, forward, true));
        }
        for keys in config.api_keys.iter().take(MAX_DEFINITIONS) {
            let at = root.key("api_keys").key(&keys.name);
            let kind = self.api_keys(&at, keys);
            self.method(&at, &keys.name, kind, (&keys.places, keys.forward_credential, false));
        }
    }

    /// Places, whether the credential is forwarded, and whether it is where nothing is said.
    fn method(
        &mut self,
        at: &FieldPath,
        name: &'c str,
        kind: Option<Kind>,
        (config, forward, default): (&'c PlacesConfig, Option<bool>, bool),
    ) {
        let before = self.mistakes.len();
        if !is_name(name) {
            self.report(at.clone(), MistakeKind::NameInvalid(name.to_owned()));
        } else if !self.names.insert(name) {
            self.report(at.clone(), MistakeKind::Duplicate(name.to_owned()));
        }
        let places = self.accept(at, Places::compile(config));
        if forward == Some(false) && config.dangerously_query.is_some() {
            self.report(at.key("forward_credential"), MistakeKind::ForwardedQuery);
        }
        if let (Some(places), Some(kind)) = (places, kind)
            && self.mistakes.len() == before
        {
            let credential = forward.unwrap_or(default);
            self.methods.insert(name, Definition { places, config, kind, credential });
        }
    }

    /// The value, or every mistake at its field of the policy file.
    fn accept<T>(&mut self, at: &FieldPath, result: Result<T, ConfigError>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                // Names are looked at elsewhere.
                for mistake in error.mistakes().iter().filter(|mistake| mistake.field != "name") {
                    self.report(field(at, &mistake.field), MistakeKind::Credential(mistake.kind.clone()));
                }
                None
            }
        }
    }

    fn jwt(&mut self, at: &FieldPath, config: &JwtConfig) -> Option<Kind> {
        let provider = self.accept(at, Provider::compile(&config.provider));
        let name = &config.provider.name;
        let (keys, fingerprint) = match &config.keys {
            KeySource::File(path) => {
                let field = at.key("keys");
                let limit = MAX_KEY_SET_BYTES as u64;
                let contents = self.file(&field, path, limit, config.provider.dangerously_shared_secret)?;
                let keys = self.key_set(&field, &contents, provider.as_ref()?)?;
                (Keys::Fixed(Arc::new(keys)), fingerprint(config, &contents.bytes))
            }
            KeySource::Url(url) => {
                (self.remote(at, config, url, provider.as_ref())?, fingerprint(config, b""))
            }
        };
        let before = self.before.and_then(|before| before.definitions.jwt.get(name));
        let kept = match before.filter(|kept| kept.fingerprint == fingerprint) {
            Some(kept) => kept.again(),
            None => Kept { value: Arc::new(Jwt { provider: provider?, keys }), fingerprint },
        };
        let kind = Kind::Jwt(Arc::clone(&kept.value));
        self.definitions.jwt.insert(name.clone(), kept);
        Some(kind)
    }

    fn key_set(&mut self, field: &FieldPath, contents: &Contents, provider: &Provider) -> Option<KeySet> {
        match KeySet::parse(&contents.bytes, &provider.key_rules()) {
            Ok(keys) => {
                for key in keys.rejected() {
                    let text = key.to_string();
                    let is_short = is_short(key);
                    let kind = if is_short { MistakeKind::SecretShort } else { MistakeKind::KeyUnused };
                    self.warn(field, kind(text));
                }
                Some(keys)
            }
            Err(error) => {
                let text = error.to_string();
                let is_short = matches!(&error, KeySetError::NoneUsable(keys) if keys.iter().any(is_short));
                let kind = if is_short { MistakeKind::SecretShort } else { MistakeKind::KeySet };
                self.report(field.clone(), kind(text));
                None
            }
        }
    }

    fn remote(
        &mut self,
        at: &FieldPath,
        config: &JwtConfig,
        url: &str,
        provider: Option<&Provider>,
    ) -> Option<Keys> {
        let uri = self.url(at.key("keys"), url);
        if config.provider.dangerously_shared_secret {
            self.report(at.key("keys"), MistakeKind::SecretRemote);
            return None;
        }
        // Durations are looked at also where the provider has mistakes of its own.
        let rules = match provider {
            Some(provider) => provider.key_rules(),
            None => Provider::compile(&example()).ok()?.key_rules(),
        };
        let cache = self.accept(at, JwksCache::new(&config.cache, rules))?;
        Some(Keys::Remote(RemoteKeys::new(&config.provider.name, uri?, config.cache.fetch_timeout, cache)))
    }

    fn opaque(&mut self, at: &FieldPath, config: &OpaqueConfig) -> Option<Kind> {
        let rules = self.accept(at, Introspection::compile(&config.rules));
        let endpoint = self.url(at.key("endpoint"), &config.endpoint);
        let seconds = usize::try_from(config.timeout.as_secs()).unwrap_or(usize::MAX);
        self.bounds(at.key("timeout"), seconds, (1, 30));
        self.bounds(at.key("concurrency"), config.concurrency, (1, MAX_CONCURRENCY as u64));
        self.bounds(at.key("answers"), config.answers, (0, MAX_ANSWERS as u64));
        let is_text = !config.client_id.is_empty() && config.client_id.len() <= 256;
        if !is_text || config.client_id.contains(char::is_control) {
            let expected = "1 to 256 bytes without control characters";
            let value = config.client_id.clone();
            let kind = corsac_credentials::MistakeKind::Malformed { value, expected };
            self.report(at.key("client_id"), MistakeKind::Credential(kind));
        }
        let secret = match &config.client_secret {
            ClientSecret::File(path) => self.secret(&at.key("client_secret_file"), path),
            ClientSecret::Text(secret) => Some(secret.clone()),
        };
        let secret = secret?;
        let fingerprint = fingerprint(config, secret.expose_secret().as_bytes());
        let before = self.before.and_then(|before| before.definitions.opaque.get(&config.rules.name));
        let kept = match before.filter(|kept| kept.fingerprint == fingerprint) {
            Some(kept) => kept.again(),
            None => {
                let server = Server {
                    endpoint: endpoint?,
                    authorization: client_authorization(&config.client_id, &secret)?,
                    timeout: config.timeout,
                    concurrency: config.concurrency,
                    answers: config.answers.min(MAX_ANSWERS),
                };
                Kept { value: Arc::new(Opaque::new(rules?, server, random_key())), fingerprint }
            }
        };
        let kind = Kind::Opaque(Arc::clone(&kept.value));
        self.definitions.opaque.insert(config.rules.name.clone(), kept);
        Some(kind)
    }

    fn api_keys(&mut self, at: &FieldPath, config: &ApiKeyConfig) -> Option<Kind> {
        let field = at.key("file");
        let hash_key = self.hash_key(&at.key("hash_key_file"), &config.hash_key_file);
        let contents = self.file(&field, &config.file, MAX_DOCUMENT_BYTES as u64, false)?;
        let Ok(text) = String::from_utf8(contents.bytes) else {
            self.report(field, MistakeKind::ApiKeys("it is not UTF-8".into()));
            return None;
        };
        let stored = match read_api_keys(&text) {
            Ok(stored) => stored,
            Err(reasons) => {
                for reason in reasons {
                    self.report(field.clone(), MistakeKind::ApiKeys(reason));
                }
                return None;
            }
        };
        let keys = ApiKeysConfig {
            name: config.name.clone(),
            prefix: config.prefix.clone(),
            hash_key: hash_key?,
            keys: stored.into_iter().map(|key| key.entry).collect(),
        };
        match ApiKeys::compile(keys) {
            Ok(keys) => Some(Kind::ApiKeys(Arc::new(keys))),
            Err(error) => {
                for mistake in error.mistakes().iter().filter(|mistake| mistake.field != "name") {
                    if mistake.field == "prefix" {
                        self.report(at.key("prefix"), MistakeKind::Credential(mistake.kind.clone()));
                    } else {
                        self.report(field.clone(), MistakeKind::ApiKeys(mistake.to_string()));
                    }
                }
                None
            }
        }
    }

    fn hash_key(&mut self, field: &FieldPath, path: &Path) -> Option<SecretBox<[u8; HASH_KEY_BYTES]>> {
        let text = self.secret(field, path)?;
        let key = parse_hash_key(text.expose_secret());
        if key.is_none() {
            self.report(field.clone(), MistakeKind::HashKey(path.to_owned()));
        }
        key
    }

    /// The one line of a file.
    fn secret(&mut self, field: &FieldPath, path: &Path) -> Option<SecretString> {
        let contents = self.file(field, path, MAX_SECRET, true)?;
        let Ok(text) = String::from_utf8(contents.bytes).map(SecretString::from) else {
            self.report(
                field.clone(),
                MistakeKind::FileUnreadable(path.to_owned(), "it is not UTF-8".into()),
            );
            return None;
        };
        let line = text.expose_secret();
        let line = line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line));
        if line.is_empty() {
            self.report(field.clone(), MistakeKind::FileEmpty(path.to_owned()));
            return None;
        }
        Some(line.into())
    }

    fn file(&mut self, field: &FieldPath, path: &Path, limit: u64, is_secret: bool) -> Option<Contents> {
        match (self.read)(path, limit) {
            Ok(contents) => {
                if is_secret && contents.is_public {
                    self.warn(field, MistakeKind::FilePublic(path.to_owned()));
                }
                Some(contents)
            }
            Err(error) => {
                let kind = MistakeKind::FileUnreadable(path.to_owned(), unreadable(error.kind()));
                self.report(field.clone(), kind);
                None
            }
        }
    }

    fn url(&mut self, field: FieldPath, text: &str) -> Option<Uri> {
        parse_url(text).map_err(|reason| self.report(field, MistakeKind::Url(reason))).ok()
    }

    fn groups(
        &mut self,
        config: &'c AuthnConfig,
        verified: &Arc<Verified>,
        outside: &Arc<dyn Outside>,
    ) -> HashMap<String, Arc<Group>> {
        let all = FieldPath::root().key("authn");
        self.count(&all, config.groups.len(), MAX_DEFINITIONS);
        let mut groups = HashMap::new();
        for group in config.groups.iter().take(MAX_DEFINITIONS) {
            let at = all.key(&group.name);
            if !is_name(&group.name) {
                self.report(at.clone(), MistakeKind::NameInvalid(group.name.clone()));
            } else if group.name == UPSTREAM {
                self.report(at.clone(), MistakeKind::NameReserved);
            }
            let answers = self.answers(&at, group);
            self.check_methods(&at, group);
            let methods = group.methods.iter().filter_map(|name| self.methods.get(name.as_str()));
            let compiled = Group {
                name: group.name.clone(),
                methods: methods.map(|method| method.compile(group.identity_fields)).collect(),
                answers,
                verified: Arc::clone(verified),
                outside: Arc::clone(outside),
            };
            if groups.insert(group.name.clone(), Arc::new(compiled)).is_some() {
                self.report(at, MistakeKind::Duplicate(group.name.clone()));
            }
        }
        groups
    }

    fn check_methods(&mut self, at: &FieldPath, group: &GroupConfig) {
        let at = at.key("methods");
        if group.methods.is_empty() {
            self.report(at.clone(), MistakeKind::NoMethods);
        }
        self.count(&at, group.methods.len(), MAX_GROUP_METHODS);
        for (index, name) in group.methods.iter().enumerate().take(MAX_GROUP_METHODS) {
            let at = at.index(index);
            let mut earlier = group.methods.iter().take(index);
            if earlier.clone().any(|before| before == name) {
                self.report(at, MistakeKind::Duplicate(name.clone()));
                continue;
            }
            if !self.names.contains(name.as_str()) {
                self.report(at, MistakeKind::UnknownMethod(name.clone()));
                continue;
            }
            let Some(own) = self.methods.get(name.as_str()) else { continue };
            let takes = |before: &&String| {
                self.methods.get(before.as_str()).is_some_and(|before| overlap(before.config, own.config))
            };
            if let Some(by) = earlier.find(takes).cloned() {
                self.report(at, MistakeKind::PlaceTaken { method: name.clone(), by });
            }
        }
    }

    fn answers(&mut self, at: &FieldPath, group: &GroupConfig) -> Answers {
        let realm = group.realm.as_deref().unwrap_or(&group.name);
        let is_visible =
            realm.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\');
        if group.realm.is_some() && !((1..=64).contains(&realm.len()) && is_visible) {
            self.report(at.key("realm"), MistakeKind::RealmInvalid(realm.to_owned()));
        }
        let sign_in = group.sign_in.as_deref().and_then(|page| self.sign_in(at, group, page));
        let (mut schemes, mut by_method): (Vec<Scheme>, Vec<usize>) = (Vec::new(), Vec::new());
        let known = || group.methods.iter().filter_map(|name| self.methods.get(name.as_str()));
        for scheme in known().map(Definition::scheme) {
            let place = schemes.iter().position(|own| *own == scheme);
            by_method.push(place.unwrap_or(schemes.len()));
            if place.is_none() {
                schemes.push(scheme);
            }
        }
        let hides_query = known().any(|method| method.config.dangerously_query.is_some());
        let names = group.methods.iter().filter(|name| self.methods.contains_key(name.as_str()));
        Answers {
            challenges: schemes.iter().map(|scheme| scheme.challenge(realm)).collect(),
            by_method,
            names: names.cloned().collect(),
            sign_in: sign_in.map(|before| SignIn { before, hides_query }),
        }
    }

    fn sign_in(&mut self, at: &FieldPath, group: &GroupConfig, page: &str) -> Option<String> {
        let parameter = &group.return_parameter;
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if !(1..=MAX_NAME).contains(&parameter.len()) || !parameter.bytes().all(is_word) {
            self.report(at.key("return_parameter"), MistakeKind::NameInvalid(parameter.clone()));
        }
        let is_path = page.starts_with('/');
        // `//host` and `/\host` are other hosts to browsers.
        let checked = if is_path && !page.starts_with("//") && !page.starts_with("/\\") {
            parse_url(&format!("https://this.invalid{page}"))
        } else {
            parse_url(page)
        };
        if let Err(reason) = checked.and_then(|_| HeaderValue::try_from(page).map_err(|_| "it is not a URL"))
        {
            self.report(at.key("sign_in"), MistakeKind::Url(reason));
            return None;
        }
        let separator = if page.contains('?') { '&' } else { '?' };
        Some(format!("{page}{separator}{parameter}="))
    }
}

impl Definition<'_> {
    fn compile(&self, identity_fields: bool) -> Method {
        let header = self.config.header.as_deref().and_then(|name| HeaderName::try_from(name).ok());
        let forwarding = Forwarding {
            identity_fields,
            credential: self.credential,
            header,
            cookie: self.config.cookie.clone(),
        };
        Method { places: self.places.clone(), kind: self.kind.clone(), forwarding: Arc::new(forwarding) }
    }

    fn scheme(&self) -> Scheme {
        let PlacesConfig { bearer, header, cookie, dangerously_query } = self.config;
        if !matches!(self.kind, Kind::ApiKeys(_)) || *bearer {
            return Scheme::Bearer;
        }
        let other = [("header", header), ("cookie", cookie), ("query", dangerously_query)];
        let place = other.into_iter().find_map(|(place, name)| Some((place, name.clone()?)));
        place.map_or(Scheme::Bearer, |(place, name)| Scheme::ApiKey(place, name))
    }
}

/// Whether a credential of the one may stand where the other's does.
fn overlap(first: &PlacesConfig, second: &PlacesConfig) -> bool {
    let same = |first: &Option<String>, second: &Option<String>| first.is_some() && first == second;
    let header = first.header.as_ref().zip(second.header.as_ref());
    (first.bearer && second.bearer)
        || header.is_some_and(|(first, second)| first.eq_ignore_ascii_case(second))
        || same(&first.cookie, &second.cookie)
        || same(&first.dangerously_query, &second.dangerously_query)
}

/// `audiences[1]` of a rule, at its place and by its name in a policy file.
fn field(at: &FieldPath, text: &str) -> FieldPath {
    let (key, index) = text.split_once('[').unwrap_or((text, ""));
    let at = match key {
        "dangerously_query" => at.key("dangerous").key("query"),
        "max_token_bytes" => at.key("max_token_size"),
        key => at.key(key),
    };
    match index.trim_end_matches(']').parse() {
        Ok(index) => at.index(index),
        Err(_) => at,
    }
}

fn fingerprint(config: &impl Debug, contents: &[u8]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(blake3::hash(format!("{config:?}").as_bytes()).as_bytes()).update(contents);
    hasher.finalize()
}

fn is_short(key: &RejectedKey) -> bool {
    matches!(key.reason, KeyRejection::SecretTooShort(_))
}

fn is_name(name: &str) -> bool {
    let fits = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(fits)
}

fn example() -> ProviderConfig {
    ProviderConfig {
        name: "example".into(),
        issuer: "https://id.example.com".into(),
        audiences: vec!["https://api.example.com".into()],
        algorithms: vec!["ES256".into()],
        ..ProviderConfig::default()
    }
}
