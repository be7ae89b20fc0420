//! Conditions on the origin of a request, as guards have them: `allowed.includes(origin)`,
//! `list.indexOf(origin) !== -1 || !origin`, `/…/.test(origin)`.
//!
//! Each of these forms is decided; every other part is opaque and listed. A request is taken to
//! have an `Origin`, which is no empty text.

use corsac_analysis::model::{LetterCase, Matcher};
use tree_sitter::Node;

use super::super::answers::Reading;
use super::super::expression::{Expression, Kind};
use super::super::syntax::text;
use super::by_hand::requested;
use super::options::{constructed, regex};

/// Deepest nesting of conditions that is followed.
const MAX_DEPTH: usize = 32;

/// Most conditions of a file that are read; those on several ways through a function, and those
/// that are asked of each item, count as often.
const MAX_CONDITIONS: usize = 1 << 14;

/// Longest list that a function is applied to, item by item.
const MAX_ITEMS: usize = 256;

/// What a condition is about.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    /// The parameter that is the origin; without one, expressions of the request are.
    pub(super) origin: Option<&'a str>,
    /// The bytes in which names may stand for conditions on it.
    pub(super) within: (usize, usize),
    /// The parameter of a function that is applied to a list, and an item of that.
    item: Option<(&'a str, &'a Expression)>,
    depth: usize,
}

impl<'a> Asked<'a> {
    pub(super) fn of(origin: Option<&'a str>, within: (usize, usize)) -> Self {
        Self { origin, within, item: None, depth: 0 }
    }

    /// Whether a node is the origin.
    pub(super) fn is_origin(&self, reading: &Reading<'_, '_>, node: Node<'_>) -> bool {
        let node = bare(node);
        match self.origin {
            Some(name) => node.kind() == "identifier" && text(node, reading.program.source) == name,
            None => {
                let origin = requested(reading, &reading.program.read(node));
                origin.is_some_and(|origin| is_requests(reading, &origin))
            }
        }
    }

    /// The value of a node.
    fn value(&self, reading: &Reading<'_, '_>, node: Node<'_>) -> Expression {
        let expression = reading.program.read(node);
        match (&expression.kind, self.item) {
            (Kind::Name(name), Some((item, value))) if name == item => value.clone(),
            _ => reading.value(&expression),
        }
    }

    /// For which origins a condition holds.
    pub(super) fn matcher(self, reading: &mut Reading<'_, '_>, node: Node<'_>) -> Matcher {
        reading.conditions += 1;
        if reading.conditions > MAX_CONDITIONS {
            let reason = format!("there are more than {MAX_CONDITIONS} conditions");
            if reading.conditions == MAX_CONDITIONS + 1 {
                reading.unread(self.within.0..self.within.1, reason.clone());
            }
            return Matcher::Opaque(reason);
        }
        let node = bare(node);
        let inner = Self { depth: self.depth + 1, ..self };
        let known = if self.depth < MAX_DEPTH { inner.known(reading, node) } else { None };
        known.unwrap_or_else(|| {
            let expression = Expression::new(Kind::Computed(String::new()), node.byte_range());
            Matcher::Opaque(reading.opaque(&expression))
        })
    }

    fn known(self, reading: &mut Reading<'_, '_>, node: Node<'_>) -> Option<Matcher> {
        let source = reading.program.source;
        let child = |name: &str| node.child_by_field_name(name);
        if self.is_origin(reading, node) {
            return Some(Matcher::Any);
        }
        match node.kind() {
            "true" => Some(Matcher::Any),
            "false" => Some(nobody()),
            "identifier" => {
                let value = reading.program.value_node_at(text(node, source), node.start_byte())?;
                let inside = self.within.0 <= value.start_byte() && value.end_byte() <= self.within.1;
                (inside || matches!(value.kind(), "true" | "false")).then(|| self.matcher(reading, value))
            }
            "unary_expression" => {
                let argument = child("argument")?;
                match child("operator")?.kind() {
                    "!" => Some(not(self.matcher(reading, argument))),
                    "~" => self.index_of(reading, argument),
                    _ => None,
                }
            }
            "ternary_expression" => {
                let when = self.matcher(reading, child("condition")?);
                let then = self.matcher(reading, child("consequence")?);
                Some(either(when, then, self.matcher(reading, child("alternative")?)))
            }
            "binary_expression" => {
                let (left, right) = (child("left")?, child("right")?);
                match child("operator")?.kind() {
                    "&&" => {
                        let left = self.matcher(reading, left);
                        Some(and(left, self.matcher(reading, right)))
                    }
                    "||" => {
                        let left = self.matcher(reading, left);
                        Some(or(left, self.matcher(reading, right)))
                    }
                    operator => self
                        .compared(reading, left, (operator, right))
                        .or_else(|| self.compared(reading, right, (turned(operator)?, left))),
                }
            }
            "call_expression" => {
                let when = self.call(reading, node)?;
                if !matches!(when, Matcher::AnyOf(_)) {
                    reading.part(&when, &node.byte_range());
                }
                Some(when)
            }
            _ => None,
        }
    }

    /// `list.indexOf(origin) !== -1`, `origin === "https://…"`, `typeof origin === "undefined"`.
    fn compared(
        self,
        reading: &mut Reading<'_, '_>,
        left: Node<'_>,
        (operator, right): (&str, Node<'_>),
    ) -> Option<Matcher> {
        let (left, right) = (bare(left), bare(right));
        let source = reading.program.source;
        let found = match (operator, text(right, source)) {
            ("!==" | "!=" | ">", "-1") | (">=", "0") => Some(true),
            ("===" | "==" | "<=", "-1") | ("<", "0") => Some(false),
            _ => None,
        };
        if let Some(found) = found {
            let listed = self.index_of(reading, left)?;
            return Some(if found { listed } else { not(listed) });
        }
        let same = match operator {
            "===" | "==" => true,
            "!==" | "!=" => false,
            _ => return None,
        };
        let is_type = left.kind() == "unary_expression" && text(left, source).starts_with("typeof");
        let equal = if is_type {
            let of_origin = self.is_origin(reading, left.child_by_field_name("argument")?);
            let name = self.value(reading, right);
            // What the header has is a text.
            let is_text = name.as_text()? == "string";
            of_origin.then(|| if is_text { Matcher::Any } else { nobody() })?
        } else if self.is_origin(reading, left) {
            match self.value(reading, right).kind {
                Kind::Text(text) => Matcher::exact(text),
                Kind::Nothing => nobody(),
                _ => return None,
            }
        } else {
            return None;
        };
        Some(if same { equal } else { not(equal) })
    }

    /// The origins whose place in a list is asked for.
    fn index_of(self, reading: &mut Reading<'_, '_>, node: Node<'_>) -> Option<Matcher> {
        let (object, method, argument) = called(bare(node), reading.program.source)?;
        (method == "indexOf" && self.is_origin(reading, argument))
            .then(|| self.listed(reading, object, Collection::List))?
    }

    fn call(self, reading: &mut Reading<'_, '_>, node: Node<'_>) -> Option<Matcher> {
        let (object, method, argument) = called(node, reading.program.source)?;
        if self.is_origin(reading, object) {
            let value = self.value(reading, argument);
            return match (method, &value.kind) {
                ("endsWith", Kind::Text(text)) => Some(Matcher::Suffix(text.clone(), LetterCase::Matters)),
                ("includes", Kind::Text(text)) => Some(Matcher::Contains(text.clone(), LetterCase::Matters)),
                ("startsWith", Kind::Text(text)) => Some(Matcher::Prefix(text.clone(), LetterCase::Matters)),
                ("match", _) => expression(reading, &value),
                _ => None,
            };
        }
        if method == "some" {
            return self.some(reading, object, argument);
        }
        if !self.is_origin(reading, argument) {
            return None;
        }
        match method {
            "has" => self.listed(reading, object, Collection::Set),
            "includes" => self.listed(reading, object, Collection::List),
            "test" => expression(reading, &self.value(reading, object)),
            _ => None,
        }
    }

    /// `list.some((item) => …)`
    fn some(self, reading: &mut Reading<'_, '_>, list: Node<'_>, function: Node<'_>) -> Option<Matcher> {
        let source = reading.program.source;
        let function = bare(function);
        let body = function.child_by_field_name("body").filter(|_| function.kind() == "arrow_function")?;
        let [name] = parameters(function)?[..] else { return None };
        let name = text(name, source);
        if self.item.is_some() || Some(name) == self.origin || body.kind() == "statement_block" {
            return None;
        }
        let Kind::List(items) = self.value(reading, list).kind else { return None };
        let items = reading.program.items(&items);
        if items.len() > MAX_ITEMS {
            return None;
        }
        let mut any = nobody();
        for item in &items {
            let asked = Asked { item: Some((name, item)), ..self };
            any = or(any, asked.matcher(reading, body));
        }
        Some(any)
    }

    /// The origins that are in a list, or in a set that is made of one.
    fn listed(self, reading: &mut Reading<'_, '_>, node: Node<'_>, which: Collection) -> Option<Matcher> {
        let value = self.value(reading, node);
        let value = match (&value.kind, which) {
            (Kind::List(_), Collection::List) => value,
            (Kind::Call(callee, arguments), Collection::Set) if is_builtin(reading, callee, "Set") => {
                reading.value(&arguments.first()?.value)
            }
            _ => return None,
        };
        let Kind::List(items) = &value.kind else { return None };
        let mut any = Vec::new();
        for item in reading.program.items(items) {
            match &item.kind {
                Kind::Text(text) => {
                    any.push(Matcher::exact(text.clone()));
                    reading.part(&Matcher::exact(text.clone()), &item.span);
                }
                Kind::Boolean(_) | Kind::Nothing | Kind::Number(_) | Kind::Pattern(..) => {}
                _ => any.push(Matcher::Opaque(reading.opaque(&item))),
            }
        }
        Some(Matcher::AnyOf(any))
    }
}

#[derive(Clone, Copy)]
enum Collection {
    List,
    Set,
}

/// What a regular expression finds.
fn expression(reading: &Reading<'_, '_>, value: &Expression) -> Option<Matcher> {
    match &value.kind {
        // With `g` or `y` it goes on where its last search ended: what it finds depends on who came before.
        Kind::Pattern(text, flags) => (!flags.contains(['g', 'y'])).then(|| regex(text, flags)),
        Kind::Call(callee, arguments) if is_builtin(reading, callee, "RegExp") => {
            constructed(reading, arguments)
        }
        _ => None,
    }
}

/// Whether a callee is the language's own, and nothing that the file calls so.
fn is_builtin(reading: &Reading<'_, '_>, callee: &Expression, name: &str) -> bool {
    matches!(&callee.kind, Kind::Name(own) if own == name) && !reading.program.defines(name)
}

/// Whether what looks like the request's `Origin` is that of a request, which nothing in the file
/// writes to.
fn is_requests(reading: &Reading<'_, '_>, origin: &Expression) -> bool {
    const REQUESTS: [&str; 6] = ["c", "context", "ctx", "event", "req", "request"];
    let (Kind::Member(of, _) | Kind::Call(of, _)) = &origin.kind else { return false };
    !reading.program.writes_origin
        && of.path().is_some_and(|path| path.first().is_some_and(|first| REQUESTS.contains(first)))
}

/// The object, method and argument of `object.method(argument)`.
fn called<'n, 's>(node: Node<'n>, source: &'s str) -> Option<(Node<'n>, &'s str, Node<'n>)> {
    let callee = node.child_by_field_name("function").filter(|_| node.kind() == "call_expression")?;
    let arguments = node.child_by_field_name("arguments")?;
    let one = (arguments.named_child_count() == 1).then(|| arguments.named_child(0))??;
    let method = text(callee.child_by_field_name("property")?, source);
    Some((callee.child_by_field_name("object")?, method, one))
}

/// The names of a function's parameters, if they are nothing but names.
pub(super) fn parameters(function: Node<'_>) -> Option<Vec<Node<'_>>> {
    if let Some(one) = function.child_by_field_name("parameter") {
        return Some(vec![one]);
    }
    let list = function.child_by_field_name("parameters")?;
    let mut cursor = list.walk();
    let all = list.named_children(&mut cursor).filter(|child| child.kind() != "comment");
    let names = all.map(|parameter| match parameter.kind() {
        "identifier" => Some(parameter),
        "optional_parameter" | "required_parameter" if parameter.child_by_field_name("value").is_none() => {
            parameter.child_by_field_name("pattern").filter(|name| name.kind() == "identifier")
        }
        _ => None,
    });
    names.collect()
}

/// A node without parentheses and types around it.
pub(super) fn bare(node: Node<'_>) -> Node<'_> {
    let mut at = node;
    while matches!(
        at.kind(),
        "as_expression" | "non_null_expression" | "parenthesized_expression" | "satisfies_expression"
    ) {
        let Some(inner) = at.named_child(0).filter(|inner| inner.kind() != "comment") else { break };
        at = inner;
    }
    at
}

/// An operator with its sides exchanged.
fn turned(operator: &str) -> Option<&str> {
    match operator {
        "===" | "==" | "!==" | "!=" => Some(operator),
        "<" => Some(">"),
        "<=" => Some(">="),
        _ => None,
    }
}

/// No origin at all.
pub(super) fn nobody() -> Matcher {
    Matcher::AnyOf(Vec::new())
}

fn is_nobody(matcher: &Matcher) -> bool {
    matches!(matcher, Matcher::AnyOf(any) if any.is_empty())
}

pub(super) fn not(matcher: Matcher) -> Matcher {
    match matcher {
        Matcher::Any => nobody(),
        Matcher::Not(inner) => *inner,
        matcher if is_nobody(&matcher) => Matcher::Any,
        matcher => Matcher::Not(Box::new(matcher)),
    }
}

pub(super) fn and(left: Matcher, right: Matcher) -> Matcher {
    match (left, right) {
        (Matcher::Any, one) | (one, Matcher::Any) => one,
        (left, right) if is_nobody(&left) || is_nobody(&right) => nobody(),
        (Matcher::AllOf(mut all), Matcher::AllOf(more)) => {
            all.extend(more);
            Matcher::AllOf(all)
        }
        (Matcher::AllOf(mut all), one) | (one, Matcher::AllOf(mut all)) => {
            all.push(one);
            Matcher::AllOf(all)
        }
        (left, right) => Matcher::AllOf(vec![left, right]),
    }
}

pub(super) fn or(left: Matcher, right: Matcher) -> Matcher {
    match (left, right) {
        (Matcher::Any, _) | (_, Matcher::Any) => Matcher::Any,
        (left, right) if is_nobody(&left) => right,
        (left, right) if is_nobody(&right) => left,
        (Matcher::AnyOf(mut any), Matcher::AnyOf(more)) => {
            any.extend(more);
            Matcher::AnyOf(any)
        }
        (Matcher::AnyOf(mut any), one) | (one, Matcher::AnyOf(mut any)) => {
            any.push(one);
            Matcher::AnyOf(any)
        }
        (left, right) => Matcher::AnyOf(vec![left, right]),
    }
}

/// `then` where `when` holds, `otherwise` elsewhere.
pub(super) fn either(when: Matcher, then: Matcher, otherwise: Matcher) -> Matcher {
    match (&then, &otherwise) {
        _ if then == otherwise => then,
        (Matcher::Any, _) => or(when, otherwise),
        (_, Matcher::Any) => or(not(when), then),
        _ => or(and(when.clone(), then), and(not(when), otherwise)),
    }
}
