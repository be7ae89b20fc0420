//! A configuration of no server, in lines, for models of every kind.
//!
//! `exact`, `regex`, `suffix`, `prefix`, `contains`, `glob`, `any`, `opaque`: an entry whose
//! origins are sent back; with `!` before it they are refused; with `-> text` behind it that
//! text is sent. `line` begins a second `Access-Control-Allow-Origin`. The other keys set fields
//! of actual responses and of preflights, which are answered unless `preflight` says otherwise.
//! What stands before `actual = responses` is of preflights only, and what follows of the others.

use corsac_analysis::model::{
    Answer, Case, Choice, Coverage, Emission, ErrorsElsewhere, Field, LetterCase, Matcher, Model, Piece,
    Place, Preflight, Scope, Unread, Value,
};
use corsac_analysis::regex::{Dialect, Flags, Mode, Regex};
use corsac_diagnostics::Source;

pub(crate) fn read(name: &str, text: &str) -> Model {
    let mut reader = Reader::default();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let code = line.split("  #").next().unwrap().trim_end();
        if let Some((key, value)) = code.split_once(" = ").filter(|(key, _)| !key.starts_with('#')) {
            let from = start + key.len() + 3;
            reader.entry(key, value, Place { file: 0, span: from..from + value.len() });
        }
        start += line.len();
    }
    reader.model(Source::new(name, text))
}

#[derive(Default)]
struct Reader {
    answer: Answer,
    preflight: Option<Preflight>,
    unread: Vec<Unread>,
}

impl Reader {
    fn entry(&mut self, key: &str, value: &str, place: Place) {
        let text = |value: &str| Field {
            value: match value {
                "(opaque)" => Value::Opaque("code decides".to_owned()),
                "(reflected)" => Value::Reflected,
                _ => Value::Text(value.to_owned()),
            },
            place: Some(place.clone()),
        };
        match key {
            "methods" => self.answer.allow_methods = Some(text(value)),
            "headers" => self.answer.allow_headers = Some(text(value)),
            "expose" => self.answer.expose_headers = Some(text(value)),
            "max-age" => self.answer.max_age = Some(text(value)),
            "private-network" => self.answer.allow_private_network = Some(text(value)),
            "vary" => self.answer.vary = Some(text(value)),
            "credentials" | "Access-Control-Allow-Credentials" => {
                self.answer.allow_credentials.push(Choice::always(value.ends_with("true"), Some(place)));
            }
            "credentials of" => {
                let when = Matcher::exact(value);
                let cases = vec![Case { when, then: true, place: Some(place) }];
                self.answer.allow_credentials.push(Choice { cases });
            }
            "coverage" => {
                self.answer.coverage = match value {
                    "all" => Coverage::All,
                    "handled" => Coverage::Handled,
                    _ => Coverage::Successes,
                }
            }
            "upstream" => self.answer.passes_upstream = value == "passes",
            "preflight" => {
                self.preflight = Some(match value {
                    "authenticated" => Preflight::Authenticated(Some(place)),
                    "unanswered" => Preflight::Unanswered,
                    "without fields" => Preflight::WithoutFields(Some(place)),
                    _ => Preflight::Unknown,
                });
            }
            "actual" => {
                let preflight = std::mem::take(&mut self.answer);
                self.preflight = Some(Preflight::Answered(Box::new(preflight)));
            }
            "elsewhere" => {
                let (status, by) = value.split_once(' ').unwrap();
                self.answer.coverage = Coverage::AllButElsewhere;
                self.answer.errors_elsewhere.push(ErrorsElsewhere {
                    statuses: vec![status.parse().unwrap()],
                    only_own: true,
                    by: by.to_owned(),
                    place: Some(place),
                });
            }
            "not read" => self.answer.unread = Some(value.to_owned()),
            "hides" => self.answer.hides_upstream_origin = true,
            "unread" => self.unread.push(Unread { place: Some(place), reason: value.to_owned() }),
            "line" => self.answer.allow_origin.push(Choice::default()),
            _ => self.case(key, value, place),
        }
    }

    fn case(&mut self, key: &str, value: &str, place: Place) {
        let (value, then) = match value.split_once(" -> ") {
            Some((value, sent)) => (value, Emission::Fixed(sent.to_owned())),
            None if key.starts_with('!') => (value, Emission::Nothing),
            None => (value, Emission::Reflected),
        };
        let case = Case { when: matcher(key.trim_start_matches('!'), value), then, place: Some(place) };
        if self.answer.allow_origin.is_empty() {
            self.answer.allow_origin.push(Choice::default());
        }
        self.answer.allow_origin.last_mut().unwrap().cases.push(case);
    }

    fn model(self, source: Source) -> Model {
        let preflight = self.preflight.unwrap_or_else(|| Preflight::Answered(Box::new(self.answer.clone())));
        let scope = Scope { name: "server".to_owned(), place: None, actual: self.answer, preflight };
        Model { system: "test", files: vec![source], scopes: vec![scope], unread: self.unread }
    }
}

fn matcher(key: &str, value: &str) -> Matcher {
    let text = value.to_owned();
    let regex = |mode| Matcher::Regex(Regex::new(value, Dialect::Pcre, mode, Flags::default()));
    match key {
        "any" => Matcher::Any,
        "caseless" => Matcher::Exact(text, LetterCase::Ignored),
        "contains" => Matcher::Contains(text, LetterCase::Matters),
        "exact" => Matcher::Exact(text, LetterCase::Matters),
        "full" => regex(Mode::Full),
        "glob" => Matcher::Glob(glob(value)),
        "opaque" => Matcher::Opaque(text),
        "prefix" => Matcher::Prefix(text, LetterCase::Matters),
        "regex" => regex(Mode::Search),
        "suffix" => Matcher::Suffix(text, LetterCase::Matters),
        _ => panic!("{key}"),
    }
}

fn glob(value: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (number, literal) in value.split('*').enumerate() {
        if number > 0 {
            pieces.push(Piece::anything());
        }
        if !literal.is_empty() {
            pieces.push(Piece::literal(literal));
        }
    }
    pieces
}
