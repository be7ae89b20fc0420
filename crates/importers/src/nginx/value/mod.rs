//! Texts that depend on the request's origin, and conditions on it.
//!
//! A value is known as pieces: constant text, the origin, what an expression matched. A
//! variable has [`Cases`]: the first whose guards all hold decides, and the last has none.

mod map;
mod template;

use std::rc::Rc;

use corsac_analysis::alphabet::{self, ByteSet};
use corsac_analysis::model::{LetterCase, Matcher, Piece as GlobPiece, Place, Truth};
use corsac_analysis::regex::{Dialect, Flags, Mode, Node, Regex};

pub(super) use map::Map;
pub(super) use template::{Captures, Environment, Template, Variables, names};

/// What is sent or compared, in order; never two literals in a row, and no empty one. Where it
/// was written, if that is the entry of a map, which makes no difference between texts.
#[derive(Clone, Debug, Default)]
pub(in crate::nginx) struct Text(pub(in crate::nginx) Vec<Piece>, pub(in crate::nginx) Option<Place>);

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

/// A part of a [`Text`].
#[derive(Clone, Debug, PartialEq)]
pub(in crate::nginx) enum Piece {
    /// What a group of the expression matched in the origin.
    Group(Rc<Pattern>, u32),
    Literal(String),
    /// Not known.
    Opaque(Unknown),
    /// The request's `Origin`.
    Origin,
    /// `Access-Control-Request-Headers`, which may be empty.
    RequestedHeaders,
    /// `Access-Control-Request-Method`, which every preflight has.
    RequestedMethod,
}

/// Why something is not known.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::nginx) struct Unknown {
    /// As a fragment: `` `$host` decides ``.
    pub(in crate::nginx) reason: Rc<str>,
    /// Whether it is known that the origin has no part in it.
    pub(in crate::nginx) apart_from_origin: bool,
}

impl Unknown {
    /// The origin may have a part in it.
    pub(in crate::nginx) fn new(reason: &str) -> Self {
        Self { reason: reason.into(), apart_from_origin: false }
    }
}

impl Text {
    pub(in crate::nginx) fn literal(text: &str) -> Self {
        let mut this = Self::default();
        this.push(Piece::Literal(text.to_owned()));
        this
    }

    pub(in crate::nginx) fn of(piece: Piece) -> Self {
        Self(vec![piece], None)
    }

    /// The same, written in this entry of a map unless in one that the entry names.
    pub(in crate::nginx) fn written_at(mut self, place: &Place) -> Self {
        self.1.get_or_insert_with(|| place.clone());
        self
    }

    pub(in crate::nginx) fn opaque(reason: &str) -> Self {
        Self::of(Piece::Opaque(Unknown::new(reason)))
    }

    pub(in crate::nginx) fn push(&mut self, piece: Piece) {
        match (self.0.last_mut(), piece) {
            (_, Piece::Literal(text)) if text.is_empty() => {}
            (Some(Piece::Literal(before)), Piece::Literal(text)) => before.push_str(&text),
            (_, piece) => self.0.push(piece),
        }
    }

    pub(in crate::nginx) fn extend(&mut self, other: Self) {
        self.1 = self.1.take().or(other.1);
        other.0.into_iter().for_each(|piece| self.push(piece));
    }

    /// The text, where it is constant.
    pub(in crate::nginx) fn constant(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Constant text, then the origin, then constant text.
    pub(in crate::nginx) fn around_origin(&self) -> Option<(&str, &str)> {
        match self.0.as_slice() {
            [Piece::Origin] => Some(("", "")),
            [Piece::Literal(before), Piece::Origin] => Some((before, "")),
            [Piece::Origin, Piece::Literal(after)] => Some(("", after)),
            [Piece::Literal(before), Piece::Origin, Piece::Literal(after)] => Some((before, after)),
            _ => None,
        }
    }

    /// Why it is not known.
    pub(in crate::nginx) fn reason(&self) -> Rc<str> {
        let known = "the value is put together from parts of the request";
        let opaque = self.0.iter().find_map(|piece| match piece {
            Piece::Opaque(unknown) => Some(unknown.reason.clone()),
            _ => None,
        });
        opaque.unwrap_or_else(|| known.into())
    }

    /// Whether it is known that the origin has no part in it.
    pub(in crate::nginx) fn is_apart_from_origin(&self) -> bool {
        self.0.iter().all(|piece| match piece {
            Piece::Literal(_) | Piece::RequestedHeaders | Piece::RequestedMethod => true,
            Piece::Opaque(unknown) => unknown.apart_from_origin,
            Piece::Group(..) | Piece::Origin => false,
        })
    }
}

/// A regular expression of the configuration.
#[derive(Clone, Debug)]
pub(in crate::nginx) struct Pattern {
    pub(in crate::nginx) text: String,
    pub(in crate::nginx) ignore_case: bool,
    pub(in crate::nginx) regex: Regex,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.ignore_case == other.ignore_case
    }
}

impl Pattern {
    pub(in crate::nginx) fn new(text: &str, ignore_case: bool) -> Rc<Self> {
        let flags = Flags(if ignore_case { "i" } else { "" }.to_owned());
        let regex = Regex::new(text, Dialect::Pcre, Mode::Search, flags);
        Rc::new(Self { text: text.to_owned(), ignore_case, regex })
    }

    /// Whether it matches a constant text. Expressions are modelled over the bytes of
    /// origins, which have no upper case; so a text with upper case (a method) is compared
    /// in lower case where the expression cannot tell.
    pub(in crate::nginx) fn matches(&self, text: &str) -> Truth {
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

    /// Whether matching short texts surely takes few steps: at most three repetitions of any
    /// length, none in another.
    pub(in crate::nginx) fn is_tame(&self) -> bool {
        self.regex.syntax().is_ok_and(|node| repetitions(node).is_some_and(|count| count <= 3))
    }

    /// Whether a group holds two bytes or more whenever the expression matches.
    pub(in crate::nginx) fn always_fills(&self, group: u32) -> bool {
        self.regex.syntax().is_ok_and(|node| always_fills(node, group))
    }

    /// The names of its groups and their numbers; `None` if they cannot be counted simply.
    pub(in crate::nginx) fn names(&self) -> Option<Vec<(String, u32)>> {
        group_names(&self.text)
    }
}

/// How many repetitions there are; `None` if one stands in another, or with back-references.
fn repetitions(node: &Node) -> Option<usize> {
    const SHORT: u32 = 4;
    match node {
        Node::Alternation(nodes) | Node::Concat(nodes) => nodes.iter().map(repetitions).sum(),
        Node::Atomic(node) | Node::Group { node, .. } | Node::Look { node, .. } => repetitions(node),
        Node::Repeat { node, max, .. } => {
            let inside = repetitions(node)?;
            let long = max.is_none_or(|max| max > SHORT);
            (inside == 0 || !long).then_some(inside + usize::from(long))
        }
        Node::Backreference { .. } => None,
        Node::Assert(_) | Node::Empty | Node::Set(_) => Some(0),
    }
}

fn always_fills(node: &Node, group: u32) -> bool {
    match node {
        Node::Group { index, node } if *index == group => shortest(node) >= 2,
        Node::Atomic(node) | Node::Group { node, .. } => always_fills(node, group),
        Node::Concat(nodes) => nodes.iter().any(|node| always_fills(node, group)),
        _ => false,
    }
}

/// The length of the shortest match, or less.
fn shortest(node: &Node) -> usize {
    match node {
        Node::Alternation(nodes) => nodes.iter().map(shortest).min().unwrap_or_default(),
        Node::Concat(nodes) => nodes.iter().fold(0, |sum, node| sum.saturating_add(shortest(node))),
        Node::Atomic(node) | Node::Group { node, .. } => shortest(node),
        Node::Repeat { node, min, .. } => {
            shortest(node).saturating_mul(usize::try_from(*min).unwrap_or_default())
        }
        Node::Set(_) => 1,
        Node::Assert(_) | Node::Backreference { .. } | Node::Empty | Node::Look { .. } => 0,
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
pub(in crate::nginx) enum Condition {
    AllOf(Vec<Guard>),
    AnyOf(Vec<Guard>),
    Exact(String, LetterCase),
    Not(Guard),
    Opaque(Unknown),
    Pattern(Rc<Pattern>),
    /// The text begins so, and goes on.
    Prefix(String),
    Suffix(String),
}

/// A condition and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::nginx) struct Guard {
    pub(in crate::nginx) condition: Rc<Condition>,
    pub(in crate::nginx) place: Option<Place>,
}

impl Guard {
    pub(in crate::nginx) fn new(condition: Condition, place: &Place) -> Self {
        Self { condition: Rc::new(condition), place: Some(place.clone()) }
    }

    pub(in crate::nginx) fn not(self) -> Self {
        let place = self.place.clone();
        Self { condition: Rc::new(Condition::Not(self)), place }
    }

    pub(in crate::nginx) fn all_of(guards: Vec<Self>) -> Self {
        let place = guards.last().and_then(|guard| guard.place.clone());
        Self { condition: Rc::new(Condition::AllOf(guards)), place }
    }

    pub(in crate::nginx) fn any_of(mut guards: Vec<Self>) -> Self {
        match (guards.pop(), guards.is_empty()) {
            (Some(only), true) => only,
            (last, _) => {
                guards.extend(last);
                let place = guards.first().and_then(|guard| guard.place.clone());
                Self { condition: Rc::new(Condition::AnyOf(guards)), place }
            }
        }
    }

    /// Whether it has nothing to do with the origin.
    pub(in crate::nginx) fn is_apart_from_origin(&self) -> bool {
        match &*self.condition {
            Condition::AllOf(all) | Condition::AnyOf(all) => all.iter().all(Self::is_apart_from_origin),
            Condition::Not(inner) => inner.is_apart_from_origin(),
            Condition::Opaque(unknown) => unknown.apart_from_origin,
            _ => false,
        }
    }

    /// How much it is to write down.
    pub(in crate::nginx) fn size(&self) -> usize {
        match &*self.condition {
            Condition::AllOf(all) | Condition::AnyOf(all) => all.iter().map(Self::size).sum::<usize>() + 1,
            Condition::Not(inner) => inner.size() + 1,
            // An expression is a tree with a node for about each byte.
            Condition::Pattern(pattern) => 4 + pattern.text.len() / 4,
            _ => 1,
        }
    }

    pub(in crate::nginx) fn to_matcher(&self) -> Matcher {
        match &*self.condition {
            Condition::AllOf(all) => all_of(all),
            Condition::AnyOf(any) => Matcher::AnyOf(any.iter().map(Self::to_matcher).collect()),
            Condition::Exact(text, case) => Matcher::Exact(text.clone(), *case),
            Condition::Not(inner) => Matcher::Not(Box::new(inner.to_matcher())),
            Condition::Opaque(unknown) => Matcher::Opaque(unknown.reason.to_string()),
            Condition::Pattern(pattern) => Matcher::Regex(pattern.regex.clone()),
            Condition::Prefix(text) => Matcher::Glob(vec![
                GlobPiece::Literal(text.clone(), LetterCase::Ignored),
                GlobPiece::Run(ByteSet::ALL, 1, None),
            ]),
            Condition::Suffix(text) => Matcher::Suffix(text.clone(), LetterCase::Ignored),
        }
    }
}

/// All of them as one.
pub(in crate::nginx) fn all_of(guards: &[Guard]) -> Matcher {
    match guards {
        [] => Matcher::Any,
        [only] => only.to_matcher(),
        all => Matcher::AllOf(all.iter().map(Guard::to_matcher).collect()),
    }
}

/// One case: where its guards hold and no case before it did.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::nginx) struct Case<T> {
    pub(in crate::nginx) guards: Vec<Guard>,
    pub(in crate::nginx) then: T,
}

impl<T> Case<T> {
    /// The same under more guards, which come first.
    pub(in crate::nginx) fn under(mut self, guards: &[Guard]) -> Self {
        self.guards.splice(0..0, guards.iter().cloned());
        self
    }

    pub(in crate::nginx) fn map<U>(self, change: impl FnOnce(T) -> U) -> Case<U> {
        Case { guards: self.guards, then: change(self.then) }
    }
}

/// In order; the last has no guards.
pub(in crate::nginx) type Cases<T> = Vec<Case<T>>;

/// The same in every case.
pub(in crate::nginx) fn always<T>(then: T) -> Cases<T> {
    vec![Case { guards: Vec::new(), then }]
}

/// Each case replaced by what becomes of it.
pub(in crate::nginx) fn all_cases<T, U>(cases: Cases<T>, next: impl Fn(T) -> Cases<U>) -> Cases<U> {
    let of = |case: Case<T>| next(case.then).into_iter().map(move |inner| inner.under(&case.guards));
    cases.into_iter().flat_map(of).collect()
}

/// Drops what says no more than the last case, which is taken where nothing else is.
pub(in crate::nginx) fn trim<T: PartialEq>(cases: &mut Cases<T>) {
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
