//! Header lists as Fetch has them (section 2.2.2): bytes, in order, names compared
//! without case.

use std::collections::{HashMap, HashSet};

/// A header list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderList(Vec<(String, Vec<u8>)>);

impl HeaderList {
    /// The list of `fields`, each value without whitespace around it.
    pub fn new<N: Into<String>, V: AsRef<[u8]>>(fields: impl IntoIterator<Item = (N, V)>) -> Self {
        let fields = fields.into_iter();
        Self(fields.map(|(name, value)| (name.into(), trim(value.as_ref()).to_vec())).collect())
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, value)| {
            #[cfg(test)]
            count(1);
            (name.as_str(), value.as_slice())
        })
    }

    /// The values of the fields called `name`.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.iter().filter(move |(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// All values of `name`, joined by a comma and a space ("To get a header name", section 2.2.2).
    pub fn get(&self, name: &str) -> Option<Vec<u8>> {
        let mut values = self.all(name);
        let mut joined = values.next()?.to_vec();
        for value in values {
            joined.extend_from_slice(b", ");
            joined.extend_from_slice(value);
        }
        Some(joined)
    }

    /// Whether there is a field called `name`.
    pub fn contains(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// Adds a field at the end.
    pub fn append(&mut self, name: impl Into<String>, value: impl AsRef<[u8]>) {
        self.0.push((name.into(), trim(value.as_ref()).to_vec()));
    }

    /// Puts one field in the place of all called `name`, also of those with a space
    /// before their colon, which some engines take for the same.
    pub fn set(&mut self, name: &str, value: impl AsRef<[u8]>) {
        self.remove(|own| own.trim_end().eq_ignore_ascii_case(name));
        self.append(name, value);
    }

    /// Joins the values of each name in one field (to combine, section 2.2.2).
    pub(crate) fn combine(&mut self) {
        let mut places = HashMap::new();
        let mut combined: Vec<(String, Vec<u8>)> = Vec::with_capacity(self.0.len());
        for (name, value) in std::mem::take(&mut self.0) {
            let place = *places.entry(name.to_ascii_lowercase()).or_insert(combined.len());
            match combined.get_mut(place) {
                Some((_, whole)) => {
                    whole.extend_from_slice(b", ");
                    whole.extend_from_slice(&value);
                }
                None => combined.push((name, value)),
            }
        }
        for (_, value) in &mut combined {
            *value = trim(value).to_vec();
        }
        self.0 = combined;
    }

    /// Drops the spaces between names and colons.
    pub(crate) fn trim_names(&mut self) {
        for (name, _) in &mut self.0 {
            name.truncate(name.trim_end_matches([' ', '\t']).len());
        }
    }

    /// Removes the fields whose name `is_left_out`.
    pub(crate) fn remove(&mut self, is_left_out: impl Fn(&str) -> bool) {
        self.0.retain(|(name, _)| !is_left_out(name));
    }

    /// The elements of a list-valued field ("extract header list values", section 2.2.2,
    /// for `#token`): `None` if there is none, `Some(Err)` with the element that is not a
    /// token.
    pub(crate) fn tokens(&self, name: &str) -> Option<Result<Vec<String>, String>> {
        let value = self.get(name)?;
        let mut tokens = Vec::new();
        for element in value.split(|&byte| byte == b',').map(trim).filter(|element| !element.is_empty()) {
            if !is_token(element) {
                return Some(Err(text(element)));
            }
            tokens.push(text(element));
        }
        Some(Ok(tokens))
    }
}

/// Names up to which a list is searched one by one.
const FEW: usize = 16;

/// The names that a list-valued field gives, found without case. Lists as they are common are
/// searched; a server may send one of any length, and a page ask for as many names.
#[derive(Debug)]
pub(crate) enum Listed<'n> {
    Few(&'n [String]),
    Many(HashSet<String>),
}

impl<'n> Listed<'n> {
    pub(crate) fn new(names: &'n [String]) -> Self {
        if names.len() <= FEW {
            return Self::Few(names);
        }
        Self::Many(names.iter().map(|name| name.to_ascii_lowercase()).collect())
    }

    /// Whether `name`, in lower case, is among them.
    pub(crate) fn has(&self, name: &str) -> bool {
        match self {
            Self::Few(names) => names.iter().any(|own| own.eq_ignore_ascii_case(name)),
            Self::Many(names) => names.contains(name),
        }
    }
}

/// Bytes as text, each the code point of its number.
pub(crate) fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

/// Without HTTP whitespace around it.
pub(crate) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t' | b'\r' | b'\n', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b' ' | b'\t' | b'\r' | b'\n'] = bytes {
        bytes = rest;
    }
    bytes
}

/// Whether `bytes` are a token (RFC 9110, section 5.6.2).
pub fn is_token(bytes: &[u8]) -> bool {
    let is_token_byte = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !bytes.is_empty() && bytes.iter().all(is_token_byte)
}

#[cfg(test)]
thread_local! {
    /// Fields that lists handed out, and bytes of values that were judged, for tests that bound
    /// the work.
    static LOOKED_AT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
pub(crate) fn count(more: usize) {
    LOOKED_AT.set(LOOKED_AT.get() + more);
}

/// What `work` gives, and how much it looked at.
#[cfg(test)]
pub(crate) fn looked_at<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = LOOKED_AT.get();
    let done = work();
    (done, LOOKED_AT.get() - before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_short_and_long_lists_without_case() {
        for count in [1, FEW, FEW + 1, 1_000] {
            let names: Vec<_> = (0..count).map(|number| format!("X-{number}")).collect();
            let listed = Listed::new(&names);
            assert!(listed.has("x-0") && listed.has(&format!("x-{}", count - 1)));
            assert!(!listed.has(&format!("x-{count}")) && !listed.has("*"));
            assert_eq!(matches!(listed, Listed::Many(_)), count > FEW);
        }
    }

    #[test]
    fn values_are_joined_and_split_as_fetch_says() {
        let list = HeaderList::new([("A", " x "), ("b", "y"), ("a", "\tz")]);
        assert_eq!(list.get("A").unwrap(), b"x, z");
        assert_eq!(list.get("c"), None);
        let list = HeaderList::new([("m", "GET,, PUT ,"), ("M", "x y")]);
        assert_eq!(list.tokens("m"), Some(Err("x y".into())));
        let list = HeaderList::new([("m", "GET,, PUT ,"), ("M", "")]);
        assert_eq!(list.tokens("m"), Some(Ok(vec!["GET".into(), "PUT".into()])));
    }
}
