//! From what people write to what runs, reporting every mistake.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use corsac_diagnostics::Severity;
use corsac_origin::{
    HostPattern, OriginPattern, OriginSet, OriginSetBuilder, PatternError, PublicSuffixList, Scheme, Section,
    right_spelling,
};
use http::HeaderValue;

use crate::config::{Dangerous, PolicyConfig};
use crate::error::{Field, Mistake, MistakeKind, PolicyErrors};
use crate::header_name::is_safelisted_response_header;
use crate::header_name::{HeaderNames, is_forbidden_request_header, is_forbidden_response_header};
use crate::method;
use crate::policy::{Compiled, Fields, Methods, Origins, RequestHeaders, written_index};

/// Mistakes reported of one policy; a generated list of a million wrong origins is
/// one mistake of its generator.
const MAX_MISTAKES: usize = 1_000;

/// Chromium's cap on `Access-Control-Max-Age`.
const CHROMIUM_MAX_AGE: Duration = Duration::from_secs(7_200);

/// Firefox's cap, the longest of all.
const LONGEST_MAX_AGE: Duration = Duration::from_secs(86_400);

pub(crate) fn compile(config: &PolicyConfig, suffixes: &PublicSuffixList) -> Result<Compiled, PolicyErrors> {
    let mut compiler = Compiler { config, suffixes, mistakes: Vec::new() };
    let origins = compiler.origins();
    let methods = compiler.methods();
    let request_headers = compiler.request_headers();
    compiler.exposed_headers();
    compiler.max_age();
    compiler.switches();
    let mistakes = compiler.mistakes;
    if mistakes.iter().any(|mistake| mistake.kind.severity() == Severity::Error) {
        return Err(PolicyErrors(mistakes));
    }
    let fields = fields(config, &methods, &request_headers);
    let rest = PolicyConfig { origins: Vec::new(), ..config.clone() };
    Ok(Compiled { rest, origins, methods, request_headers, fields, warnings: mistakes })
}

struct Compiler<'c> {
    config: &'c PolicyConfig,
    suffixes: &'c PublicSuffixList,
    mistakes: Vec<Mistake>,
}

impl Compiler<'_> {
    fn report(&mut self, field: Field, kind: MistakeKind) {
        if self.mistakes.len() < MAX_MISTAKES {
            self.mistakes.push(Mistake { field, kind });
        }
    }

    fn tolerates(&self, danger: Dangerous) -> bool {
        self.config.dangerous.contains(&danger)
    }

    fn origins(&mut self) -> Origins {
        let config = self.config;
        if config.origins.is_empty() {
            self.report(Field::Origins, MistakeKind::NoOrigins);
        }
        let any = config.origins.iter().position(|origin| origin == "*");
        if let Some(index) = any {
            if config.credentials {
                self.report(Field::Origin(index), MistakeKind::AnyOriginWithCredentials);
            }
            if config.origins.len() > 1 {
                self.report(Field::Origin(index), MistakeKind::AnyOriginMixed);
            }
        }
        let (set, nulls) = self.listed_origins();
        if any.is_some() { Origins::Any } else { Origins::Listed { set: Arc::new(set), nulls } }
    }

    fn listed_origins(&mut self) -> (OriginSet, Vec<usize>) {
        let mut builder = OriginSet::builder();
        let mut nulls: Vec<usize> = Vec::new();
        for (index, text) in self.config.origins.iter().enumerate().filter(|(_, text)| *text != "*") {
            if text == "null" {
                let first = nulls.first().copied();
                nulls.push(index);
                match first {
                    Some(first) => {
                        self.report(
                            Field::Origin(index),
                            MistakeKind::Duplicate { value: text.clone(), first },
                        );
                    }
                    None if self.tolerates(Dangerous::NullOrigin) => {}
                    None => self.report(Field::Origin(index), MistakeKind::NullOrigin),
                }
            } else {
                self.listed_origin(index, text, &mut builder);
            }
        }
        let set = builder.build();
        // Where a mistake left an entry out, the set's numbers are not the entries'.
        if self.mistakes.iter().all(|mistake| mistake.kind.severity() != Severity::Error) {
            self.duplicate_origins(&set, &nulls);
        }
        (set, nulls)
    }

    fn duplicate_origins(&mut self, set: &OriginSet, nulls: &[usize]) {
        let written = |number| written_index(number, nulls);
        for (number, first) in set.duplicates() {
            let value = set.text(number).unwrap_or_default().to_owned();
            let first = written(first);
            self.report(Field::Origin(written(number)), MistakeKind::Duplicate { value, first });
        }
    }

    fn listed_origin(&mut self, index: usize, text: &str, builder: &mut OriginSetBuilder) {
        match builder.parse_and_push(text) {
            Err(error) => self.never_sent(index, text, error),
            Ok(_) => {
                // The common case of a long list needs no second look.
                if text.starts_with("http:") || text.contains('*') {
                    self.risky_origin(index, text);
                }
            }
        }
    }

    fn never_sent(&mut self, index: usize, text: &str, error: PatternError) {
        let right = right_spelling(text);
        let kind = MistakeKind::OriginNeverSent { value: text.to_owned(), error, right };
        self.report(Field::Origin(index), kind);
    }

    fn risky_origin(&mut self, index: usize, text: &str) {
        let Ok(pattern) = OriginPattern::parse(text) else { return };
        if pattern.is_loopback() {
            return;
        }
        let insecure = pattern.scheme() == Scheme::Http && self.config.credentials;
        if insecure && !self.tolerates(Dangerous::InsecureOrigins) {
            let kind = MistakeKind::InsecureOriginWithCredentials(text.to_owned());
            self.report(Field::Origin(index), kind);
        }
        let tolerated = !self.config.credentials && self.tolerates(Dangerous::PublicSuffixSubdomains);
        if let HostPattern::SubdomainsOf(base) = pattern.host()
            && !tolerated
            && let Some(kind) = self.public_suffix_mistake(&pattern, base)
        {
            self.report(Field::Origin(index), kind);
        }
    }

    fn public_suffix_mistake(&self, pattern: &OriginPattern, base: &str) -> Option<MistakeKind> {
        let (suffix, host) = if self.suffixes.is_public_suffix(base) {
            (base.to_owned(), format!("attacker.{base}"))
        } else {
            let below = self.suffixes.suffix_below(base)?;
            (below.rule, below.example)
        };
        let list = match self.suffixes.public_suffix(&suffix)?.1 {
            Section::Default => "no list (an unlisted top-level name)".to_owned(),
            Section::Icann | Section::Private => self.suffixes.version().to_owned(),
        };
        let witness = format!("{}://{host}", pattern.scheme().as_str());
        Some(MistakeKind::PublicSuffixWildcard { value: pattern.to_string(), suffix, witness, list })
    }

    fn methods(&mut self) -> Methods {
        let config = self.config;
        let any = config.methods.iter().any(|method| method == "*");
        let mut seen = HashMap::new();
        let mut methods = Methods { any, listed: Vec::new() };
        for (index, text) in config.methods.iter().enumerate() {
            let field = Field::Method(index);
            let right = method::right_case(text);
            if let Some(&first) = seen.get(text.as_str()) {
                self.report(field, MistakeKind::Duplicate { value: text.clone(), first });
            } else if method::is_forbidden(text) {
                self.report(field, MistakeKind::ForbiddenMethod(text.clone()));
            } else if !method::is_token(text.as_bytes()) || right.is_some() {
                self.report(field, MistakeKind::MethodInvalid { value: text.clone(), right });
            } else if any && text != "*" {
                self.report(field, MistakeKind::UnderWildcard(text.clone()));
            } else if !any {
                methods.listed.push(text.as_str().into());
            }
            seen.entry(text.as_str()).or_insert(index);
        }
        methods
    }

    fn request_headers(&mut self) -> RequestHeaders {
        let config = self.config;
        let any = config.request_headers.iter().any(|name| name == "*");
        for (index, name) in config.request_headers.iter().enumerate() {
            let field = Field::RequestHeader(index);
            if is_forbidden_request_header(name) {
                self.report(field, MistakeKind::ForbiddenRequestHeader(name.clone()));
            } else if any && name != "*" && !is_authorization(name) {
                self.report(field, MistakeKind::UnderWildcard(name.clone()));
            }
        }
        self.header_names(&config.request_headers, Field::RequestHeader);
        let names =
            HeaderNames::new(config.request_headers.iter().map(String::as_str).filter(|name| *name != "*"));
        if any && !config.request_headers.iter().any(|name| is_authorization(name)) {
            self.report(Field::RequestHeaders, MistakeKind::AuthorizationUnderWildcard);
        }
        RequestHeaders { any, names }
    }

    fn exposed_headers(&mut self) {
        let config = self.config;
        let any = config.exposed_headers.iter().any(|name| name == "*");
        for (index, name) in config.exposed_headers.iter().enumerate() {
            let field = Field::ExposedHeader(index);
            if is_forbidden_response_header(name) {
                self.report(field, MistakeKind::ForbiddenExposedHeader(name.clone()));
            } else if name == "*" && config.credentials {
                self.report(field, MistakeKind::ExposedWildcardWithCredentials);
            } else if any && name != "*" {
                self.report(field, MistakeKind::UnderWildcard(name.clone()));
            }
        }
        self.header_names(&config.exposed_headers, Field::ExposedHeader);
    }

    /// Syntax and repetition of a list of header names.
    fn header_names(&mut self, names: &[String], field: impl Fn(usize) -> Field) {
        let mut seen = HashMap::new();
        for (index, name) in names.iter().enumerate() {
            let lower = name.to_ascii_lowercase();
            if !method::is_token(name.as_bytes()) {
                self.report(field(index), MistakeKind::HeaderNameInvalid(name.clone()));
            } else if let Some(&first) = seen.get(&lower) {
                self.report(field(index), MistakeKind::Duplicate { value: name.clone(), first });
            } else {
                seen.insert(lower, index);
            }
        }
    }

    fn max_age(&mut self) {
        let Some(age) = self.config.max_age else { return };
        if age.subsec_nanos() != 0 {
            self.report(Field::MaxAge, MistakeKind::MaxAgeFraction(age));
        } else if age > LONGEST_MAX_AGE {
            self.report(Field::MaxAge, MistakeKind::MaxAgeTooLong(age));
        } else if age > CHROMIUM_MAX_AGE {
            self.report(Field::MaxAge, MistakeKind::MaxAgeAboveChromium(age));
        }
    }

    fn switches(&mut self) {
        for danger in Dangerous::ALL.into_iter().filter(|danger| self.config.dangerous.contains(danger)) {
            self.report(Field::Dangerous(danger), MistakeKind::DangerousSetting(danger));
        }
        if self.config.legacy_private_network {
            self.report(Field::LegacyPrivateNetwork, MistakeKind::ObsoletePrivateNetwork);
        }
    }
}

fn is_authorization(name: &str) -> bool {
    name.eq_ignore_ascii_case("authorization")
}

/// The field values that stay the same. With credentials `*` would be taken for a name
/// (Fetch, section 3.3.5), so the request's own method and names are sent instead.
fn fields(config: &PolicyConfig, methods: &Methods, request_headers: &RequestHeaders) -> Fields {
    let allow_methods = match methods {
        Methods { any: true, .. } => (!config.credentials).then(|| "*".to_owned()),
        Methods { listed, .. } => Some(distinct(listed).join(", ")),
    };
    let allow_headers = match request_headers {
        RequestHeaders { any: true, .. } if config.credentials => None,
        RequestHeaders { any: true, names } if names.is_empty() => Some("*".to_owned()),
        RequestHeaders { any: true, names } => Some(format!("*, {}", names.joined())),
        RequestHeaders { names, .. } => Some(names.joined()),
    };
    Fields {
        allow_methods: allow_methods.and_then(value),
        allow_headers: allow_headers.and_then(value),
        expose_headers: expose_headers(&config.exposed_headers),
        max_age: config.max_age.and_then(|age| value(age.as_secs().to_string())),
    }
}

/// The names that scripts may read, or `*`.
pub(crate) fn expose_headers(names: &[String]) -> Option<HeaderValue> {
    if names.iter().any(|name| name == "*") {
        return value("*".to_owned());
    }
    let names = names.iter().map(String::as_str);
    value(HeaderNames::new(names.filter(|name| !is_safelisted_response_header(name))).joined())
}

fn distinct(methods: &[Box<str>]) -> Vec<&str> {
    let mut distinct: Vec<&str> = Vec::new();
    for method in methods {
        if !distinct.contains(&&**method) {
            distinct.push(method);
        }
    }
    distinct
}

/// Tokens and commas always make a field value; an empty list makes none.
fn value(text: String) -> Option<HeaderValue> {
    if text.is_empty() {
        return None;
    }
    let value = HeaderValue::try_from(text).ok()?;
    // The first clone of a value allocates its reference count: have it here, not in a request.
    drop(value.clone());
    Some(value)
}
