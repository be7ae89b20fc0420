//! The methods and groups of a policy file.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use corsac_credentials::{
    IntrospectionConfig, JwksCacheConfig, MAX_TOKEN_BYTES, PlacesConfig, ProviderConfig,
};
use corsac_diagnostics::{Diagnostic, FieldPath, INVALID_VALUE, Rule, Severity, TableReader};

use super::config::{
    ApiKeyConfig, AuthnConfig, ClientSecret, GroupConfig, JwtConfig, KeySource, MAX_ANSWERS, MAX_CONCURRENCY,
    MAX_VERIFIED, Mistake, MistakeKind, OpaqueConfig, ReadFile,
};
use super::decide::Authn;
use super::outside::Outside;

/// A shared secret that can be guessed.
static SHORT_SHARED_SECRET: Rule = Rule {
    id: "short-shared-secret",
    severity: Severity::Error,
    summary: "a secret for HS256 that is shorter than its hash",
};

/// The rules of authentication.
pub static RULES: [&Rule; 1] = [&SHORT_SHARED_SECRET];

/// Longest duration that is read at all; each one's own rule says more.
const LONGEST: Duration = Duration::from_secs(400 * 86_400);

/// What a policy file is read with.
pub struct AuthnFile<'f> {
    /// The folder that paths in it are relative to.
    pub base: &'f Path,
    /// How the files that it names are read.
    pub read: ReadFile<'f>,
    /// The world around; [`super::Nowhere`] where the file is only checked.
    pub outside: Arc<dyn Outside>,
    /// What is in force, whose memory is kept.
    pub before: Option<&'f Authn>,
}

impl std::fmt::Debug for AuthnFile<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AuthnFile").field("base", &self.base).finish_non_exhaustive()
    }
}

/// Reads and compiles `[jwt.NAME]`, `[introspection.NAME]`, `[api_keys.NAME]`, `[authn.NAME]` and
/// `[credentials]` of the root, reporting every mistake and warning. Beside it, the files to be
/// watched: also where there are mistakes, as one of them may be in a file.
pub fn read_authn(
    root: &mut TableReader<'_>,
    with: &AuthnFile<'_>,
    out: &mut Vec<Diagnostic>,
) -> (Option<Authn>, Vec<PathBuf>) {
    let before = out.len();
    let mut reading = Reading { base: with.base, unreadable: Vec::new(), out };
    let config = reading.config(root);
    let Reading { unreadable, out, .. } = reading;
    let files = config.files().into_iter().map(Path::to_owned).collect();
    let compiled = match with.before {
        Some(before) => before.recompile(&config, with.read),
        None => Authn::compile(&config, with.read, Arc::clone(&with.outside)),
    };
    let has_errors = out.iter().skip(before).any(|finding| finding.severity == Severity::Error);
    match compiled {
        Ok(authn) => {
            out.extend(authn.warnings().iter().map(|it| finding(it).severity(Severity::Warning)));
            (Some(authn).filter(|_| !has_errors), files)
        }
        Err(errors) => {
            // A field that could not be read has its finding already.
            let readable = errors.0.iter().filter(|mistake| !unreadable.contains(&mistake.field));
            out.extend(readable.map(finding));
            (None, files)
        }
    }
}

fn finding(mistake: &Mistake) -> Diagnostic {
    let reason = mistake.kind.to_string();
    let is_short = matches!(mistake.kind, MistakeKind::SecretShort(_));
    let rule = if is_short { &SHORT_SHARED_SECRET } else { &INVALID_VALUE };
    Diagnostic::new(rule, format!("`{}`: {reason}", mistake.field))
        .at_field(&mistake.field, reason)
        .help(mistake.kind.help())
}

struct Reading<'f, 'o> {
    base: &'f Path,
    unreadable: Vec<FieldPath>,
    out: &'o mut Vec<Diagnostic>,
}

impl Reading<'_, '_> {
    fn config(&mut self, root: &mut TableReader<'_>) -> AuthnConfig {
        let jwt = root.named("jwt", self.out);
        let jwt = jwt.into_iter().map(|(name, table)| self.jwt(name, table)).collect();
        let introspection = root.named("introspection", self.out);
        let introspection = introspection.into_iter().map(|(name, table)| self.opaque(name, table)).collect();
        let api_keys = root.named("api_keys", self.out);
        let api_keys = api_keys.into_iter().map(|(name, table)| self.api_keys(name, table)).collect();
        let groups = root.named("authn", self.out);
        let groups = groups.into_iter().map(|(name, table)| self.group(name, table)).collect();
        let mut config = AuthnConfig { jwt, introspection, api_keys, groups, ..AuthnConfig::default() };
        if let Some(mut table) = root.table("credentials", self.out) {
            self.count(&mut table, "verified_tokens", MAX_VERIFIED, &mut config.verified_tokens);
            table.finish(self.out);
        }
        config
    }

    fn jwt(&mut self, name: &str, mut table: TableReader<'_>) -> JwtConfig {
        let mut provider = ProviderConfig {
            name: name.to_owned(),
            issuer: self.required(&mut table, "issuer"),
            audiences: self.list(&mut table, "audiences").unwrap_or_default(),
            algorithms: self.list(&mut table, "algorithms").unwrap_or_default(),
            ..ProviderConfig::default()
        };
        if let Some(types) = self.list(&mut table, "token_types") {
            provider.token_types = types;
        }
        provider.type_may_be_absent = table.boolean("type_may_be_absent", self.out).unwrap_or_default();
        self.duration(&mut table, "leeway", &mut provider.leeway);
        self.duration(&mut table, "max_lifetime", &mut provider.max_lifetime);
        self.token_size(&mut table, &mut provider.max_token_bytes);
        self.text(&mut table, "subject_claim", &mut provider.subject_claim);
        self.text(&mut table, "scopes_claim", &mut provider.scopes_claim);
        provider.roles_claim = table.string("roles_claim", self.out).map(str::to_owned);
        provider.required_claims = self.list(&mut table, "required_claims").unwrap_or_default();
        provider.kept_claims = self.list(&mut table, "kept_claims").unwrap_or_default();
        let keys = self.required(&mut table, "keys");
        let keys =
            if keys.contains("://") { KeySource::Url(keys) } else { KeySource::File(self.base.join(keys)) };
        let cache = self.cache(&mut table);
        let (dangerously_query, shared) = self.dangerous(&mut table, true);
        provider.dangerously_shared_secret = shared;
        let mut places = self.places(&mut table, dangerously_query);
        places.bearer |= is_nowhere(&places) && !self.says(&table, "bearer");
        let forward_credential = table.boolean("forward_credential", self.out);
        table.finish(self.out);
        JwtConfig { provider, keys, cache, places, forward_credential }
    }

    fn cache(&mut self, table: &mut TableReader<'_>) -> JwksCacheConfig {
        let mut cache = JwksCacheConfig::default();
        self.duration(table, "fresh_for", &mut cache.fresh_for);
        self.duration(table, "stale_for", &mut cache.stale_for);
        self.duration(table, "unknown_for", &mut cache.unknown_for);
        self.duration(table, "fetch_timeout", &mut cache.fetch_timeout);
        self.duration(table, "retry_after", &mut cache.retry_after);
        self.count(table, "fetches_per_minute", 60, &mut cache.fetches_per_minute);
        cache
    }

    fn opaque(&mut self, name: &str, mut table: TableReader<'_>) -> OpaqueConfig {
        let mut rules = IntrospectionConfig { name: name.to_owned(), ..IntrospectionConfig::default() };
        rules.issuer = table.string("issuer", self.out).map(str::to_owned);
        rules.audiences = self.list(&mut table, "audiences").unwrap_or_default();
        self.duration(&mut table, "leeway", &mut rules.leeway);
        self.duration(&mut table, "active_for", &mut rules.active_for);
        self.duration(&mut table, "refused_for", &mut rules.refused_for);
        self.token_size(&mut table, &mut rules.max_token_bytes);
        self.text(&mut table, "subject_claim", &mut rules.subject_claim);
        self.text(&mut table, "scopes_claim", &mut rules.scopes_claim);
        rules.roles_claim = table.string("roles_claim", self.out).map(str::to_owned);
        rules.required_claims = self.list(&mut table, "required_claims").unwrap_or_default();
        rules.kept_claims = self.list(&mut table, "kept_claims").unwrap_or_default();
        let mut config = OpaqueConfig {
            rules,
            endpoint: self.required(&mut table, "endpoint"),
            client_id: self.required(&mut table, "client_id"),
            client_secret: ClientSecret::File(self.path(&mut table, "client_secret_file")),
            ..OpaqueConfig::default()
        };
        self.duration(&mut table, "timeout", &mut config.timeout);
        self.count(&mut table, "concurrency", MAX_CONCURRENCY, &mut config.concurrency);
        self.count(&mut table, "answers", MAX_ANSWERS, &mut config.answers);
        let (dangerously_query, _) = self.dangerous(&mut table, false);
        config.places = self.places(&mut table, dangerously_query);
        config.places.bearer |= is_nowhere(&config.places) && !self.says(&table, "bearer");
        config.forward_credential = table.boolean("forward_credential", self.out);
        table.finish(self.out);
        config
    }

    fn api_keys(&mut self, name: &str, mut table: TableReader<'_>) -> ApiKeyConfig {
        let file = self.path(&mut table, "file");
        let hash_key_file = self.path(&mut table, "hash_key_file");
        let mut prefix = "corsac".to_owned();
        self.text(&mut table, "prefix", &mut prefix);
        let (dangerously_query, _) = self.dangerous(&mut table, false);
        let mut places = self.places(&mut table, dangerously_query);
        if is_nowhere(&places) && !self.says(&table, "header") {
            places.header = Some("x-api-key".to_owned());
        }
        let forward_credential = table.boolean("forward_credential", self.out);
        table.finish(self.out);
        ApiKeyConfig { name: name.to_owned(), prefix, file, hash_key_file, places, forward_credential }
    }

    fn group(&mut self, name: &str, mut table: TableReader<'_>) -> GroupConfig {
        let mut group = GroupConfig { name: name.to_owned(), ..GroupConfig::default() };
        group.methods = self.list(&mut table, "methods").unwrap_or_default();
        group.realm = table.string("realm", self.out).map(str::to_owned);
        group.sign_in = table.string("sign_in", self.out).map(str::to_owned);
        self.text(&mut table, "return_parameter", &mut group.return_parameter);
        group.identity_fields = table.boolean("identity_fields", self.out).unwrap_or(true);
        table.finish(self.out);
        group
    }

    fn places(&mut self, table: &mut TableReader<'_>, dangerously_query: Option<String>) -> PlacesConfig {
        PlacesConfig {
            bearer: table.boolean("bearer", self.out).unwrap_or_default(),
            header: table.string("header", self.out).map(str::to_owned),
            cookie: table.string("cookie", self.out).map(str::to_owned),
            dangerously_query,
        }
    }

    /// A parameter of the query, and whether secrets are shared.
    fn dangerous(&mut self, table: &mut TableReader<'_>, secrets: bool) -> (Option<String>, bool) {
        let Some(mut table) = table.table("dangerous", self.out) else { return (None, false) };
        let query = table.string("query", self.out).map(str::to_owned);
        let shared = secrets && table.boolean("shared_secret", self.out).unwrap_or_default();
        table.finish(self.out);
        (query, shared)
    }

    /// Whether a place has a finding: then nothing is put in its stead.
    fn says(&self, table: &TableReader<'_>, key: &str) -> bool {
        let at = corsac_diagnostics::Place::Field(table.field(key));
        self.out.iter().any(|finding| finding.primary.as_ref().is_some_and(|label| label.place == at))
    }

    fn required(&mut self, table: &mut TableReader<'_>, key: &'static str) -> String {
        let text = table.required_string(key, self.out);
        if text.is_none() {
            self.unreadable.push(table.field(key));
        }
        text.unwrap_or_default().to_owned()
    }

    fn path(&mut self, table: &mut TableReader<'_>, key: &'static str) -> PathBuf {
        let text = self.required(table, key);
        self.base.join(text)
    }

    fn text(&mut self, table: &mut TableReader<'_>, key: &'static str, to: &mut String) {
        if let Some(text) = table.string(key, self.out) {
            text.clone_into(to);
        }
    }

    /// An item that is no string leaves an empty one, so that the others keep their index.
    fn list(&mut self, table: &mut TableReader<'_>, key: &'static str) -> Option<Vec<String>> {
        let before = self.out.len();
        let Some(items) = table.strings(key, self.out) else {
            if self.out.len() > before {
                self.unreadable.push(table.field(key));
            }
            return None;
        };
        let bad = items.iter().enumerate().filter(|(_, item)| item.is_none());
        self.unreadable.extend(bad.map(|(index, _)| table.field(key).index(index)));
        Some(items.into_iter().map(|item| item.unwrap_or_default().to_owned()).collect())
    }

    fn duration(&mut self, table: &mut TableReader<'_>, key: &'static str, to: &mut Duration) {
        if let Some(duration) = table.duration(key, (Duration::ZERO, LONGEST), self.out) {
            *to = duration;
        }
    }

    fn count(&mut self, table: &mut TableReader<'_>, key: &'static str, most: usize, to: &mut usize) {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        if let Some(count) = table.integer(key, (0, most), self.out) {
            *to = usize::try_from(count).unwrap_or_default();
        }
    }

    fn token_size(&mut self, table: &mut TableReader<'_>, to: &mut usize) {
        if let Some(size) = table.size("max_token_size", (1, MAX_TOKEN_BYTES as u64), self.out) {
            *to = usize::try_from(size).unwrap_or_default();
        }
    }
}

/// Whether no place is named.
fn is_nowhere(places: &PlacesConfig) -> bool {
    *places == PlacesConfig::default()
}
