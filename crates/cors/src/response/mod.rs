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
        self.for_each_field(|name, value| {
            headers.insert(name, value);
        });
        removed
    }

    /// As [`Self::apply`], for a decision that is not needed any more.
    pub fn apply_once(mut self, headers: &mut HeaderMap) -> bool {
        let removed = strip_access_control(headers);
        merge_vary(headers, self.vary());
        // Moved, not cloned: a clone and a drop are two atomic operations.
        let origin = self.echo.origin.take();
        self.set_fields(origin, |name, value| {
            headers.insert(name, value);
        });
        removed
    }

    /// Calls `set` with each `Access-Control-*` field of the response: none unless
    /// allowed. Credentials go with an exact origin only, and there is one origin: a
    /// compiled policy has no other way to say it.
    pub fn for_each_field(&self, set: impl FnMut(HeaderName, HeaderValue)) {
        self.set_fields(self.echo.origin.clone(), set);
    }

    fn set_fields(&self, origin: Option<HeaderValue>, mut set: impl FnMut(HeaderName, HeaderValue)) {
        if !self.is_allowed() {
            return;
        }
        let fields = &self.policy.compiled.fields;
        match origin {
            None => set(ACCESS_CONTROL_ALLOW_ORIGIN, ANY),
            Some(origin) => {
                set(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
                if self.policy.allows_credentials() {
                    set(ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
                }
            }
        }
        if self.kind() == RequestKind::Preflight {
            self.for_each_preflight_field(set);
        } else if let Some(exposed) = &fields.expose_headers {
            set(ACCESS_CONTROL_EXPOSE_HEADERS, exposed.clone());
        }
    }

    /// The whole lists, so that one preflight tells the browser's cache about all
    /// methods and headers at once.
    fn for_each_preflight_field(&self, mut set: impl FnMut(HeaderName, HeaderValue)) {
        let fields = &self.policy.compiled.fields;
        let echo = self.echo.preflight.as_deref();
        let method = echo.and_then(|echo| echo.method.as_ref());
        let names = echo.and_then(|echo| echo.names.as_ref());
        if let Some(methods) = method.or(fields.allow_methods.as_ref()) {
            set(ACCESS_CONTROL_ALLOW_METHODS, methods.clone());
        }
        if let Some(names) = names.or(fields.allow_headers.as_ref()) {
            set(ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
        }
        if let Some(age) = &fields.max_age {
            set(ACCESS_CONTROL_MAX_AGE, age.clone());
        }
        if echo.is_some_and(|echo| echo.private_network) {
            set(ALLOW_PRIVATE_NETWORK, TRUE);
        }
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
