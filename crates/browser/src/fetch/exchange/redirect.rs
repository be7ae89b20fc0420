//! "HTTP-redirect fetch" (Fetch, section 4.5).

use url::Url;

use super::{Exchange, Redirect, Tainting, is_about_body, is_authorization, origin_of};
use crate::engine::{Dropped, Locations};
use crate::failure::Failure;
use crate::fetch::preflight_cache::PreflightCache;
use crate::header::text;
use crate::request::{Mode, RedirectMode};
use crate::response::Response;
use crate::trace::Place;

/// "If request's redirect count is 20, then return a network error."
const MAX_REDIRECTS: usize = 20;

impl Exchange<'_> {
    /// "HTTP-redirect fetch."
    pub(super) fn redirect(&mut self, response: &Response, cache: &mut PreflightCache) {
        let located = self.location(response);
        let mut location = match located {
            Ok(Some(location)) => location,
            Ok(None) => return self.finish(response),
            Err(failure) => return self.fail_redirect(failure),
        };
        if let Err(failure) = self.may_redirect(&location, response.status) {
            self.refused_location = Some(location);
            return self.fail_redirect(failure);
        }
        let profile = self.profile();
        let Some(request) = &mut self.request else { return };
        // A fragment stays until a `Location` has one of its own.
        if location.fragment().is_none() {
            location.set_fragment(request.url.fragment());
        }
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
            request.headers.remove(is_about_body);
        }
        let (from, to) = (origin_of(&request.url), origin_of(&location));
        let is_crossing = from != to;
        if is_crossing && profile.authorization == Dropped::BeforeDeciding {
            request.headers.remove(is_authorization);
        }
        // The "redirect-taint", section 2.2.5.
        let is_without_cors = request.mode == Mode::NoCors && profile.taints_without_cors;
        if is_crossing && (from != self.page.origin || is_without_cors) {
            self.is_tainted = true;
        }
        self.trace.passed(Place::REDIRECT, location.to_string());
        self.last_url = Some(std::mem::replace(&mut request.url, location));
        self.hop += 1;
        self.main_fetch(cache, Redirect { is_crossing, turns_to_get });
    }

    /// What an engine's network library refuses before anybody looks at CORS.
    pub(super) fn refused_early(&self, response: &Response) -> Option<Failure> {
        let profile = self.profile();
        let follows = self.request.as_ref().is_some_and(|request| request.redirect == RedirectMode::Follow);
        let located = self.location(response);
        let location = match located {
            // A head with different `Location` fields cannot be read at all.
            Err(failure @ Failure::Location { several: true }) if profile.locations == Locations::Same => {
                return Some(failure);
            }
            _ if !response.is_redirect() => return None,
            Err(failure) if profile.reads_location_first.applies(follows) => return Some(failure),
            Ok(Some(location)) if profile.reads_location_first.applies(follows) => location,
            _ => return None,
        };
        if self.hop >= MAX_REDIRECTS {
            return Some(Failure::TooManyRedirects);
        }
        let is_refused = profile.schemes_refused_first.contains(&location.scheme());
        is_refused.then(|| Failure::RedirectScheme(location.scheme().to_owned()))
    }

    /// Whether redirect mode `error` lets a status of a redirect pass, since it leads nowhere.
    pub(super) fn has_nothing_to_refuse(&self, response: &Response) -> bool {
        self.profile().mode_error_needs_location && matches!(self.location(response), Ok(None))
    }

    /// What an engine says of a redirect instead of that redirect mode `error` allows none.
    pub(super) fn refused_in_mode_error(&self, response: &Response) -> Option<Failure> {
        let Ok(Some(location)) = self.location(response) else { return None };
        let failure = self.may_redirect(&location, response.status).err()?;
        let is_told = self.profile().tells_credentials_in_mode_error;
        (is_told && failure == Failure::RedirectCredentials { plain: false }).then_some(failure)
    }

    /// Whether a redirect leads to an HTTP(S) URL without a user name.
    pub(super) fn leads_to_http(&self, response: &Response) -> bool {
        let Ok(Some(location)) = self.location(response) else { return true };
        matches!(location.scheme(), "http" | "https") && !has_credentials(&location)
    }

    pub(super) fn fail_redirect(&mut self, failure: Failure) {
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
        let is_cross_origin = origin_of(location) != self.page.origin;
        let is_refused = request.mode == Mode::Cors && is_cross_origin || self.tainting == Tainting::Cors;
        if has_credentials(location) && (is_refused || self.profile().refuses_url_credentials) {
            return Err(Failure::RedirectCredentials { plain: !is_refused });
        }
        if request.has_stream && status != 303 {
            return Err(Failure::RedirectStream);
        }
        Ok(())
    }
}

fn has_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}
