//! One entry of a HAR, as far as it matters here.

use std::borrow::Cow;

use url::Url;

/// Header fields of a message that are kept; browsers take fewer.
const MAX_FIELDS: usize = 256;

/// Bytes of a message's header fields that are kept, as many as browsers take.
const MAX_FIELD_BYTES: usize = 256 << 10;

/// An entry. What is missing or of another type is empty.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry {
    /// From 1, in the order of the file.
    pub(super) number: u64,
    /// Milliseconds from 1970.
    pub(super) started: Option<i64>,
    /// Milliseconds that it took.
    pub(super) time: i64,
    pub(super) page_ref: String,
    /// `_resourceType`: Chromium's, in lower case (DevTools, `Log.ts` and `ResourceType.ts`).
    pub(super) resource_type: String,
    /// Answered by a service worker: Chromium's `_fetchedViaServiceWorker`, `WebKit`'s
    /// `_fetchType` (`HARBuilder.js`).
    pub(super) via_worker: bool,
    pub(super) request: Message,
    pub(super) response: Message,
}

/// A request or a response.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own in the file")]
pub(super) struct Message {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) status: u16,
    /// `redirectURL`, as written in `Location`.
    pub(super) location: String,
    /// `_error` (Chromium, `WebKit`) or `_failureText` (Playwright).
    pub(super) error: String,
    pub(super) has_cookies: bool,
    pub(super) has_body: bool,
    pub(super) via_worker: bool,
    pub(super) fields: Fields,
}

/// Header fields.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    list: Vec<(String, String)>,
    bytes: usize,
    /// There were more than are kept.
    pub(super) is_cut: bool,
}

impl Fields {
    pub(super) fn push(&mut self, name: String, value: String) {
        let bytes = self.bytes + name.len() + value.len();
        // HTTP/2's pseudo-header fields (Chromium) are no fields.
        if name.is_empty() || name.starts_with(':') {
            return;
        }
        if self.list.len() == MAX_FIELDS || bytes > MAX_FIELD_BYTES {
            self.is_cut = true;
            return;
        }
        self.bytes = bytes;
        self.list.push((name, value));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.list.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The first value of `name`.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Entry {
    /// The request's URL without its fragment.
    pub(super) fn url(&self) -> &str {
        self.request.url.split('#').next().unwrap_or_default()
    }

    /// About how many bytes it keeps.
    pub(super) fn size(&self) -> usize {
        let texts = self.request.url.len() + self.response.location.len() + self.response.error.len();
        size_of::<Self>() + texts + self.request.fields.bytes + self.response.fields.bytes
    }

    /// Nothing came back, or nothing was recorded.
    pub(super) fn has_no_response(&self) -> bool {
        self.response.status == 0
    }

    /// The method that a preflight asks for.
    pub(super) fn asked_method(&self) -> Option<&str> {
        self.request.fields.get("access-control-request-method")
    }

    /// The names that a preflight asks for, in lower case.
    pub(super) fn asked_names(&self) -> Vec<String> {
        let names = self.request.fields.get("access-control-request-headers").unwrap_or_default().split(',');
        names.map(|name| name.trim().to_ascii_lowercase()).filter(|name| !name.is_empty()).collect()
    }

    /// Where a redirect leads.
    pub(super) fn redirect_target(&self) -> Option<String> {
        let location = match self.response.fields.get("location") {
            Some(location) => Cow::Borrowed(location),
            None => Cow::Borrowed(&*self.response.location),
        };
        if !matches!(self.response.status, 301 | 302 | 303 | 307 | 308) || location.is_empty() {
            return None;
        }
        let mut url = Url::parse(self.url()).ok()?.join(&location).ok()?;
        url.set_fragment(None);
        Some(url.into())
    }
}
