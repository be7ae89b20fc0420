//! The checker. It shares no code with the search: it has its own notion of whose a host is,
//! in terms of names and the list's own lookup, and it explores nothing. A certificate names
//! places that reading may reach; the checker sees that reading never leaves them and that
//! none of them is a stranger's origin. What it takes on trust is that the machines accept
//! what the expression does ([`super::Certificate::retrace`]).

use std::collections::{BTreeSet, HashSet};

use corsac_origin::{PublicSuffixList, Section};
use serde::{Deserialize, Serialize};

/// A machine that reads origins of one scheme from right to left, and where it gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// `https` or `http`.
    pub scheme: String,
    /// Where reading begins; any of them.
    pub starts: Vec<u32>,
    /// The machine.
    pub states: Vec<State>,
    /// Every state that reading reaches, with what of the host was read by then; but for
    /// those behind which no host is a stranger's.
    pub reached: Vec<(u32, Place)>,
}

/// A state: whether the text may begin here, and which bytes lead where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Whether what was read is accepted.
    pub accepts: bool,
    /// Bytes, and the state behind each of them.
    pub edges: Vec<(String, u32)>,
}

/// What was read of a host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Nothing.
    Begin,
    /// Digits: of a port, or of a host that ends in a number.
    Digits,
    /// The end of a name.
    Host(String),
}

/// What reading one byte more comes to.
pub(super) enum Read {
    /// No host that goes on so is a stranger's.
    Harmless,
    /// A place to be followed.
    On(Place),
    /// The whole host is read, and it is a stranger's.
    Strangers(String),
}

/// Why a certificate proves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// A state that the machine does not have.
    NoSuchState(u32),
    /// A place is reached and not named: by this byte, from this state and place.
    Left(u32, Place, char),
    /// A stranger's host is read.
    Strangers(String),
    /// The list has names that end in a digit; the checker takes for granted that it has none.
    ListOfDigits,
}

/// Whose a host is: in names.
pub(super) struct Hosts<'a> {
    list: &'a PublicSuffixList,
    intended: &'a [String],
    /// The listed names from their last byte to their first, in order.
    reversed: Vec<Vec<u8>>,
}

impl Part {
    /// Sees that the machine reads no stranger's host.
    pub(super) fn verify(&self, hosts: &Hosts<'_>) -> Result<(), Flaw> {
        let reached: HashSet<(u32, &Place)> =
            self.reached.iter().map(|(state, place)| (*state, place)).collect();
        let begin = Place::Begin;
        if let Some(start) = self.starts.iter().find(|start| !reached.contains(&(**start, &begin))) {
            return Err(Flaw::Left(*start, Place::Begin, ' '));
        }
        for (number, place) in &self.reached {
            let index = usize::try_from(*number).unwrap_or(usize::MAX);
            let state = self.states.get(index).ok_or(Flaw::NoSuchState(*number))?;
            for (bytes, to) in &state.edges {
                for byte in bytes.chars() {
                    match hosts.read(place, byte, &self.scheme) {
                        Read::Harmless => {}
                        Read::Strangers(host) => return Err(Flaw::Strangers(host)),
                        Read::On(next) if reached.contains(&(*to, &next)) => {}
                        Read::On(_) => return Err(Flaw::Left(*number, place.clone(), byte)),
                    }
                }
            }
        }
        Ok(())
    }
}

impl<'a> Hosts<'a> {
    pub(super) fn new(list: &'a PublicSuffixList, intended: &'a [String]) -> Result<Self, Flaw> {
        let reversed: BTreeSet<Vec<u8>> =
            list.names().map(|rules| rules.name.bytes().rev().collect()).collect();
        if reversed.iter().any(|name| name.first().is_some_and(u8::is_ascii_digit)) {
            return Err(Flaw::ListOfDigits);
        }
        Ok(Self { list, intended, reversed: reversed.into_iter().collect() })
    }

    pub(super) fn read(&self, place: &Place, byte: char, scheme: &str) -> Read {
        match (place, byte) {
            (Place::Begin | Place::Digits, '0'..='9') => Read::On(Place::Digits),
            (Place::Digits, ':') | (Place::Begin, '.') => Read::On(Place::Host(String::new())),
            (Place::Digits, _) => Read::Harmless,
            (Place::Begin, _) => self.read_host("", byte, scheme),
            (Place::Host(host), _) => self.read_host(host, byte, scheme),
        }
    }

    fn read_host(&self, host: &str, byte: char, scheme: &str) -> Read {
        match byte {
            '/' if self.is_strangers(host, scheme) => Read::Strangers(host.to_owned()),
            '/' | ':' | '[' | ']' => Read::Harmless,
            '.' if host.is_empty() => Read::On(Place::Host(String::new())),
            '.' if !self.is_listed(host) => Read::Harmless,
            '.' if self.is_meant_below(host) => Read::Harmless,
            _ => {
                let longer = format!("{byte}{host}");
                let is_first_label = !longer.contains('.');
                if is_first_label && !self.ends_a_name(&longer) {
                    Read::Harmless
                } else {
                    Read::On(Place::Host(longer))
                }
            }
        }
    }

    /// Whether `host` is an intended name or under one, and was not registered below it.
    fn is_meant(&self, host: &str, registered: &str) -> bool {
        let under = |host: &str, name: &str| host == name || host.ends_with(&format!(".{name}"));
        self.intended.iter().any(|name| under(host, name) && (registered == name || !under(registered, name)))
    }

    /// Whether every host that ends in a dot and `host` is meant.
    fn is_meant_below(&self, host: &str) -> bool {
        let registered = self.list.registrable_domain(host);
        registered.is_some_and(|name| self.is_meant(host, name)) && self.list.suffix_below(host).is_none()
    }

    /// Whether `text` is the end of a listed name.
    fn ends_a_name(&self, text: &str) -> bool {
        let wanted: Vec<u8> = text.bytes().rev().collect();
        let at = self.reversed.partition_point(|name| *name < wanted);
        self.reversed.get(at).is_some_and(|name| name.starts_with(&wanted))
    }

    /// Whether the host's last label is that of a listed name.
    fn is_listed(&self, host: &str) -> bool {
        let last = host.rsplit('.').next().unwrap_or(host);
        let tld: Vec<u8> = last.bytes().rev().collect();
        self.reversed.binary_search(&tld).is_ok() || self.list.suffix_below(last).is_some()
    }

    /// Whether a stranger can serve `host` over `scheme`.
    fn is_strangers(&self, host: &str, scheme: &str) -> bool {
        let Some((_, section)) = self.list.public_suffix(host) else { return false };
        let Some(registered) = self.list.registrable_domain(host) else { return false };
        let own = host.strip_suffix(registered).unwrap_or_default();
        let inner = own.split_once('.').map_or("", |(_, inner)| inner);
        section != Section::Default
            && !self.is_meant(host, registered)
            && registered.split('.').all(is_plain)
            && (scheme == "http" || inner.split('.').all(|label| label.is_empty() || is_plain(label)))
    }
}

/// Letters, digits and inner hyphens: what registries and certificates take.
fn is_plain(label: &str) -> bool {
    let takes = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !label.is_empty() && label.bytes().all(takes) && !label.starts_with('-') && !label.ends_with('-')
}
