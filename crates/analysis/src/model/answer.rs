//! The `Access-Control-*` fields of a response, as choices over the request's origin.

use super::{Matcher, Place};

/// What responses of a scope carry.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Lines of `Access-Control-Allow-Origin`. Each is a choice of its own: where two
    /// apply, the response has two lines, and browsers refuse it.
    pub allow_origin: Vec<Choice<Emission>>,
    /// Lines of `Access-Control-Allow-Credentials`; whether each says `true`.
    pub allow_credentials: Vec<Choice<bool>>,
    /// `Access-Control-Allow-Methods`; of use in answers to preflights.
    pub allow_methods: Option<Field>,
    /// `Access-Control-Allow-Headers`; of use in answers to preflights.
    pub allow_headers: Option<Field>,
    /// `Access-Control-Max-Age`; of use in answers to preflights.
    pub max_age: Option<Field>,
    /// `Access-Control-Expose-Headers`.
    pub expose_headers: Option<Field>,
    /// `Access-Control-Allow-Private-Network`, which is obsolete.
    pub allow_private_network: Option<Field>,
    /// `Vary`, as far as the configuration sets it.
    pub vary: Option<Field>,
    /// Which responses carry these fields.
    pub coverage: Coverage,
    /// Whether the upstream's own fields are sent beside these: then two lines may meet.
    pub passes_upstream: bool,
    /// Whether `Access-Control-Allow-Origin` is taken out of them.
    pub hides_upstream_origin: bool,
    /// Errors that another part of the configuration answers, without these fields.
    pub errors_elsewhere: Vec<ErrorsElsewhere>,
    /// Why all of this may be otherwise: a part that was not read, an included file as a rule,
    /// may say more. What is written here is then what holds if it says nothing of it.
    pub unread: Option<String>,
}

/// Errors that another part of the configuration answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorsElsewhere {
    /// Their statuses.
    pub statuses: Vec<u16>,
    /// Whether only those that the server itself makes are meant, and none of an upstream's.
    pub only_own: bool,
    /// Who answers them, as written: `@error`, `/50x.html`.
    pub by: String,
    /// Where that is said.
    pub place: Option<Place>,
}

/// What a server sends for which origin: the first case that matches decides. Where none
/// does, nothing is sent.
#[derive(Clone, Debug)]
pub struct Choice<T> {
    /// In order.
    pub cases: Vec<Case<T>>,
}

impl<T> Default for Choice<T> {
    fn default() -> Self {
        Self { cases: Vec::new() }
    }
}

impl<T> Choice<T> {
    /// The same for every origin.
    pub fn always(then: T, place: Option<Place>) -> Self {
        Self { cases: vec![Case { when: Matcher::Any, then, place }] }
    }
}

/// One case of a [`Choice`].
#[derive(Clone, Debug)]
pub struct Case<T> {
    /// For which origins.
    pub when: Matcher,
    /// What is sent.
    pub then: T,
    /// Where it was written.
    pub place: Option<Place>,
}

/// A value of `Access-Control-Allow-Origin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Emission {
    /// This text, whoever asks: `*`, `null`, one origin.
    Fixed(String),
    /// What the case's regular expression matched: group 0 is the whole match. Which expression
    /// that is says [`Matcher::expression`].
    Matched(u32),
    /// The field is not sent.
    Nothing,
    /// It is not known what is sent, for this reason.
    Opaque(String),
    /// The request's `Origin`, as it is.
    Reflected,
}

/// A field's value and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The value.
    pub value: Value,
    /// Where.
    pub place: Option<Place>,
}

/// A field's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// It is not known, for this reason.
    Opaque(String),
    /// What the request asked for is sent back.
    Reflected,
    /// This text.
    Text(String),
}

/// Which responses carry the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Coverage {
    /// All of them.
    All,
    /// All but those of [`Answer::errors_elsewhere`].
    AllButElsewhere,
    /// All but the answer to a failure that the program did not handle: Starlette's 500.
    Handled,
    /// Those that did not fail: not 401, 403, 404, 429, 5xx.
    Successes,
    /// It is not known.
    #[default]
    Unknown,
}

/// What answers a preflight.
#[derive(Clone, Debug, Default)]
pub enum Preflight {
    /// The server itself, so.
    Answered(Box<Answer>),
    /// The server asks for authentication first, which preflights never have.
    Authenticated(Option<Place>),
    /// Nothing in this configuration: the answer is not a success or lacks the fields.
    Unanswered,
    /// It is not known; an upstream may.
    #[default]
    Unknown,
    /// The server itself, but without the fields: what stands here takes the place of those that
    /// actual responses have.
    WithoutFields(Option<Place>),
}
