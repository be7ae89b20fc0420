//! `CorsConfiguration`, Spring's one class for all of its ways to configure CORS.
//!
//! Facts from its source (spring-web, 5.3 to 6.2):
//!
//! - `allowedOrigins` are compared in either case; one slash at an entry's end is dropped, and a
//!   comma makes two entries of one (not within brackets);
//! - `*` among them sends `*`, whatever else is listed. With `allowCredentials` 5.3 and later
//!   throw (at start or at the first request); before, every origin was sent back. The version
//!   is not known, so that this pair is opaque;
//! - in `allowedOriginPatterns` `*` is any run; `:[8080,8081]` and `:[*]` at the end are ports, the
//!   latter also none. The rest is literal, upper and lower case told apart;
//! - what matches is sent back as it came; the fields are not sent if the response already has
//!   `Access-Control-Allow-Origin`;
//! - methods default to GET and HEAD; `applyPermitDefaultValues` sets `*`, GET, HEAD, POST, all
//!   headers and half an hour.

use corsac_analysis::alphabet::ByteSet;
use corsac_analysis::model::{
    Answer, Case, Choice, Coverage, Emission, Field, LetterCase, Matcher, Piece, Place, Preflight, Scope,
    Value,
};
use corsac_analysis::regex::{Dialect, Flags, Mode, Regex};

use crate::cloud::Text;

/// A configuration as it was written; `None` is what nobody has set.
#[derive(Clone, Debug, Default)]
pub(super) struct Config {
    pub(super) origins: Option<Vec<Text>>,
    pub(super) patterns: Option<Vec<Text>>,
    pub(super) methods: Option<Vec<Text>>,
    pub(super) headers: Option<Vec<Text>>,
    pub(super) exposed: Option<Vec<Text>>,
    pub(super) credentials: Option<Text>,
    pub(super) max_age: Option<Text>,
    /// Whether `origins` is the `*` that is there by default.
    pub(super) default_origins: bool,
    /// Whether another server's response is passed on.
    pub(super) is_proxy: bool,
}

const VARY: &str = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";

impl Config {
    /// `applyPermitDefaultValues`, as written at `place`.
    pub(super) fn apply_permit_defaults(&mut self, place: &Place) {
        let texts = |texts: &[&str]| texts.iter().map(|text| Text::known_at(text, place)).collect();
        if self.origins.is_none() && self.patterns.is_none() {
            self.origins = Some(texts(&["*"]));
            self.default_origins = true;
        }
        self.methods.get_or_insert_with(|| texts(&["GET", "HEAD", "POST"]));
        self.headers.get_or_insert_with(|| texts(&["*"]));
        self.max_age.get_or_insert_with(|| Text::known_at("1800", place));
    }

    /// All of it is computed, by `text`.
    pub(super) fn be_opaque(&mut self, text: &Text) {
        let all = || Some(vec![text.clone()]);
        self.origins = all();
        self.patterns = all();
        self.default_origins = false;
        self.methods = all();
        self.headers = all();
        self.exposed = all();
        self.credentials = Some(text.clone());
        self.max_age = Some(text.clone());
    }

    /// What a scope under it answers.
    pub(super) fn scope(&self, name: String, place: Option<Place>) -> Scope {
        let cases = self.cases();
        let answer = Answer {
            allow_credentials: self.credentials_lines(&cases),
            allow_origin: vec![Choice { cases }],
            expose_headers: self.exposed.as_deref().and_then(field),
            vary: Some(Field { value: Value::Text(VARY.to_owned()), place: None }),
            coverage: Coverage::Unknown,
            passes_upstream: self.is_proxy,
            ..Answer::default()
        };
        let default_methods = || Field { value: Value::Text("GET, HEAD".to_owned()), place: None };
        let preflight = Answer {
            allow_methods: self.methods.as_deref().map_or_else(|| Some(default_methods()), asked_or_listed),
            allow_headers: self.headers.as_deref().and_then(asked_or_listed),
            max_age: self
                .max_age
                .as_ref()
                .map(|age| Field { value: age.value(), place: Some(age.place.clone()) }),
            passes_upstream: false,
            ..answer.clone()
        };
        Scope { name, place, actual: answer, preflight: Preflight::Answered(Box::new(preflight)) }
    }

    /// Whether credentials are allowed: `None` if that is computed.
    fn credentials(&self) -> Option<bool> {
        match &self.credentials {
            None => Some(false),
            Some(text) => text.known().and_then(truth),
        }
    }

    fn cases(&self) -> Vec<Case<Emission>> {
        let origins: Vec<Text> = self.origins.iter().flatten().flat_map(split).collect();
        let patterns: Vec<Text> = self.patterns.iter().flatten().flat_map(split).collect();
        if let Some(star) = origins.iter().find(|text| text.known() == Some("*")) {
            let then = match self.credentials() {
                Some(false) => Emission::Fixed("*".to_owned()),
                _ => Emission::Opaque(STAR_WITH_CREDENTIALS.to_owned()),
            };
            return vec![Case { when: Matcher::Any, then, place: Some(star.place.clone()) }];
        }
        // Computed ones last: a computed `*` would hide the others, but sends no less to them.
        let known = origins.iter().filter_map(|text| Some((text, exact(text.known()?))));
        let patterned = patterns.iter().filter_map(|text| Some((text, pattern(text.known()?))));
        let reflected = known.chain(patterned).map(|(text, when)| Case {
            when,
            then: Emission::Reflected,
            place: Some(text.place.clone()),
        });
        let computed = origins.iter().chain(&patterns).filter_map(|text| {
            let reason = text.text.as_ref().err()?;
            Some(Case {
                when: Matcher::Opaque(reason.clone()),
                then: Emission::Opaque(reason.clone()),
                place: Some(text.place.clone()),
            })
        });
        reflected.chain(computed).collect()
    }

    /// `true` goes where an origin is allowed.
    fn credentials_lines(&self, cases: &[Case<Emission>]) -> Vec<Choice<bool>> {
        let doubt = |when: Matcher| match self.credentials() {
            Some(_) => when,
            None => Matcher::AllOf(vec![when, Matcher::Opaque("`allowCredentials` is computed".to_owned())]),
        };
        let cases = cases.iter().map(|case| Case {
            when: doubt(case.when.clone()),
            then: true,
            place: case.place.clone(),
        });
        if self.credentials() == Some(false) { Vec::new() } else { vec![Choice { cases: cases.collect() }] }
    }
}

const STAR_WITH_CREDENTIALS: &str =
    "Spring before 5.3 sends every origin back for `*` with credentials; later versions throw";

/// What Spring's conversion to `Boolean` takes.
fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "on" | "yes" | "1" => Some(true),
        "false" | "off" | "no" | "0" | "" => Some(false),
        _ => None,
    }
}

/// Splits at commas outside of brackets, trims each part, and drops one slash at its end.
fn split(text: &Text) -> Vec<Text> {
    let Ok(known) = &text.text else { return vec![text.clone()] };
    let mut parts = Vec::new();
    let mut start = 0;
    let mut in_ports = false;
    for (at, byte) in known.bytes().enumerate() {
        match byte {
            b'[' => in_ports = true,
            b']' => in_ports = false,
            b',' if !in_ports => {
                parts.push(known.get(start..at).unwrap_or_default().trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    let last = known.get(start..).unwrap_or_default();
    parts.push(if start == 0 { last } else { last.trim() });
    let trimmed = parts.into_iter().map(|part| part.strip_suffix('/').unwrap_or(part));
    trimmed.map(|part| Text { text: Ok(part.to_owned()), place: text.place.clone() }).collect()
}

/// `String.equalsIgnoreCase`: four letters outside of ASCII equal one within.
fn exact(text: &str) -> Matcher {
    let folded = text.chars().map(|letter| match letter {
        '\u{130}' | '\u{131}' => 'i',
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => other,
    });
    Matcher::Exact(folded.collect(), LetterCase::Ignored)
}

/// An entry of `allowedOriginPatterns`.
fn pattern(text: &str) -> Matcher {
    if text == "*" {
        return Matcher::Any;
    }
    let (host, ports) = ports(text);
    if text.contains('\\') {
        // A written `\E` ends Spring's quotation.
        let quoted = format!("\\Q{host}\\E").replace('*', "\\E.*\\Q");
        let ports = match ports {
            None => String::new(),
            Some("*") => "(:\\d+)?".to_owned(),
            Some(list) => format!(":({})", list.replace(',', "|")),
        };
        return Matcher::Regex(Regex::new(&(quoted + &ports), Dialect::Java, Mode::Full, Flags::default()));
    }
    let pieces = globbed(host);
    match ports {
        None => Matcher::Glob(pieces),
        Some("*") => {
            let any = [Piece::literal(":"), Piece::Run(ByteSet::digit(), 1, None)];
            let with_port = pieces.iter().cloned().chain(any).collect();
            Matcher::AnyOf(vec![Matcher::Glob(pieces), Matcher::Glob(with_port)])
        }
        Some(list) => Matcher::AnyOf(
            list.split(',')
                .map(|port| {
                    let port = Piece::literal(&format!(":{port}"));
                    Matcher::Glob(pieces.iter().cloned().chain([port]).collect())
                })
                .collect(),
        ),
    }
}

/// `host:[ports]`; the ports are `*` or numbers.
fn ports(text: &str) -> (&str, Option<&str>) {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_suffix(']')
        .and_then(|rest| rest.rsplit_once(":["))
        .filter(|(_, ports)| *ports == "*" || ports.split(',').all(is_number))
        .map_or((text, None), |(host, ports)| (host, Some(ports)))
}

fn globbed(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (index, literal) in text.split('*').enumerate() {
        if index > 0 {
            pieces.push(Piece::anything());
        }
        if !literal.is_empty() {
            pieces.push(Piece::literal(literal));
        }
    }
    pieces
}

/// A list as a field; `*` sends back what was asked for.
fn asked_or_listed(texts: &[Text]) -> Option<Field> {
    let star = texts.iter().find(|text| text.known() == Some("*"));
    match star {
        Some(star) => Some(Field { value: Value::Reflected, place: Some(star.place.clone()) }),
        None => field(texts),
    }
}

fn field(texts: &[Text]) -> Option<Field> {
    let place = texts.first()?.place.through(&texts.last()?.place);
    let known: Result<Vec<&str>, &String> = texts.iter().map(|text| text.text.as_deref()).collect();
    let value = match known {
        Ok(known) => Value::Text(known.join(", ")),
        Err(reason) => Value::Opaque(reason.clone()),
    };
    Some(Field { value, place: Some(place) })
}
