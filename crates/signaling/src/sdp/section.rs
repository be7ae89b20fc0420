//! One media description, with what the session says for it.

use std::borrow::Cow;

use crate::code::{Code, Refusal};

use super::lines::{Level, MediaLine, Name};

/// A media description and the level above it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Section<'s, 't> {
    /// From 1.
    pub(super) number: usize,
    pub(super) media: &'s MediaLine<'t>,
    pub(super) session: &'s Level<'t>,
}

impl<'t> Section<'_, 't> {
    /// Whether anything flows: port 0 rejects an m-line, unless it is `bundle-only` (RFC 9143,
    /// section 6). Chromium and Firefox read `bundle-only` so in an answer as well, where it has no
    /// business.
    pub(super) fn is_live(&self) -> bool {
        self.media.port != 0 || self.has(Name::BundleOnly)
    }

    /// Whether the m-line itself has an attribute.
    pub(super) fn has(&self, name: Name) -> bool {
        self.media.level.values(name).next().is_some()
    }

    /// The one value of an attribute. Two are none, also at two levels: of two `setup` Chromium 156
    /// takes the last and Firefox 153 the first, and no browser writes two.
    pub(super) fn only(&self, name: Name) -> Option<&'t str> {
        let mut values = self.media.level.values(name).chain(self.session.values(name));
        values.next().filter(|_| values.next().is_none())
    }

    /// A refusal that says which m-line it is about.
    pub(super) fn refuse(&self, code: Code, what: &str) -> Refusal {
        Refusal { code, detail: Cow::Owned(format!("m-line {}: {what}", self.number)) }
    }
}
