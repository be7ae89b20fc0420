//! All responses of a scope as one [`Answer`].

use std::rc::Rc;

use corsac_analysis::model::Case as ModelCase;
use corsac_analysis::model::{
    Answer, Choice, Coverage, Emission, ErrorsElsewhere, Field, Matcher, Place, Preflight,
};

use super::fields::{self, Kind, PageFields, Response, Says, Values};
use super::value::{Case, Cases, Text, Variables};

const ALLOW_ORIGIN: &str = "access-control-allow-origin";
const ALLOW_CREDENTIALS: &str = "access-control-allow-credentials";

/// Most conditions that the cases of one line may have in all; beyond, the line is opaque.
const MAX_CONDITIONS: usize = 1 << 16;

/// What a scope answers, in a form that can be compared.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Folded {
    origins: Vec<Values<Emission>>,
    credentials: Vec<Values<Says>>,
    /// Methods, headers, age, exposed, private network.
    fields: [Option<Field>; 5],
    vary: Option<Field>,
    coverage: Coverage,
    errors_elsewhere: Vec<ErrorsElsewhere>,
    passes_upstream: bool,
    hides_upstream_origin: bool,
    unread: Option<Rc<str>>,
}

impl Folded {
    pub(super) fn new(responses: &Cases<Response>, variables: &Variables) -> Self {
        let origins = |index| {
            fields::line(responses, (ALLOW_ORIGIN, index), variables, &Emission::Nothing, fields::emission)
        };
        let credentials = |index| {
            let read = |text: &Text, _: &[_]| Says::of(text);
            fields::line(responses, (ALLOW_CREDENTIALS, index), variables, &Says::Nothing, read)
        };
        let passes = |name| responses.iter().any(|case| case.then.passes(name));
        let passes_upstream = passes(ALLOW_ORIGIN) || passes(ALLOW_CREDENTIALS);
        let coverage = coverage(responses, passes_upstream);
        Self {
            origins: (0..fields::count(responses, ALLOW_ORIGIN)).map(origins).collect(),
            credentials: (0..fields::count(responses, ALLOW_CREDENTIALS)).map(credentials).collect(),
            fields: other_fields(responses, variables),
            vary: fields::vary(responses, variables),
            errors_elsewhere: match coverage {
                Coverage::AllButElsewhere => errors_elsewhere(responses),
                _ => Vec::new(),
            },
            coverage,
            passes_upstream,
            hides_upstream_origin: !passes(ALLOW_ORIGIN),
            unread: responses.iter().find_map(|case| case.then.unread().cloned()),
        }
    }

    /// Whether `Access-Control-Allow-Origin` is never sent by nginx itself.
    fn is_silent(&self) -> bool {
        let silent = |values: &Values<Emission>| values.iter().all(|case| case.then.0 == Emission::Nothing);
        self.origins.iter().all(silent)
    }

    /// How many conditions it has, which is what the model costs.
    pub(super) fn size(&self) -> usize {
        let origins = self.origins.iter().flatten().map(size);
        let credentials = self.credentials.iter().flatten().map(size);
        origins.sum::<usize>() + credentials.sum::<usize>()
    }

    pub(super) fn into_answer(self) -> Answer {
        let [allow_methods, allow_headers, max_age, expose_headers, allow_private_network] = self.fields;
        Answer {
            allow_origin: self.origins.into_iter().filter_map(origin_line).collect(),
            allow_credentials: self.credentials.into_iter().filter_map(credentials_line).collect(),
            allow_methods,
            allow_headers,
            max_age,
            expose_headers,
            allow_private_network,
            vary: self.vary,
            coverage: self.coverage,
            errors_elsewhere: self.errors_elsewhere,
            passes_upstream: self.passes_upstream,
            hides_upstream_origin: self.hides_upstream_origin,
            unread: self.unread.map(|reason| reason.to_string()),
        }
    }

    /// The same without anything known, for a scope that the model has no room for.
    pub(super) fn opaque(reason: &str) -> Answer {
        let unknown = Matcher::Opaque(reason.to_owned());
        let case = ModelCase { when: unknown, then: true, place: None };
        Answer {
            allow_origin: vec![Choice::always(Emission::Opaque(reason.to_owned()), None)],
            allow_credentials: vec![Choice { cases: vec![case] }],
            passes_upstream: true,
            ..Answer::default()
        }
    }
}

fn size<T>(case: &Case<T>) -> usize {
    case.guards.iter().map(super::value::Guard::size).sum::<usize>() + 1
}

fn origin_line(values: Values<Emission>) -> Option<Choice<Emission>> {
    if values.iter().map(size).sum::<usize>() > MAX_CONDITIONS {
        return Some(Choice::always(Emission::Opaque("too many conditions decide".to_owned()), None));
    }
    Some(fields::origin_choice(values)).filter(|line| !line.cases.is_empty())
}

fn credentials_line(values: Values<Says>) -> Option<Choice<bool>> {
    // Exclusions may double what was counted; cases without the field are few as a rule.
    let absent = values.iter().filter(|case| case.then.0 == Says::Nothing).map(size).sum::<usize>();
    let present = values.iter().map(size).sum::<usize>() + absent * values.len();
    if present > MAX_CONDITIONS {
        let when = Matcher::Opaque("too many conditions decide".to_owned());
        return Some(Choice { cases: vec![ModelCase { when, then: true, place: None }] });
    }
    Some(fields::credentials_choice(values)).filter(|line| !line.cases.is_empty())
}

/// Fields that matter only where the origin is allowed at all.
fn other_fields(responses: &Cases<Response>, variables: &Variables) -> [Option<Field>; 5] {
    let allowing: Vec<&Response> = responses
        .iter()
        .map(|case| &case.then)
        .filter(|response| !response.lines(ALLOW_ORIGIN).is_empty())
        .collect();
    let all: Vec<&Response> = responses.iter().map(|case| &case.then).collect();
    let relevant = if allowing.is_empty() { all } else { allowing };
    [
        "access-control-allow-methods",
        "access-control-allow-headers",
        "access-control-max-age",
        "access-control-expose-headers",
        "access-control-allow-private-network",
    ]
    .map(|name| {
        let known = relevant.iter().copied().filter(|response| !matches!(response.kind, Kind::Unknown(_)));
        fields::field(known, name, variables)
    })
}

/// Statuses that fields are sent with also without `always`.
const SENT_WITH: [u16; 10] = [200, 201, 204, 206, 301, 302, 303, 304, 307, 308];

/// Which responses have the fields; where they differ, the least.
fn coverage(responses: &Cases<Response>, passes_upstream: bool) -> Coverage {
    let mut some = false;
    let mut pages = Vec::new();
    for response in responses {
        let response = &response.then;
        if matches!(response.kind, Kind::Unknown(_)) || response.unread().is_some() {
            return Coverage::Unknown;
        }
        let lines = [ALLOW_ORIGIN, ALLOW_CREDENTIALS].map(|name| response.lines(name)).into_iter().flatten();
        let always: Vec<bool> = lines.map(|line| line.always).collect();
        if always.contains(&false) {
            // Where nothing but this is answered, there are no errors.
            if matches!(response.kind, Kind::Status(status) if SENT_WITH.contains(&status)) {
                some = true;
                continue;
            }
            return Coverage::Successes;
        }
        if !always.is_empty() {
            some = true;
            pages.extend(response.pages.iter().map(|page| page.fields));
        }
    }
    if pages.contains(&PageFields::Missing) {
        Coverage::AllButElsewhere
    } else if pages.contains(&PageFields::Unknown) {
        Coverage::Unknown
    } else if some || !passes_upstream {
        Coverage::All
    } else {
        Coverage::Unknown
    }
}

/// The errors that something else answers without the fields, each once.
fn errors_elsewhere(responses: &Cases<Response>) -> Vec<ErrorsElsewhere> {
    let sends = |case: &&Case<Response>| !case.then.lines(ALLOW_ORIGIN).is_empty();
    let pages = responses.iter().filter(sends).flat_map(|case| &case.then.pages);
    let mut all: Vec<ErrorsElsewhere> = Vec::new();
    for page in pages.filter(|page| page.fields == PageFields::Missing) {
        if !all.contains(&page.errors) {
            all.push(page.errors.clone());
        }
    }
    all
}

/// What answers preflights.
#[derive(Clone, Debug)]
pub(super) enum FoldedPreflight {
    Answered(Box<Folded>),
    Authenticated(Place),
    Unanswered,
    Unknown,
    WithoutFields(Option<Place>),
}

impl PartialEq for FoldedPreflight {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Answered(one), Self::Answered(other)) => one == other,
            (Self::Authenticated(one), Self::Authenticated(other)) => one == other,
            (Self::WithoutFields(one), Self::WithoutFields(other)) => one == other,
            (Self::Unanswered, Self::Unanswered) | (Self::Unknown, Self::Unknown) => true,
            _ => false,
        }
    }
}

/// What becomes of a preflight that is answered so.
enum Fate {
    Fails,
    Succeeds,
    Unknown,
}

impl FoldedPreflight {
    pub(super) fn new(responses: &Cases<Response>, variables: &Variables) -> Self {
        let fates: Vec<Fate> = responses.iter().map(|case| fate(&case.then)).collect();
        let succeeds = fates.iter().any(|fate| matches!(fate, Fate::Succeeds));
        // What was not read may answer.
        let unread = responses.iter().any(|case| case.then.unread().is_some());
        let unknown =
            responses.is_empty() || unread || fates.iter().any(|fate| matches!(fate, Fate::Unknown));
        let asked = responses.iter().find_map(|case| match &case.then.kind {
            Kind::Authenticated(place) => Some(place.clone()),
            _ => None,
        });
        match (succeeds, unknown, asked) {
            (true, ..) => {
                let responses = settled(responses, &fates);
                let folded = Folded::new(&responses, variables);
                if folded.is_silent() && !unknown {
                    Self::WithoutFields(replaced(&responses))
                } else {
                    Self::Answered(Box::new(folded))
                }
            }
            (false, true, _) => Self::Unknown,
            (false, false, Some(place)) => Self::Authenticated(place),
            (false, false, None) => Self::Unanswered,
        }
    }

    pub(super) fn size(&self) -> usize {
        if let Self::Answered(folded) = self { folded.size() } else { 1 }
    }

    pub(super) fn into_preflight(self) -> Preflight {
        match self {
            Self::Answered(folded) => Preflight::Answered(Box::new(folded.into_answer())),
            Self::Authenticated(place) => Preflight::Authenticated(Some(place)),
            Self::Unanswered => Preflight::Unanswered,
            Self::Unknown => Preflight::Unknown,
            Self::WithoutFields(place) => Preflight::WithoutFields(place),
        }
    }
}

/// Where the fields stand that successes have in place of others.
fn replaced(responses: &Cases<Response>) -> Option<Place> {
    let mut succeeding = responses.iter().filter(|case| matches!(case.then.kind, Kind::Status(_)));
    succeeding.find_map(|case| case.then.state.location.own.clone())
}

fn fate(response: &Response) -> Fate {
    let location = &response.state.location;
    match &response.kind {
        Kind::Status(status) if (200..300).contains(status) => Fate::Succeeds,
        Kind::Authenticated(_) | Kind::Failed | Kind::Status(_) => Fate::Fails,
        // Files are not served to `OPTIONS`: 405, unless something else is tried.
        Kind::Content => {
            let replaced = location.error_pages.iter().any(|page| page.codes.contains(&405));
            if location.tries_files || replaced { Fate::Unknown } else { Fate::Fails }
        }
        Kind::Passed | Kind::Unknown(_) => Fate::Unknown,
    }
}

/// Preflights that fail are as good as answered without a field; those of an upstream are
/// not known.
fn settled(responses: &Cases<Response>, fates: &[Fate]) -> Cases<Response> {
    let settle = |(case, fate): (&Case<Response>, &Fate)| {
        let mut case = case.clone();
        case.then.kind = match fate {
            Fate::Fails => Kind::Failed,
            Fate::Succeeds => case.then.kind,
            Fate::Unknown => Kind::Unknown("an upstream may answer".into()),
        };
        case
    };
    responses.iter().zip(fates).map(settle).collect()
}
