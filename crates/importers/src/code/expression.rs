//! Expressions of all languages, as far as settings need them.

use std::ops::Range;

/// An expression and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    pub(crate) kind: Kind,
    pub(crate) span: Range<usize>,
}

/// What an expression is.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// `true`, `False`.
    Boolean(bool),
    /// A call: what is called, and with what.
    Call(Box<Expression>, Vec<Argument>),
    /// Something that is computed, in the source's own words.
    Computed(String),
    /// `a || b`, `a ?? b`, `a or b`: the first unless it is empty.
    Either(Box<Expression>, Box<Expression>),
    /// A function, whose outcome is not known.
    Function,
    /// `[…]`, `(…)`, `{…}` of values.
    List(Vec<Expression>),
    /// A part of another value: `a.b`, `a["b"]`, `a::b`.
    Member(Box<Expression>, String),
    /// A name.
    Name(String),
    /// `null`, `undefined`, `None`.
    Nothing,
    /// A number, as it is written.
    Number(String),
    /// A regular expression: its text and flags.
    Pattern(String, String),
    /// `...x`, `*x`, `**x`: the parts of a value.
    Spread(Box<Expression>),
    /// `a + b`, or the parts of a template.
    Sum(Vec<Expression>),
    /// Keys with values; a [`Kind::Spread`] stands for a key without one.
    Table(Vec<(Expression, Expression)>),
    /// A text.
    Text(String),
}

/// A value that a call is given.
#[derive(Clone, Debug)]
pub(crate) struct Argument {
    pub(crate) name: Option<String>,
    pub(crate) value: Expression,
}

impl Expression {
    pub(crate) fn new(kind: Kind, span: Range<usize>) -> Self {
        Self { kind, span }
    }

    /// The text, if it is one.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The last name of what is named: `origin` of `req.headers.origin`.
    pub(crate) fn last_name(&self) -> Option<&str> {
        match &self.kind {
            Kind::Name(name) | Kind::Member(_, name) => Some(name),
            _ => None,
        }
    }

    /// The names of `a.b.c`, if it is nothing but names.
    pub(crate) fn path(&self) -> Option<Vec<&str>> {
        let mut names = Vec::new();
        let mut at = self;
        loop {
            match &at.kind {
                Kind::Member(object, name) => {
                    names.push(name.as_str());
                    at = object;
                }
                Kind::Name(name) => {
                    names.push(name.as_str());
                    names.reverse();
                    return Some(names);
                }
                _ => return None,
            }
        }
    }
}
