//! A policy of ours as a model: nothing is lost, so that whatever judges other servers judges
//! us too.

use corsac_cors::Policy;
use corsac_origin::{HostPattern, OriginPattern, PortPattern};

use super::{Answer, Case, Choice, Coverage, Emission, Field, Matcher, Piece, Preflight, Scope, Value};
use crate::alphabet::ByteSet;

/// What a scope under `policy` answers.
pub fn of_policy(name: &str, policy: &Policy) -> Scope {
    let config = policy.to_config();
    let any = policy.allows_any_origin();
    let cases = config.origins.iter().map(|text| Case {
        when: if any { Matcher::Any } else { origin(text) },
        then: if any { Emission::Fixed("*".to_owned()) } else { Emission::Reflected },
        place: None,
    });
    let cases: Vec<_> = cases.collect();
    let credentials = cases.iter().filter(|_| config.credentials).map(|case| Case {
        when: case.when.clone(),
        then: true,
        place: None,
    });
    let field = |value: String| Field { value: Value::Text(value), place: None };
    let actual = Answer {
        allow_credentials: vec![Choice { cases: credentials.collect() }],
        allow_origin: vec![Choice { cases }],
        expose_headers: (!config.exposed_headers.is_empty())
            .then(|| field(config.exposed_headers.join(", "))),
        vary: (!any).then(|| field("Origin".to_owned())),
        coverage: Coverage::All,
        ..Answer::default()
    };
    let preflight = Answer {
        allow_methods: Some(field(config.methods.join(", "))),
        allow_headers: Some(field(config.request_headers.join(", "))),
        max_age: config.max_age.map(|age| field(age.as_secs().to_string())),
        expose_headers: None,
        ..actual.clone()
    };
    Scope { name: name.to_owned(), place: None, actual, preflight: Preflight::Answered(Box::new(preflight)) }
}

/// One entry of a policy's origins.
pub(crate) fn origin(text: &str) -> Matcher {
    match OriginPattern::parse(text) {
        Ok(pattern) if text.contains('*') => of_pattern(&pattern),
        // One origin, or `null`.
        Ok(_) | Err(_) => Matcher::exact(text),
    }
}

/// The origins of a pattern.
fn of_pattern(pattern: &OriginPattern) -> Matcher {
    let mut pieces = vec![Piece::literal(&format!("{}://", pattern.scheme().as_str()))];
    match pattern.host() {
        HostPattern::Exactly(host) => pieces.push(Piece::literal(host)),
        HostPattern::SubdomainsOf(base) => {
            pieces.push(Piece::Run(host_bytes(), 1, None));
            pieces.push(Piece::literal(&format!(".{base}")));
        }
    }
    match pattern.port() {
        PortPattern::Default => Matcher::Glob(pieces),
        PortPattern::Exactly(port) => {
            pieces.push(Piece::literal(&format!(":{port}")));
            Matcher::Glob(pieces)
        }
        PortPattern::Any => {
            let mut with_port = pieces.clone();
            with_port.extend([Piece::literal(":"), Piece::Run(ByteSet::digit(), 1, Some(5))]);
            Matcher::AnyOf(vec![Matcher::Glob(pieces), Matcher::Glob(with_port)])
        }
    }
}

/// What labels and the dots between them are made of.
fn host_bytes() -> ByteSet {
    ByteSet::word().or(ByteSet::of_all(*b"-."))
}
