//! Methods that a request asks to be taken for.
//!
//! Frameworks read another method than the request line's from a field or a parameter of
//! the query. A `GET` that an application takes for a `DELETE` is not safe: it is checked,
//! and each of its methods must be allowed. A parameter in a body needs no look here: what
//! has a body is checked anyway.

use std::borrow::Cow;

use http::Method;

use crate::guard::Head;

/// The fields that frameworks read.
const FIELDS: [&str; 3] = ["x-http-method", "x-http-method-override", "x-method-override"];

/// The parameter of the query that frameworks read.
const PARAMETER: &[u8] = b"_method";

/// Methods that a request may name beside its own; nobody needs more than one.
const MAX_NAMED: usize = 4;

/// All methods that a request may be taken for.
#[derive(Debug)]
pub(crate) struct Methods<'r> {
    own: &'r Method,
    /// In upper case, as frameworks make them.
    named: Vec<Vec<u8>>,
    /// Whether the query names one, as every link and form can.
    is_in_query: bool,
}

impl<'r> Methods<'r> {
    pub(crate) fn of(head: &Head<'r>) -> Self {
        let fields = FIELDS.into_iter().flat_map(|name| head.headers.get_all(name));
        let fields = fields.map(|value| Cow::Borrowed(value.as_bytes()));
        let pairs = head.query.unwrap_or_default().split(['&', ';']);
        let parameters = pairs.filter_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (*decoded(name) == *PARAMETER).then(|| decoded(value))
        });
        let mut parameters = parameters.peekable();
        let is_in_query = parameters.peek().is_some();
        let named = fields.chain(parameters).map(|method| method.trim_ascii().to_ascii_uppercase());
        // One more than there may be, so that too many can be told.
        Self { own: head.method, named: named.take(MAX_NAMED + 1).collect(), is_in_query }
    }

    /// Whether none of them changes anything (RFC 9110, section 9.2.1). `TRACE` is safe
    /// too, and no browser sends it.
    pub(super) fn are_safe(&self) -> bool {
        self.all(is_safe)
    }

    /// Whether browsers send it without `Origin` for any page: a link or a `GET` form whose
    /// query names another method.
    pub(super) fn can_hide_its_page(&self) -> bool {
        self.is_in_query && is_safe(self.own.as_str().as_bytes())
    }

    /// Whether `condition` holds for each of them.
    pub(crate) fn all(&self, condition: impl Fn(&[u8]) -> bool) -> bool {
        self.named.len() <= MAX_NAMED
            && condition(self.own.as_str().as_bytes())
            && self.named.iter().all(|method| condition(method))
    }
}

fn is_safe(method: &[u8]) -> bool {
    matches!(method, b"GET" | b"HEAD" | b"OPTIONS")
}

/// As queries are encoded.
fn decoded(text: &str) -> Cow<'_, [u8]> {
    if !text.contains('%') {
        return text.as_bytes().into();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let digits = (byte == b'%').then(|| ahead.next().and_then(hex).zip(ahead.next().and_then(hex)));
        if let Some((high, low)) = digits.flatten() {
            bytes.push(high << 4 | low);
            rest = ahead;
        } else {
            bytes.push(byte);
        }
    }
    bytes.into()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
