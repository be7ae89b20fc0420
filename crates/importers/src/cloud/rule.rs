//! Rules of which the first that matches a request decides: S3, Azure Storage and Cloud
//! Storage have such a list for a bucket or an account.
//!
//! A rule matches by origin *and* method, which a model's scope does not know; so each group
//! of methods that the same rules name is a scope of its own.

use corsac_analysis::model::{
    Answer, Case, Choice, Coverage, Emission, Field, Matcher, Place, Preflight, Scope, Value,
};

use super::notes::{Notes, Text};

/// One rule.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) place: Place,
    pub(super) origins: Vec<Text>,
    pub(super) methods: Vec<Text>,
    pub(super) request_headers: Vec<Text>,
    pub(super) exposed_headers: Vec<Text>,
    pub(super) max_age: Option<Text>,
}

/// What a service makes of a rule.
pub(super) struct Service {
    /// How one entry of a rule's origins is compared, and what is sent then.
    pub(super) entry: fn(&str) -> Entry,
    /// What `Access-Control-Allow-Methods` names.
    pub(super) methods: Methods,
    /// What preflights are told of origin and credentials.
    pub(super) preflight: PreflightFields,
    /// What `*` is answered where it is not a rule's only origin.
    pub(super) star_beside_others: StarBesideOthers,
    /// `Vary`, if it is always the same.
    pub(super) vary: Option<&'static str>,
}

/// An entry of a rule's origins.
pub(super) struct Entry {
    pub(super) when: Matcher,
    pub(super) emission: Emission,
    /// `None` if it is not documented.
    pub(super) credentials: Option<bool>,
}

/// What `Access-Control-Allow-Methods` names.
#[derive(Clone, Copy)]
pub(super) enum Methods {
    /// The method that was asked for.
    Asked,
    /// Those of the rule.
    OfRule,
}

/// What `*` is answered where it is not a rule's only origin.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum StarBesideOthers {
    /// `*`, as alone.
    AsAlone,
    /// Everyone is allowed; whether with credentials is not known.
    NotKnown,
}

/// What preflights are told of origin and credentials.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PreflightFields {
    /// What actual requests are told.
    AsActual,
    /// Their origin, and that credentials are allowed, whatever the rule.
    OriginAndCredentials,
}

impl Service {
    /// That of most: what the rule names, and no more.
    pub(super) fn plain(entry: fn(&str) -> Entry) -> Self {
        Self {
            entry,
            methods: Methods::OfRule,
            preflight: PreflightFields::AsActual,
            star_beside_others: StarBesideOthers::AsAlone,
            vary: None,
        }
    }
}

impl Entry {
    /// `*`: everyone, and no credentials.
    pub(super) fn everyone() -> Self {
        Self { when: Matcher::Any, emission: Emission::Fixed("*".to_owned()), credentials: Some(false) }
    }

    /// Some, to whom their origin is sent back.
    pub(super) fn reflected(when: Matcher, credentials: bool) -> Self {
        Self { when, emission: Emission::Reflected, credentials: Some(credentials) }
    }
}

/// The scopes of `rules`: one for each group of methods that the same rules name.
pub(super) fn scopes(name: &str, rules: &[Rule], service: &Service, notes: &mut Notes) -> Vec<Scope> {
    let mut groups: Vec<(Vec<String>, Vec<&Rule>)> = Vec::new();
    for method in methods(rules, notes) {
        let named: Vec<&Rule> = rules.iter().filter(|rule| rule.may_name(&method)).collect();
        let same = |group: &&mut (Vec<String>, Vec<&Rule>)| {
            group.1.len() == named.len() && group.1.iter().zip(&named).all(|(a, b)| std::ptr::eq(*a, *b))
        };
        match groups.iter_mut().find(same) {
            Some((methods, _)) => methods.push(method),
            None => groups.push((vec![method], named)),
        }
    }
    let scope = |(methods, rules): (Vec<String>, Vec<&Rule>)| scope(name, &methods, &rules, service);
    let scopes: Vec<Scope> = groups.into_iter().map(scope).collect();
    if scopes.is_empty() && !rules.is_empty() {
        notes.unread(rules.first().map(|rule| &rule.place), "no rule names a method, so that none matches");
    }
    scopes
}

/// Methods that rules name, once each.
fn methods(rules: &[Rule], notes: &mut Notes) -> Vec<String> {
    let mut methods: Vec<String> = Vec::new();
    for text in rules.iter().flat_map(|rule| &rule.methods) {
        let name = text.known().unwrap_or(OPAQUE_METHOD);
        if methods.iter().any(|known| known == name) {
            continue;
        }
        if methods.len() == MAX_METHODS {
            notes.unread(Some(&text.place), format!("the rules name more than {MAX_METHODS} methods"));
            break;
        }
        methods.push(name.to_owned());
    }
    methods
}

/// Most methods that are told apart; the services know nine.
const MAX_METHODS: usize = 32;

/// Stands for a method that is computed.
const OPAQUE_METHOD: &str = "a computed method";

impl Rule {
    /// The rule is computed as a whole: it may say anything.
    pub(super) fn be_opaque(&mut self, reason: &str) {
        let unknown = Text { text: Err(reason.to_owned()), place: self.place.clone() };
        self.origins = vec![unknown.clone()];
        self.methods = vec![unknown.clone()];
        self.request_headers = vec![unknown.clone()];
        self.exposed_headers = vec![unknown.clone()];
        self.max_age = Some(unknown);
    }

    fn may_name(&self, method: &str) -> bool {
        self.methods.iter().any(|text| text.known().is_none_or(|known| known == method || known == "*"))
    }

    /// Whether it surely names `method`.
    fn names(&self, method: &str) -> bool {
        self.methods.iter().any(|text| text.known().is_some_and(|known| known == method || known == "*"))
    }
}

fn scope(name: &str, methods: &[String], rules: &[&Rule], service: &Service) -> Scope {
    let (origin, credentials) = choices(methods, rules, service);
    let never = credentials.cases.iter().all(|case| !case.then);
    let answer = Answer {
        allow_origin: vec![origin],
        allow_credentials: if never { Vec::new() } else { vec![credentials] },
        expose_headers: shared(rules, |rule| listed(&rule.exposed_headers)),
        vary: service.vary.map(|vary| Field { value: Value::Text(vary.to_owned()), place: None }),
        coverage: Coverage::Unknown,
        ..Answer::default()
    };
    let preflight = Answer {
        allow_methods: match service.methods {
            Methods::Asked => Some(Field { value: Value::Reflected, place: None }),
            Methods::OfRule => shared(rules, |rule| listed(&rule.methods)),
        },
        allow_headers: shared(rules, request_headers),
        max_age: shared(rules, |rule| rule.max_age.as_ref().map(|age| (age.value(), age.place.clone()))),
        expose_headers: None,
        ..match service.preflight {
            PreflightFields::AsActual => answer.clone(),
            PreflightFields::OriginAndCredentials => open(&answer),
        }
    };
    Scope {
        name: format!("{name}, {}", methods.join(", ")),
        place: rules.first().map(|rule| rule.place.clone()),
        actual: answer,
        preflight: Preflight::Answered(Box::new(preflight)),
    }
}

/// The lines for origin and credentials.
fn choices(methods: &[String], rules: &[&Rule], service: &Service) -> (Choice<Emission>, Choice<bool>) {
    let mut origin = Choice::default();
    let mut credentials = Choice::default();
    for rule in rules {
        let sure = methods.iter().all(|method| rule.names(method));
        for (place, entry) in entries(rule, service) {
            let when =
                if sure { entry.when } else { with_doubt(entry.when, "the rule's methods are computed") };
            if entry.credentials.is_none() {
                let perhaps = with_doubt(when.clone(), "whether credentials are allowed is not documented");
                credentials.cases.push(Case { when: perhaps, then: true, place: place.clone() });
            }
            let then = entry.credentials == Some(true);
            credentials.cases.push(Case { when: when.clone(), then, place: place.clone() });
            origin.cases.push(Case { when, then: entry.emission, place });
        }
    }
    (origin, credentials)
}

/// The answer, with everyone's own origin for `*`, and credentials for all who are allowed.
fn open(answer: &Answer) -> Answer {
    let emission = |then: &Emission| match then {
        Emission::Fixed(_) => Emission::Reflected,
        other => other.clone(),
    };
    Answer {
        allow_credentials: answer.allow_origin.iter().map(|choice| each(choice, |_| true)).collect(),
        allow_origin: answer.allow_origin.iter().map(|choice| each(choice, emission)).collect(),
        ..answer.clone()
    }
}

/// The choice with other answers.
fn each<T>(choice: &Choice<Emission>, then: impl Fn(&Emission) -> T) -> Choice<T> {
    let case = |case: &Case<Emission>| Case {
        when: case.when.clone(),
        then: then(&case.then),
        place: case.place.clone(),
    };
    Choice { cases: choice.cases.iter().map(case).collect() }
}

/// The entries of a rule, `*` last. Whether a page that is also listed by name gets its own
/// origin back or `*` is not documented; it may read in both cases, with credentials perhaps.
fn entries(rule: &Rule, service: &Service) -> Vec<(Option<Place>, Entry)> {
    let entry = |text: &Text| match &text.text {
        Ok(known) => (service.entry)(known),
        Err(reason) => Entry {
            when: Matcher::Opaque(reason.clone()),
            emission: Emission::Opaque(reason.clone()),
            credentials: None,
        },
    };
    let mut entries: Vec<(Option<Place>, Entry)> =
        rule.origins.iter().map(|text| (Some(text.place.clone()), entry(text))).collect();
    entries.sort_by_key(|(_, entry)| matches!(entry.when, Matcher::Any));
    let has_star = entries.last().is_some_and(|(_, entry)| matches!(entry.when, Matcher::Any));
    if !has_star || entries.len() == 1 {
        return entries;
    }
    for (_, entry) in &mut entries {
        let is_star = matches!(entry.when, Matcher::Any);
        if is_star && service.star_beside_others == StarBesideOthers::NotKnown {
            *entry = Entry { credentials: None, ..Entry::reflected(Matcher::Any, false) };
        } else if entry.credentials == Some(true) {
            entry.credentials = None;
        }
    }
    entries
}

/// `when`, if something that is not known also holds.
pub(super) fn with_doubt(when: Matcher, reason: &str) -> Matcher {
    Matcher::AllOf(vec![when, Matcher::Opaque(reason.to_owned())])
}

/// The field that all rules would send; opaque where they differ.
fn shared(rules: &[&Rule], field: impl Fn(&Rule) -> Option<(Value, Place)>) -> Option<Field> {
    let mut fields = rules.iter().map(|rule| field(rule));
    let first = fields.next()?;
    let value = |field: &Option<(Value, Place)>| field.as_ref().map(|(value, _)| value.clone());
    let place = first.as_ref().map(|(_, place)| place.clone());
    if fields.all(|other| value(&other) == value(&first)) {
        return first.map(|(value, _)| Field { value, place });
    }
    Some(Field { value: Value::Opaque("it depends on the rule that matches".to_owned()), place })
}

/// The texts as one field.
pub(super) fn listed(texts: &[Text]) -> Option<(Value, Place)> {
    let place = texts.first()?.place.through(&texts.last()?.place);
    let known: Result<Vec<&str>, &String> = texts.iter().map(|text| text.text.as_deref()).collect();
    let value = match known {
        Ok(known) => Value::Text(known.join(", ")),
        Err(reason) => Value::Opaque(reason.clone()),
    };
    Some((value, place))
}

/// `Access-Control-Allow-Headers`: those of the request that the rule names.
fn request_headers(rule: &Rule) -> Option<(Value, Place)> {
    let (value, place) = listed(&rule.request_headers)?;
    let names: Vec<&str> = rule.request_headers.iter().filter_map(Text::known).collect();
    let wild = names.iter().find(|name| name.contains('*'));
    let value = match wild {
        _ if names.contains(&"*") => Value::Reflected,
        Some(wild) => Value::Opaque(format!("those asked for that match `{wild}`")),
        None => value,
    };
    Some((value, place))
}
