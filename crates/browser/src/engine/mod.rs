//! Engines: the standard, and what each browser does differently. Every deviation is one
//! field of [`Profile`]; where it is set, its origin is told, and `catalogue.rs` has it in
//! words.

mod catalogue;
mod chromium;
mod firefox;
mod webkit;

use crate::console::Context;
use crate::failure::Failure;

pub use catalogue::{Deviation, Topic, deviations};

/// Whose behaviour is modelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// The Fetch Standard, to the letter.
    Standard,
    /// Chromium 156.
    Chromium,
    /// Firefox ESR 153.
    Firefox,
    /// WebKit, as in `WebKitGTK` 2.50.
    WebKit,
}

impl Engine {
    /// All engines.
    pub const ALL: [Self; 4] = [Self::Standard, Self::Chromium, Self::Firefox, Self::WebKit];

    /// Its name in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::WebKit => "webkit",
        }
    }

    /// What it does differently.
    pub(crate) fn profile(self) -> &'static Profile {
        match self {
            Self::Standard => &STANDARD,
            Self::Chromium => &chromium::PROFILE,
            Self::Firefox => &firefox::PROFILE,
            Self::WebKit => &webkit::PROFILE,
        }
    }

    /// Its own name for `failure`, if it has one.
    pub(crate) fn code(self, failure: &Failure, context: &Context<'_>) -> Option<&'static str> {
        match self {
            Self::Standard => Some(failure.rule()),
            Self::Chromium => chromium::code(failure, context),
            Self::Firefox => firefox::code(failure, context),
            Self::WebKit => webkit::code(failure),
        }
    }

    /// What its console prints.
    pub(crate) fn console(self, failure: &Failure, context: &Context<'_>) -> Option<String> {
        match self {
            Self::Standard => None,
            Self::Chromium => chromium::console(failure, context),
            Self::Firefox => firefox::console(failure, context),
            Self::WebKit => Some(webkit::console(failure, context)),
        }
    }
}

/// One check of a preflight's response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// The CORS check.
    Cors,
    /// All request headers are allowed.
    Headers,
    /// `Access-Control-Allow-Headers` is a list of tokens.
    HeadersSyntax,
    /// The method is allowed.
    Method,
    /// `Access-Control-Allow-Methods` is a list of tokens.
    MethodsSyntax,
    /// It is not a redirect.
    Redirect,
    /// Its status is successful.
    Status,
}

/// Whether a hop after one that had a preflight has one, though nothing needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// Only if something needs it.
    No,
    /// Yes, also after a hop that had none; it names the headers of the first but for those
    /// that the last redirect dropped, so that one dropped earlier is named again.
    Yes,
    /// Yes, naming the headers of the first.
    YesWithOldNames,
}

/// What becomes of several `Location` lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Locations {
    /// An error.
    Error,
    /// The first counts.
    First,
    /// Fine if they are the same.
    Same,
}

/// When a redirect is looked at before the CORS check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum First {
    /// Always.
    Always,
    /// Never.
    Never,
    /// If it would be followed.
    ToFollow,
}

impl First {
    /// Whether it is, for a request that follows redirects or does not.
    pub(crate) fn applies(self, follows: bool) -> bool {
        self == Self::Always || self == Self::ToFollow && follows
    }
}

/// What a client hint may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hint {
    /// One of the four effective connection types.
    ConnectionType,
    /// Digits, and perhaps a fraction.
    Decimal,
    /// Digits.
    Integer,
    /// `on` in any case.
    On,
}

/// When `Authorization` is dropped on the way to another origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dropped {
    /// Before it is decided whether there is a preflight.
    BeforeDeciding,
    /// After that, so that there is one, which does not name it.
    AfterDeciding,
    /// Never, as far as preflights can tell.
    Never,
}

/// What an engine does. The standard's own value is that of [`STANDARD`].
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one deviation, yes or no, with its name")]
pub(crate) struct Profile {
    /// `Access-Control-Allow-Headers: *` covers `Authorization`.
    pub(crate) wildcard_covers_authorization: bool,
    /// Request headers that need no preflight with such a value, beyond the standard's.
    pub(crate) safelisted_hints: &'static [(&'static str, Hint)],
    /// Request headers that are silently not set, beyond the standard's.
    pub(crate) ignored_headers: &'static [&'static str],
    /// Fields of one name are joined before they are held against the safelist.
    pub(crate) joins_repeated_fields: bool,
    /// The safelisted values together may be 1,024 bytes long.
    pub(crate) bounds_all_values: bool,
    /// Bytes from 0x80 on are CORS-unsafe.
    pub(crate) high_bytes_are_unsafe: bool,
    /// A comma in `Content-Type` begins another type, even among parameters, so that the value
    /// is CORS-unsafe.
    pub(crate) commas_divide_types: bool,
    /// `Access-Control-Request-Headers` repeats a name that was set twice.
    pub(crate) repeats_request_headers: bool,
    /// `Range: Bytes=0-` is as good as `bytes=0-`.
    pub(crate) range_unit_ignores_case: bool,
    /// Numbers in `Range` beyond 2^63 are CORS-unsafe.
    pub(crate) range_numbers_are_bounded: bool,
    /// A stream as body is sent as the text `[object ReadableStream]`.
    pub(crate) sends_streams_as_text: bool,
    /// A stream as body is an error of the constructor.
    pub(crate) refuses_streams: bool,
    /// The order in which a preflight's response is judged.
    pub(crate) preflight_checks: &'static [Check],
    /// A preflight carries the page's origin also where the request carries `null`, and
    /// its answer is not checked on the page's own origin.
    pub(crate) preflights_with_page_origin: bool,
    /// A redirected preflight is one that failed, not one that was redirected, if the request
    /// itself would not follow.
    pub(crate) preflights_with_redirect_mode: bool,
    /// A redirected preflight is a network error if it leads to what is not HTTP, or to a URL
    /// with a user name.
    pub(crate) vets_preflight_redirects: bool,
    /// See [`Again`].
    pub(crate) preflights_again: Again,
    /// See [`Dropped`].
    pub(crate) authorization: Dropped,
    /// A redirect response that went to another origin needs what `include` would need,
    /// also with credentials mode `same-origin`.
    pub(crate) redirects_need_credentials: bool,
    /// `Location` without a value is no `Location`.
    pub(crate) ignores_empty_location: bool,
    /// Redirect mode `error` refuses a status of a redirect only if there is a `Location`.
    pub(crate) mode_error_needs_location: bool,
    /// See [`Locations`].
    pub(crate) locations: Locations,
    /// Whether a `Location` that is no URL, and the 21st redirect, are errors before the CORS
    /// check; a preflight's too.
    pub(crate) reads_location_first: First,
    /// Schemes of a `Location` that are errors before the CORS check; a preflight's too.
    pub(crate) schemes_refused_first: &'static [&'static str],
    /// Without CORS the origin is `null` after every redirect to another origin, also from the
    /// page's own.
    pub(crate) taints_without_cors: bool,
    /// A redirect to a URL with a user name is an error on the same origin too.
    pub(crate) refuses_url_credentials: bool,
    /// ... and a redirect to another origin's is called so in redirect mode `error` too.
    pub(crate) tells_credentials_in_mode_error: bool,
    /// `http://localhost` and loopback addresses are mixed content on a secure page.
    pub(crate) loopback_is_mixed_content: bool,
    /// 301 and 302 turn `DELETE` into `GET`, as they do `POST`.
    pub(crate) redirects_turn_delete_to_get: bool,
    /// `*` in `Access-Control-Expose-Headers` counts beside elements that are no tokens.
    pub(crate) exposes_all_beside_bad_names: bool,
    /// Space between a field's name and its colon does not matter.
    pub(crate) trims_names: bool,
    /// The `GET` that a redirect made of a `POST` carries `Origin` like the `POST`.
    pub(crate) keeps_origin_after_post: bool,
    /// What a `data:` URL gives has a `Content-Length`.
    pub(crate) data_urls_have_length: bool,
    /// Local Network Access is enforced.
    pub(crate) guards_local_network: bool,
    /// ... also by refusing pages that are not secure contexts.
    pub(crate) guards_local_network_from_insecure_pages: bool,
    /// `targetAddressSpace` is understood: it must be right, and an insecure URL may have it.
    pub(crate) takes_target_address_space: bool,
    /// Seconds that a preflight's grant is kept at most.
    pub(crate) max_age: u64,
    /// An `Access-Control-Max-Age` that is no number counts as none.
    pub(crate) defaults_bad_ages: bool,
    /// Grants with `*` are cached.
    pub(crate) caches_wildcards: bool,
    /// A grant for requests with credentials speaks for those without.
    pub(crate) reuses_credentialed_entries: bool,
    /// Cache entries are cleared when the actual response fails the CORS check.
    pub(crate) clears_cache_on_failure: bool,
}

/// The standard, with today's names for what it leaves to implementations.
const STANDARD: Profile = Profile {
    wildcard_covers_authorization: false,
    safelisted_hints: &[],
    ignored_headers: &[],
    joins_repeated_fields: false,
    bounds_all_values: true,
    high_bytes_are_unsafe: false,
    commas_divide_types: false,
    repeats_request_headers: false,
    range_unit_ignores_case: false,
    range_numbers_are_bounded: false,
    sends_streams_as_text: false,
    refuses_streams: false,
    preflight_checks: &[
        Check::Cors,
        Check::Status,
        Check::MethodsSyntax,
        Check::HeadersSyntax,
        Check::Method,
        Check::Headers,
    ],
    preflights_with_page_origin: false,
    preflights_with_redirect_mode: false,
    vets_preflight_redirects: false,
    preflights_again: Again::No,
    authorization: Dropped::BeforeDeciding,
    redirects_need_credentials: false,
    ignores_empty_location: false,
    mode_error_needs_location: false,
    locations: Locations::Error,
    reads_location_first: First::Never,
    schemes_refused_first: &[],
    taints_without_cors: false,
    refuses_url_credentials: false,
    tells_credentials_in_mode_error: false,
    loopback_is_mixed_content: false,
    redirects_turn_delete_to_get: false,
    exposes_all_beside_bad_names: false,
    trims_names: false,
    keeps_origin_after_post: false,
    data_urls_have_length: false,
    guards_local_network: true,
    guards_local_network_from_insecure_pages: true,
    takes_target_address_space: true,
    max_age: u64::MAX,
    defaults_bad_ages: true,
    caches_wildcards: true,
    reuses_credentialed_entries: true,
    clears_cache_on_failure: true,
};
