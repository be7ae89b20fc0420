//! Hosts that could be a stranger's if every name could be registered: whole labels, enough of
//! them, and none that a certificate cannot name. A handful of states, where the list has tens
//! of thousands; what it rules out need not be looked up.

use super::Intended;
use super::suffix_trie::NodeId;
use crate::search::Side;

/// The machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape<'a> {
    pub(crate) intended: &'a Intended,
    /// Whether a certificate has to name the host.
    pub(crate) is_secure: bool,
}

/// Where the machine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum State {
    /// At the end, where digits may be a port's.
    Tail { name: Name, has_digits: bool },
    /// In a name, or behind the port's colon.
    Name(Name),
    /// Before the name.
    Done,
}

/// What was read of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Name {
    /// Whole labels, up to two: more make no difference.
    labels: u8,
    /// Whether a byte of the label was read, and whether all of them are plain.
    label: Option<bool>,
    /// Where in the intended names' trie.
    intended: Option<NodeId>,
}

const NOTHING: Name = Name { labels: 0, label: None, intended: Some(Intended::ROOT) };

impl Side for Shape<'_> {
    type State = State;

    fn start(&self) -> State {
        State::Tail { name: NOTHING, has_digits: false }
    }

    fn step(&self, state: State, byte: u8) -> Option<State> {
        match (state, byte) {
            (State::Tail { has_digits: true, .. }, b':') => Some(State::Name(NOTHING)),
            (State::Tail { name, .. }, b'0'..=b'9') => {
                Some(State::Tail { name: self.letter(name, byte), has_digits: true })
            }
            (State::Tail { name, .. } | State::Name(name), _) => self.in_name(name, byte),
            (State::Done, _) => Some(State::Done),
        }
    }

    fn accepts(&self, state: State) -> bool {
        state == State::Done
    }
}

impl Shape<'_> {
    /// Whether the name is an intended one, and nobody registers under those.
    fn is_meant(&self, name: Name) -> bool {
        !self.intended.has_suffix_below() && name.intended.is_some_and(|node| self.intended.is_name(node))
    }

    fn in_name(&self, name: Name, byte: u8) -> Option<State> {
        match (byte, name.label) {
            // A dot at the name's end.
            (b'.', None) if name.labels == 0 => Some(State::Name(NOTHING)),
            (b'.' | b'/', None) | (b':' | b'[' | b']', _) => None,
            (b'.' | b'/', Some(_)) if self.is_meant(name) => None,
            (b'.', Some(is_plain)) => {
                let may_stand = is_plain || (!self.is_secure && name.labels == 2);
                let intended = name.intended.and_then(|node| self.intended.child(node, b'.'));
                let name = Name { labels: (name.labels + 1).min(2), label: None, intended };
                may_stand.then_some(State::Name(name))
            }
            (b'/', Some(is_plain)) => {
                let is_enough = name.labels == 2 || (name.labels == 1 && is_plain);
                is_enough.then_some(State::Done)
            }
            _ => Some(State::Name(self.letter(name, byte))),
        }
    }

    fn letter(&self, name: Name, byte: u8) -> Name {
        let is_plain = byte.is_ascii_alphanumeric() || byte == b'-';
        Name {
            label: Some(name.label.unwrap_or(true) && is_plain),
            intended: name.intended.and_then(|node| self.intended.child(node, byte)),
            ..name
        }
    }
}
