//! The CORS-preflight cache (Fetch, section 4.9), with each engine's caps. Time is an
//! argument, in seconds.

use crate::engine::Profile;
use crate::header::Listed;
use crate::request::CredentialsMode;

/// "If max-age is failure or null, then set max-age to 5."
const DEFAULT_AGE: u64 = 5;

/// What the response to a preflight granted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Granted {
    pub(crate) methods: Vec<String>,
    pub(crate) names: Vec<String>,
    /// `Access-Control-Max-Age` as sent.
    pub(crate) max_age: Option<Vec<u8>>,
}

/// Which cache entries may speak for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) origin: String,
    pub(crate) url: String,
    pub(crate) credentials: CredentialsMode,
}

#[derive(Clone, Debug)]
struct Entry {
    key: Key,
    granted: Granted,
    expires: u64,
}

/// What earlier preflights granted.
#[derive(Clone, Debug, Default)]
pub struct PreflightCache(Vec<Entry>);

/// Entries kept; the oldest goes first.
const MAX_ENTRIES: usize = 100;

impl PreflightCache {
    /// Keeps what was granted for `asked`, as long as this engine does.
    pub(crate) fn store(&mut self, key: Key, granted: Granted, now: u64, profile: &Profile) {
        let is_wild = granted.methods.iter().chain(&granted.names).any(|value| value == "*");
        let Some(age) = age(granted.max_age.as_deref(), profile) else { return };
        if age == 0 || is_wild && !profile.caches_wildcards {
            return;
        }
        self.0.retain(|entry| entry.key != key && entry.expires > now);
        if self.0.len() >= MAX_ENTRIES {
            self.0.remove(0);
        }
        self.0.push(Entry { key, granted, expires: now.saturating_add(age) });
    }

    /// "There is a method cache entry match" and "a header-name cache entry match" for
    /// each name.
    /// The method is `None` where it needs no entry.
    pub(crate) fn covers(
        &self,
        key: &Key,
        (method, names): (Option<&str>, &[String]),
        now: u64,
        profile: &Profile,
    ) -> bool {
        let includes = key.credentials == CredentialsMode::Include;
        let matches = |entry: &&Entry| {
            let own = &entry.key;
            let by_credentials =
                own.credentials == CredentialsMode::Include && profile.reuses_credentialed_entries;
            let is_same =
                (own.credentials == CredentialsMode::Include) == includes || !includes && by_credentials;
            entry.expires > now && own.origin == key.origin && own.url == key.url && is_same
        };
        self.0.iter().filter(matches).any(|entry| {
            let Granted { methods, names: granted, .. } = &entry.granted;
            let is_wild = |values: &[String]| !includes && values.iter().any(|own| own == "*");
            let has_method = |method: &str| is_wild(methods) || methods.iter().any(|own| own == method);
            let listed = Listed::new(granted);
            method.is_none_or(has_method) && (is_wild(granted) || names.iter().all(|name| listed.has(name)))
        })
    }

    /// "To clear cache entries": after a network error.
    pub(crate) fn clear(&mut self, key: &Key) {
        self.0.retain(|entry| entry.key.origin != key.origin || entry.key.url != key.url);
    }
}

/// Seconds that a grant is kept; `None` if this engine does not understand the value.
fn age(value: Option<&[u8]>, profile: &Profile) -> Option<u64> {
    let Some(value) = value else { return Some(DEFAULT_AGE) };
    let text = std::str::from_utf8(value).ok().filter(|text| !text.is_empty());
    let digits = text.map(|text| text.strip_prefix('-').unwrap_or(text));
    let is_number =
        digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
    if !is_number {
        return profile.defaults_bad_ages.then_some(DEFAULT_AGE);
    }
    if text.is_some_and(|text| text.starts_with('-')) {
        return Some(0);
    }
    match text.and_then(|text| text.parse::<u64>().ok()) {
        Some(seconds) => Some(seconds.min(profile.max_age)),
        None if profile.defaults_bad_ages => Some(DEFAULT_AGE),
        None => Some(profile.max_age),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;

    #[test]
    fn ages_are_capped_and_understood_as_each_engine_does() {
        let ages = |value: Option<&str>| {
            [Engine::Standard, Engine::Chromium, Engine::Firefox, Engine::WebKit]
                .map(|engine| age(value.map(str::as_bytes), engine.profile()))
        };
        assert_eq!(ages(None), [Some(5); 4]);
        assert_eq!(ages(Some("60")), [Some(60); 4]);
        assert_eq!(ages(Some("-1")), [Some(0); 4]);
        assert_eq!(ages(Some("999999")), [Some(999_999), Some(7_200), Some(86_400), Some(600)]);
        assert_eq!(ages(Some("abc")), [Some(5), Some(5), None, Some(5)]);
        assert_eq!(ages(Some("60, 60")), [Some(5), Some(5), None, Some(5)]);
        assert_eq!(ages(Some("100000000000000000000")), [Some(5), Some(5), Some(86_400), Some(5)]);
    }

    #[test]
    fn an_entry_speaks_for_its_origin_url_and_grant_until_it_expires() {
        let key = |credentials| Key {
            origin: "https://a.example".into(),
            url: "https://b.example/".into(),
            credentials,
        };
        let granted =
            |name: &str| Granted { methods: vec!["PUT".into()], names: vec![name.into()], max_age: None };
        let standard = Engine::Standard.profile();
        let mut cache = PreflightCache::default();
        cache.store(key(CredentialsMode::Omit), granted("X-A"), 100, standard);
        let covers = |cache: &PreflightCache, credentials, method, name: &str, now| {
            cache.covers(&key(credentials), (Some(method), &[name.into()]), now, standard)
        };
        let omit = CredentialsMode::Omit;
        assert!(covers(&cache, omit, "PUT", "x-a", 104));
        assert!(!covers(&cache, omit, "PUT", "x-a", 105));
        assert!(!covers(&cache, omit, "put", "x-a", 104) && !covers(&cache, omit, "PUT", "x-b", 104));
        assert!(!covers(&cache, CredentialsMode::Include, "PUT", "x-a", 104));
        cache.clear(&key(omit));
        assert!(!covers(&cache, omit, "PUT", "x-a", 104));
        cache.store(key(CredentialsMode::Include), granted("*"), 100, standard);
        assert!(covers(&cache, omit, "PUT", "x-any", 101));
        assert!(!covers(&cache, CredentialsMode::Include, "PUT", "x-any", 101));
    }
}
