//! Every text but those of a list.

use super::Side;

/// A trie that is never built: the list, sorted by the texts' last bytes, and the part of it
/// that still fits.
#[derive(Debug)]
pub(crate) struct Listed<'t> {
    /// In the order of their bytes from the last to the first.
    texts: Vec<&'t str>,
}

/// The part of the list that ends with what was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fitting {
    /// None: nothing that follows is listed.
    None,
    /// These, by their places in the list, after so many bytes.
    Some { first: usize, end: usize, read: usize },
}

impl<'t> Listed<'t> {
    pub(crate) fn of(texts: &[&'t str]) -> Self {
        let mut texts = texts.to_vec();
        texts.sort_unstable_by(|a, b| a.bytes().rev().cmp(b.bytes().rev()));
        texts.dedup();
        Self { texts }
    }
}

/// The byte of `text` at place `read` from the end.
fn byte_at(text: &str, read: usize) -> Option<u8> {
    text.len().checked_sub(read + 1).and_then(|at| text.as_bytes().get(at)).copied()
}

impl Side for Listed<'_> {
    type State = Fitting;

    fn start(&self) -> Fitting {
        match self.texts.len() {
            0 => Fitting::None,
            end => Fitting::Some { first: 0, end, read: 0 },
        }
    }

    fn step(&self, state: Fitting, byte: u8) -> Option<Fitting> {
        let Fitting::Some { first, end, read } = state else { return Some(state) };
        let Some(part) = self.texts.get(first..end) else { return Some(Fitting::None) };
        let before = part.partition_point(|text| byte_at(text, read) < Some(byte));
        let until = part.partition_point(|text| byte_at(text, read) <= Some(byte));
        if before == until {
            return Some(Fitting::None);
        }
        Some(Fitting::Some { first: first + before, end: first + until, read: read + 1 })
    }

    fn accepts(&self, state: Fitting) -> bool {
        match state {
            Fitting::None => true,
            // The shortest of them comes first.
            Fitting::Some { first, read, .. } => self.texts.get(first).is_none_or(|text| text.len() != read),
        }
    }
}
