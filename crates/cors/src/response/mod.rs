//! What a decision does to a response.

pub(crate) mod vary;

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderMap,
    HeaderName, HeaderValue,
};

use crate::decision::{Decision, RequestKind};
use crate::response::vary::merge_vary;

const ALLOW_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-allow-private-network");
const ANY: HeaderValue = HeaderValue::from_static("*");
const TRUE: HeaderValue = HeaderValue::from_static("true");

impl Decision {
    /// Makes this decision the only owner of CORS on a response: removes every
    /// `Access-Control-*` field that somebody else set, merges `Vary`, and sets the
    /// decision's own fields. Returns whether something was removed.
    pub fn apply(&self, headers: &mut HeaderMap) -> bool {
        let removed = strip_access_control(headers);
        merge_vary(headers, self.vary());
        for (name, value) in self.fields() {
            headers.insert(name, value);
        }
        removed
    }

    /// The `Access-Control-*` fields of the response: none unless allowed. Credentials
    /// go with an exact origin only, and there is one origin: a compiled policy has
    /// no other way to say it.
    pub fn fields(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> + '_ {
        let allowed = self.is_allowed();
        let preflight = self.kind() == RequestKind::Preflight;
        self.origin_fields()
            .into_iter()
            .chain(if preflight { self.preflight_fields() } else { self.actual_fields() })
            .filter(move |_| allowed)
            .filter_map(|(name, value)| Some((name, value?)))
    }

    fn origin_fields(&self) -> [(HeaderName, Option<HeaderValue>); 2] {
        let origin = self.echo.origin.clone();
        let credentials = self.policy.allows_credentials() && origin.is_some();
        [
            (ACCESS_CONTROL_ALLOW_ORIGIN, Some(origin.unwrap_or(ANY))),
            (ACCESS_CONTROL_ALLOW_CREDENTIALS, credentials.then_some(TRUE)),
        ]
    }

    fn actual_fields(&self) -> [(HeaderName, Option<HeaderValue>); 4] {
        let expose = self.policy.compiled.fields.expose_headers.clone();
        let none = || (ACCESS_CONTROL_EXPOSE_HEADERS, None);
        [(ACCESS_CONTROL_EXPOSE_HEADERS, expose), none(), none(), none()]
    }

    /// The whole lists, so that one preflight tells the browser's cache about all
    /// methods and headers at once.
    fn preflight_fields(&self) -> [(HeaderName, Option<HeaderValue>); 4] {
        let fields = &self.policy.compiled.fields;
        let methods = self.echo.method.as_ref().or(fields.allow_methods.as_ref());
        let headers = self.echo.request_headers.as_ref().or(fields.allow_headers.as_ref());
        [
            (ACCESS_CONTROL_ALLOW_METHODS, methods.cloned()),
            (ACCESS_CONTROL_ALLOW_HEADERS, headers.cloned()),
            (ACCESS_CONTROL_MAX_AGE, fields.max_age.clone()),
            (ALLOW_PRIVATE_NETWORK, self.echo.private_network.then_some(TRUE)),
        ]
    }
}

/// Removes every `Access-Control-*` field. Returns whether there was one.
pub fn strip_access_control(headers: &mut HeaderMap) -> bool {
    const PREFIX: &str = "access-control-";
    let mut removed = false;
    while let Some(name) = headers.keys().find(|name| name.as_str().starts_with(PREFIX)).cloned() {
        headers.remove(name);
        removed = true;
    }
    removed
}
