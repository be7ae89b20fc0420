//! Texts that depend on the request's origin, and conditions on it.
//!
//! A value is known as pieces: constant text, the origin, what an expression matched. A
//! variable has [`Cases`]: the first whose guards all hold decides, and the last has none.

use std::rc::Rc;

use corsac_analysis::alphabet;
use corsac_analysis::model::{LetterCase, Matcher, Place, Truth};
use corsac_analysis::regex::{Dialect, Flags, Mode, Regex};

/// What is sent or compared, in order; never two literals in a row, and no empty one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Text(pub(super) Vec<Piece>);

/// A part of a [`Text`].
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    /// What a group of the expression matched in the origin.
    Group(Rc<Pattern>, u32),
    Literal(String),
    /// Not known, and why.
    Opaque(Rc<str>),
    /// The request's `Origin`.
    Origin,
    /// `Access-Control-Request-Headers`, which may be empty.
    RequestedHeaders,
    /// `Access-Control-Request-Method`, which every preflight has.
    RequestedMethod,
}

impl Text {
    pub(super) fn literal(text: &str) -> Self {
        let mut this = Self::default();
        this.push(Piece::Literal(text.to_owned()));
        this
    }

    pub(super) fn of(piece: Piece) -> Self {
        Self(vec![piece])
    }

    pub(super) fn opaque(reason: &str) -> Self {
        Self::of(Piece::Opaque(reason.into()))
    }

    pub(super) fn push(&mut self, piece: Piece) {
        match (self.0.last_mut(), piece) {
            (_, Piece::Literal(text)) if text.is_empty() => {}
            (Some(Piece::Literal(before)), Piece::Literal(text)) => before.push_str(&text),
            (_, piece) => self.0.push(piece),
        }
    }

    pub(super) fn extend(&mut self, other: Self) {
        other.0.into_iter().for_each(|piece| self.push(piece));
    }

    /// The text, where it is constant.
    pub(super) fn constant(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Constant text, then the origin, then constant text.
    pub(super) fn around_origin(&self) -> Option<(&str, &str)> {
        match self.0.as_slice() {
            [Piece::Origin] => Some(("", "")),
            [Piece::Literal(before), Piece::Origin] => Some((before, "")),
            [Piece::Origin, Piece::Literal(after)] => Some(("", after)),
            [Piece::Literal(before), Piece::Origin, Piece::Literal(after)] => Some((before, after)),
            _ => None,
        }
    }

    /// Why it is not known.
    pub(super) fn reason(&self) -> Rc<str> {
        let known = "the value is put together from parts of the request";
        let opaque = self.0.iter().find_map(|piece| match piece {
            Piece::Opaque(reason) => Some(reason.clone()),
            _ => None,
        });
        opaque.unwrap_or_else(|| known.into())
    }
}

/// A regular expression of the configuration.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) text: String,
    pub(super) ignore_case: bool,
    pub(super) regex: Regex,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.ignore_case == other.ignore_case
    }
}

impl Pattern {
    pub(super) fn new(text: &str, ignore_case: bool) -> Rc<Self> {
        let flags = Flags(if ignore_case { "i" } else { "" }.to_owned());
        let regex = Regex::new(text, Dialect::Pcre, Mode::Search, flags);
        Rc::new(Self { text: text.to_owned(), ignore_case, regex })
    }

    /// Whether it matches a constant text. Expressions are modelled over the bytes of
    /// origins, which have no upper case; so a text with upper case (a method) is compared
    /// in lower case where the expression cannot tell.
    pub(super) fn matches(&self, text: &str) -> Truth {
        let of_origins = |text: &str| text.bytes().all(|byte| alphabet::index(byte).is_some());
        let accepts = |regex: &Regex, text: &str| regex.accepts(text).map_or(Truth::Unknown, Truth::from);
        let lower = text.to_ascii_lowercase();
        if of_origins(text) {
            return accepts(&self.regex, text);
        }
        if !of_origins(&lower) {
            return Truth::Unknown;
        }
        if self.ignore_case {
            return accepts(&self.regex, &lower);
        }
        let blind = !self.text.contains("(?")
            && !self.text.contains("[^")
            && !self.text.bytes().any(|byte| byte == b'\\' || byte.is_ascii_lowercase());
        let without_lower = lower != text && text.bytes().all(|byte| !byte.is_ascii_lowercase());
        if blind && without_lower {
            return accepts(&Self::new(&self.text, true).regex, &lower);
        }
        Truth::Unknown
    }

    /// The names of its groups and their numbers; `None` if they cannot be counted simply.
    pub(super) fn names(&self) -> Option<Vec<(String, u32)>> {
        group_names(&self.text)
    }
}

/// Named groups by number: `(` opens one unless `?` follows, `(?<n>`, `(?P<n>` and `(?'n'` do.
fn group_names(text: &str) -> Option<Vec<(String, u32)>> {
    if text.contains("(?|") || text.contains("\\Q") {
        return None;
    }
    let mut names = Vec::new();
    let mut groups = 0;
    let mut in_class = false;
    let mut at = 0;
    let bytes = text.as_bytes();
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'[' if !in_class => {
                in_class = true;
                // `[]a]` and `[^]a]`: a `]` that comes first is one of the class.
                at += usize::from(bytes.get(at + 1) == Some(&b'^'));
                at += usize::from(bytes.get(at + 1) == Some(&b']'));
            }
            b']' => in_class = false,
            b'(' if !in_class => match bytes.get(at + 1) {
                Some(b'*') => {}
                Some(b'?') => {
                    if let Some(name) = group_name(text.get(at + 2..)?) {
                        groups += 1;
                        names.push((name.to_ascii_lowercase(), groups));
                    }
                }
                _ => groups += 1,
            },
            _ => {}
        }
        at += 1;
    }
    Some(names)
}

/// The name in `<n>`, `P<n>` or `'n'`; `None` for look-behind and whatever else follows `(?`.
fn group_name(rest: &str) -> Option<&str> {
    let inside = rest.strip_prefix("P<").or_else(|| rest.strip_prefix('<'));
    let (inside, end) = match inside {
        Some(inside) => (inside, '>'),
        None => (rest.strip_prefix('\'')?, '\''),
    };
    let name = inside.split(end).next()?;
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (!name.is_empty() && is_name(name)).then_some(name)
}

/// A condition on the origin.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    AllOf(Vec<Guard>),
    AnyOf(Vec<Guard>),
    Exact(String, LetterCase),
    Not(Guard),
    Opaque(Rc<str>),
    Pattern(Rc<Pattern>),
    Prefix(String),
    Suffix(String),
}

/// A condition and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Guard {
    pub(super) condition: Rc<Condition>,
    pub(super) place: Option<Place>,
}

impl Guard {
    pub(super) fn new(condition: Condition, place: &Place) -> Self {
        Self { condition: Rc::new(condition), place: Some(place.clone()) }
    }

    pub(super) fn not(self) -> Self {
        let place = self.place.clone();
        Self { condition: Rc::new(Condition::Not(self)), place }
    }

    pub(super) fn all_of(guards: Vec<Self>) -> Self {
        let place = guards.last().and_then(|guard| guard.place.clone());
        Self { condition: Rc::new(Condition::AllOf(guards)), place }
    }

    pub(super) fn any_of(mut guards: Vec<Self>) -> Self {
        match (guards.pop(), guards.is_empty()) {
            (Some(only), true) => only,
            (last, _) => {
                guards.extend(last);
                let place = guards.first().and_then(|guard| guard.place.clone());
                Self { condition: Rc::new(Condition::AnyOf(guards)), place }
            }
        }
    }

    /// How much it is to write down.
    pub(super) fn size(&self) -> usize {
        match &*self.condition {
            Condition::AllOf(all) | Condition::AnyOf(all) => all.iter().map(Self::size).sum::<usize>() + 1,
            Condition::Not(inner) => inner.size() + 1,
            _ => 1,
        }
    }

    pub(super) fn to_matcher(&self) -> Matcher {
        match &*self.condition {
            Condition::AllOf(all) => all_of(all),
            Condition::AnyOf(any) => Matcher::AnyOf(any.iter().map(Self::to_matcher).collect()),
            Condition::Exact(text, case) => Matcher::Exact(text.clone(), *case),
            Condition::Not(inner) => Matcher::Not(Box::new(inner.to_matcher())),
            Condition::Opaque(reason) => Matcher::Opaque(reason.to_string()),
            Condition::Pattern(pattern) => Matcher::Regex(pattern.regex.clone()),
            Condition::Prefix(text) => Matcher::Prefix(text.clone(), LetterCase::Ignored),
            Condition::Suffix(text) => Matcher::Suffix(text.clone(), LetterCase::Ignored),
        }
    }
}

/// All of them as one.
pub(super) fn all_of(guards: &[Guard]) -> Matcher {
    match guards {
        [] => Matcher::Any,
        [only] => only.to_matcher(),
        all => Matcher::AllOf(all.iter().map(Guard::to_matcher).collect()),
    }
}

/// One case: where its guards hold and no case before it did.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Case<T> {
    pub(super) guards: Vec<Guard>,
    pub(super) then: T,
}

impl<T> Case<T> {
    /// The same under more guards, which come first.
    pub(super) fn under(mut self, guards: &[Guard]) -> Self {
        self.guards.splice(0..0, guards.iter().cloned());
        self
    }

    pub(super) fn map<U>(self, change: impl FnOnce(T) -> U) -> Case<U> {
        Case { guards: self.guards, then: change(self.then) }
    }
}

/// In order; the last has no guards.
pub(super) type Cases<T> = Vec<Case<T>>;

/// The same in every case.
pub(super) fn always<T>(then: T) -> Cases<T> {
    vec![Case { guards: Vec::new(), then }]
}

/// Each case replaced by what becomes of it.
pub(super) fn all_cases<T, U>(cases: Cases<T>, next: impl Fn(T) -> Cases<U>) -> Cases<U> {
    let of = |case: Case<T>| next(case.then).into_iter().map(move |inner| inner.under(&case.guards));
    cases.into_iter().flat_map(of).collect()
}

/// Drops what says no more than the last case, which is taken where nothing else is.
pub(super) fn trim<T: PartialEq>(cases: &mut Cases<T>) {
    while let [.., before, last] = cases.as_slice()
        && before.then == last.then
    {
        let at = cases.len() - 2;
        cases.remove(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_groups_have_the_number_that_the_engine_gives_them() {
        let names = |text| group_names(text).unwrap();
        assert_eq!(
            names(r"^(https?)://(?<host>[(a\]]+)(?P<port>:\d+)?$"),
            [("host".to_owned(), 2), ("port".to_owned(), 3)]
        );
        assert_eq!(names(r"(?:a)(?<=b)(?<!c)(?=d)\((?i)(?'N'e)"), [("n".to_owned(), 1)]);
        assert_eq!(group_names("(?|(a)|(b))"), None);
    }
}
