//! Fields that handlers set by hand: `res.setHeader("Access-Control-Allow-Origin", …)`, and
//! object literals with such keys.

use std::collections::BTreeMap;

use corsac_analysis::model::{Answer, Case, Choice, Emission, Field, Matcher, Scope, Value};

use super::super::answers::{MAX_PARENTS, Reading};
use super::super::expression::{Expression, Kind};
use super::super::program::{Around, Site, SiteKind};
use super::super::syntax::text;
use super::condition::{Asked, and, not};

/// Methods that replace a field, and the one that adds a line.
const SETTERS: [&str; 4] = ["header", "set", "setHeader", "append"];

/// Most names that are followed to the request.
const MAX_STEPS: usize = 8;

/// One field that is set somewhere.
struct Set {
    name: String,
    value: Expression,
    around: Around,
    /// The origins for which it is set, where conditions on them are all that is around it.
    when: Option<Matcher>,
    adds: bool,
}

pub(super) fn scopes(reading: &mut Reading<'_, '_>) {
    let sites = reading.program.sites.clone();
    // By the function that they stand in, or the object literal outside of one.
    let mut functions: BTreeMap<(usize, usize), Vec<Set>> = BTreeMap::new();
    // Where a function may first be left, before its end.
    let mut left: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for site in sites.iter().filter(|site| site.kind == SiteKind::Leave && site.around.conditional) {
        left.entry(site.around.function.unwrap_or_default()).or_insert(site.node.start_byte());
    }
    let mut guards = 0_usize;
    for site in &sites {
        if !may_set(site, reading.program.source) {
            continue;
        }
        let (pairs, adds) = match site.kind {
            SiteKind::Store => (stored(reading, site).into_iter().collect(), false),
            kind => fields(reading, &reading.program.read(site.node), kind),
        };
        if pairs.iter().any(|(name, _)| name == "access-control-allow-origin") {
            reading.used.push(site.node.byte_range());
        }
        let own = (site.node.start_byte(), site.node.end_byte());
        let function = site.around.function.unwrap_or_default();
        let passed = left.get(&function).is_some_and(|left| *left < own.0);
        let around = Around { conditional: site.around.conditional || passed, ..site.around };
        guards += usize::from(!pairs.is_empty());
        let is_asked = !passed && !pairs.is_empty() && guards <= MAX_PARENTS;
        let when = if is_asked { guarded(reading, site) } else { None };
        for (name, value) in pairs {
            let set = Set { name, value, around, when: when.clone(), adds };
            functions.entry(site.around.function.unwrap_or(own)).or_default().push(set);
        }
    }
    for (_, sets) in functions {
        if sets.iter().any(|set| set.name == "access-control-allow-origin") {
            scope(reading, &sets);
        }
    }
}

/// Whether a site is worth reading.
fn may_set(site: &Site<'_>, source: &str) -> bool {
    match site.kind {
        SiteKind::Leave | SiteKind::Mention => false,
        // `headers["Access-Control-Allow-Origin"] = …`
        SiteKind::Store => {
            site.node.child_by_field_name("left").is_some_and(|left| text(left, source).contains("ccess-"))
        }
        SiteKind::Table => text(site.node, source).contains("ccess-"),
        SiteKind::Call => {
            let method =
                site.node.child_by_field_name("function").and_then(|f| f.child_by_field_name("property"));
            method.is_some_and(|method| SETTERS.contains(&text(method, source)))
        }
    }
}

/// The field that an assignment sets.
fn stored(reading: &Reading<'_, '_>, site: &Site<'_>) -> Option<(String, Expression)> {
    let side = |name: &str| site.node.child_by_field_name(name).map(|side| reading.program.read(side));
    let name = side("left")?.last_name()?.to_ascii_lowercase();
    (name.starts_with("access-control-") || name == "vary").then(|| Some((name, side("right")?)))?
}

/// The CORS fields that a site sets.
fn fields(reading: &Reading<'_, '_>, at: &Expression, kind: SiteKind) -> (Vec<(String, Expression)>, bool) {
    let field = |name: &Expression, value: &Expression| {
        let name = reading.value(name).as_text()?.to_ascii_lowercase();
        let ours = name.starts_with("access-control-") || name == "vary";
        ours.then(|| (name, value.clone()))
    };
    match (kind, &at.kind) {
        (SiteKind::Call, Kind::Call(callee, arguments)) => {
            let method = callee.last_name().filter(|name| SETTERS.contains(name));
            match (method, arguments.as_slice()) {
                (Some(method), [name, value, ..]) => {
                    (field(&name.value, &value.value).into_iter().collect(), method == "append")
                }
                _ => (Vec::new(), false),
            }
        }
        (SiteKind::Table, Kind::Table(pairs)) => {
            let mut set: Vec<_> = pairs.iter().filter_map(|(key, value)| field(key, value)).collect();
            // `{ key: "Access-Control-Allow-Origin", value: "*" }`, as Next.js has it.
            let part = |name: &str| {
                pairs.iter().find(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value)
            };
            set.extend(part("key").zip(part("value")).and_then(|(key, value)| field(key, value)));
            (set, false)
        }
        _ => (Vec::new(), false),
    }
}

/// The scope of a function's fields.
fn scope(reading: &mut Reading<'_, '_>, sets: &[Set]) {
    let mut lines: Vec<Choice<Emission>> = Vec::new();
    let mut choice = Choice::default();
    for set in named(sets, "access-control-allow-origin").rev() {
        let case = Case {
            when: condition(reading, set),
            then: emission(reading, &set.value),
            place: Reading::place(&set.value.span),
        };
        if set.adds {
            lines.push(Choice { cases: vec![case] });
        } else {
            choice.cases.push(case);
        }
    }
    lines.extend((!choice.cases.is_empty()).then_some(choice));
    let mut credentials = Choice::default();
    for set in named(sets, "access-control-allow-credentials").rev() {
        let value = reading.value(&set.value);
        let when = condition(reading, set);
        let (when, then) = match &value.kind {
            Kind::Text(text) => (when, text == "true"),
            Kind::Boolean(is) => (when, *is),
            _ => (Matcher::AllOf(vec![when, Matcher::Opaque(reading.opaque(&value))]), true),
        };
        credentials.cases.push(Case { when, then, place: Reading::place(&set.value.span) });
    }
    let mut field = |name: &str| {
        let set = sets.iter().rev().find(|set| set.name == name)?;
        let field = reading.field(&set.value, ", ");
        let certain = !set.around.conditional;
        Some(if certain {
            field
        } else {
            Field { value: Value::Opaque("it is set under a condition".to_owned()), ..field }
        })
    };
    let actual = Answer {
        allow_methods: field("access-control-allow-methods"),
        allow_headers: field("access-control-allow-headers"),
        max_age: field("access-control-max-age"),
        expose_headers: field("access-control-expose-headers"),
        allow_private_network: field("access-control-allow-private-network"),
        vary: field("vary"),
        allow_origin: lines,
        allow_credentials: if credentials.cases.is_empty() { Vec::new() } else { vec![credentials] },
        ..Answer::default()
    };
    let first = named(sets, "access-control-allow-origin").next();
    let place = first.and_then(|set| Reading::place(&set.value.span));
    reading.scopes.push(Scope { name: "fields set by hand".to_owned(), place, actual, ..Scope::default() });
}

fn named<'s>(sets: &'s [Set], name: &'static str) -> impl DoubleEndedIterator<Item = &'s Set> {
    sets.iter().filter(move |set| set.name == name)
}

/// When a field is set.
fn condition(reading: &mut Reading<'_, '_>, set: &Set) -> Matcher {
    if !set.around.conditional {
        return Matcher::Any;
    }
    if let Some(when) = &set.when {
        return when.clone();
    }
    let reason = "it is set under a condition".to_owned();
    reading.unread(set.value.span.clone(), reason.clone());
    Matcher::Opaque(reason)
}

/// For which origins a site is reached: `if (allowed.includes(req.headers.origin)) …`, as far as
/// such conditions are all that is around it, and one at least is decided.
fn guarded(reading: &mut Reading<'_, '_>, site: &Site<'_>) -> Option<Matcher> {
    let (start, end) = site.around.function.filter(|_| site.around.conditional)?;
    let listed = reading.listed();
    let mut when = Matcher::Any;
    let mut below = site.node;
    let mut climbed = 0;
    while let Some(node) = below.parent().filter(|node| (node.start_byte(), node.end_byte()) != (start, end))
    {
        climbed += 1;
        if climbed > MAX_PARENTS {
            return unlisted(reading, listed);
        }
        match node.kind() {
            "arguments" | "else_clause" | "expression_statement" | "statement_block" | "return_statement" => {
            }
            "if_statement" => {
                let condition = node.child_by_field_name("condition")?;
                let is_otherwise =
                    node.child_by_field_name("alternative").is_some_and(|other| other.id() == below.id());
                let holds = Asked::of(None, (start, end)).matcher(reading, condition);
                when = and(if is_otherwise { not(holds) } else { holds }, when);
            }
            _ => return unlisted(reading, listed),
        }
        below = node;
    }
    if is_unknown(&when) { unlisted(reading, listed) } else { Some(when) }
}

fn unlisted(reading: &mut Reading<'_, '_>, listed: usize) -> Option<Matcher> {
    reading.unlist(listed);
    None
}

/// Whether nothing of a condition is known.
fn is_unknown(when: &Matcher) -> bool {
    match when {
        Matcher::AllOf(all) => all.iter().all(is_unknown),
        Matcher::Not(inner) => is_unknown(inner),
        Matcher::Opaque(_) => true,
        _ => false,
    }
}

/// What is sent: a text, the request's origin, or what is not known.
fn emission(reading: &mut Reading<'_, '_>, given: &Expression) -> Emission {
    if requested(reading, given).is_some() {
        return Emission::Reflected;
    }
    let value = reading.value(given);
    match &value.kind {
        Kind::Text(text) => Emission::Fixed(text.clone()),
        _ => Emission::Opaque(reading.opaque(&value)),
    }
}

/// The expression that gives the request's `Origin`, wherever names lead to it.
pub(super) fn requested(reading: &Reading<'_, '_>, expression: &Expression) -> Option<Expression> {
    let mut at = expression.clone();
    for _ in 0..=MAX_STEPS {
        at = match at.kind {
            Kind::Name(name) => reading.program.constant_at(&name, at.span.start)?,
            Kind::Either(first, _) => *first,
            _ => return is_origin_field(&at).then_some(at),
        };
    }
    None
}

/// `req.headers`, `ctx.request.headers`, `event.headers`
fn is_of_request(headers: &Expression) -> bool {
    const REQUESTS: [&str; 9] = ["c", "context", "ctx", "event", "raw", "req", "request", "res", "this"];
    headers.path().is_some_and(|path| match path.as_slice() {
        [before @ .., "headers"] => before.iter().all(|name| REQUESTS.contains(name)),
        _ => false,
    })
}

/// `req.headers.origin`, `request.headers.get("origin")`, `req.get("Origin")`.
fn is_origin_field(expression: &Expression) -> bool {
    match &expression.kind {
        Kind::Member(object, name) => name.eq_ignore_ascii_case("origin") && is_of_request(object),
        Kind::Call(callee, arguments) => {
            let of_headers =
                matches!(&callee.kind, Kind::Member(object, get) if get == "get" && is_of_request(object));
            let request = of_headers
                || callee.path().is_some_and(|path| match path.as_slice() {
                    [request, "get" | "header"] => matches!(*request, "req" | "request"),
                    _ => false,
                });
            let name = arguments.first().and_then(|name| name.value.as_text());
            request && name.is_some_and(|name| name.eq_ignore_ascii_case("origin"))
        }
        _ => false,
    }
}
