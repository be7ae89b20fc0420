//! "HTTP-redirect fetch" (Fetch, section 4.5).

use url::Url;

use super::{Exchange, Tainting, origin_of};
use crate::engine::{Dropped, Locations};
use crate::failure::Failure;
use crate::fetch::preflight_cache::PreflightCache;
use crate::header::text;
use crate::request::Mode;
use crate::response::Response;
use crate::trace::Place;

/// "If request's redirect count is 20, then return a network error."
const MAX_REDIRECTS: usize = 20;

impl Exchange<'_> {
    /// "HTTP-redirect fetch."
    pub(super) fn redirect(&mut self, response: &Response, cache: &mut PreflightCache) {
        let located = self.location(response);
        let location = match located {
            Ok(Some(location)) => location,
            Ok(None) => return self.finish(response),
            Err(failure) => return self.fail_redirect(failure),
        };
        if let Err(failure) = self.may_redirect(&location, response.status) {
            return self.fail_redirect(failure);
        }
        let profile = self.profile();
        let Some(request) = &mut self.request else { return };
        let turns_to_get = match response.status {
            301 | 302 => {
                request.method == "POST" || request.method == "DELETE" && profile.redirects_turn_delete_to_get
            }
            303 => !matches!(&*request.method, "GET" | "HEAD"),
            _ => false,
        };
        if turns_to_get {
            self.keeps_origin = profile.keeps_origin_after_post;
            "GET".clone_into(&mut request.method);
            request.has_stream = false;
            request.headers.remove(|name| {
                ["content-encoding", "content-language", "content-location", "content-type"]
                    .iter()
                    .any(|own| own.eq_ignore_ascii_case(name))
            });
        }
        let (from, to) = (origin_of(&request.url), origin_of(&location));
        let is_crossing = from != to;
        if is_crossing && profile.authorization == Dropped::BeforeDeciding {
            request.headers.remove(|name| name.eq_ignore_ascii_case("authorization"));
        }
        // The "redirect-taint", section 2.2.5.
        if is_crossing && from != self.page.origin {
            self.is_tainted = true;
        }
        self.trace.passed(Place::REDIRECT, location.to_string());
        request.url = location;
        self.hop += 1;
        self.main_fetch(cache, is_crossing);
    }

    fn fail_redirect(&mut self, failure: Failure) {
        let place = match failure {
            Failure::RedirectCredentials { .. } => Place::REDIRECT_CREDENTIALS,
            Failure::RedirectScheme(_) => Place::REDIRECT_SCHEME,
            Failure::RedirectStream => Place::REDIRECT_STREAM,
            Failure::TooManyRedirects => Place::REDIRECT_COUNT,
            _ => Place::LOCATION,
        };
        self.trace.failed(place, failure.to_string());
        self.block(failure);
    }

    /// The "location URL"; `None` if the response is no redirect after all.
    fn location(&self, response: &Response) -> Result<Option<Url>, Failure> {
        let profile = self.profile();
        let mut values = response.headers.all("location");
        let Some(first) = values.next() else { return Ok(None) };
        let mut others = values.peekable();
        let is_several = others.peek().is_some();
        let is_fine = match profile.locations {
            Locations::Error => !is_several,
            Locations::First => true,
            Locations::Same => others.all(|other| other == first),
        };
        if !is_fine {
            return Err(Failure::Location { several: true });
        }
        if first.is_empty() && profile.ignores_empty_location {
            return Ok(None);
        }
        let value = String::from_utf8(first.to_vec()).unwrap_or_else(|_| text(first));
        let base = self.request.as_ref().map(|request| &request.url);
        let located = Url::options().base_url(base).parse(&value);
        located.map(Some).map_err(|_| Failure::Location { several: false })
    }

    /// Steps 6 to 11.
    fn may_redirect(&self, location: &Url, status: u16) -> Result<(), Failure> {
        let Some(request) = &self.request else { return Ok(()) };
        if !matches!(location.scheme(), "http" | "https") {
            return Err(Failure::RedirectScheme(location.scheme().to_owned()));
        }
        if self.hop >= MAX_REDIRECTS {
            return Err(Failure::TooManyRedirects);
        }
        let has_credentials = !location.username().is_empty() || location.password().is_some();
        let is_cross_origin = origin_of(location) != self.page.origin;
        let is_refused = request.mode == Mode::Cors && is_cross_origin || self.tainting == Tainting::Cors;
        if has_credentials && (is_refused || self.profile().refuses_url_credentials) {
            return Err(Failure::RedirectCredentials { plain: !is_refused });
        }
        if request.has_stream && status != 303 {
            return Err(Failure::RedirectStream);
        }
        Ok(())
    }
}
