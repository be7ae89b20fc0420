//! Every field of [`Profile`] in words: what it is about, what the standard and each
//! engine do, and what that means for a server. `docs/browsers.md` is made from it.

use super::{Again, Check, Dropped, Engine, First, Hint, Locations, Profile, STANDARD};

/// One way in which an engine departs from the standard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    /// The profile's field, in kebab case.
    pub name: String,
    /// What it belongs to.
    pub topic: Topic,
    /// What it is about.
    pub about: &'static str,
    /// Where the standard has its rule.
    pub rule: &'static str,
    /// What each engine does, in the order of [`Engine::ALL`].
    pub does: [String; 4],
    /// What it means for a server.
    pub means: &'static str,
}

/// What a deviation belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Topic {
    /// The cache of preflights.
    Cache,
    /// Other networks and insecure URLs.
    Network,
    /// Whether there is a preflight, and what it asks.
    Preflight,
    /// What the answer to a preflight must say.
    PreflightAnswer,
    /// The next hop.
    Redirect,
    /// What a script may read.
    Response,
}

/// For each field: topic, what it is about, the standard's rule, what it means for a
/// server, and the field's value in words. A field that is left out does not compile.
macro_rules! catalogue {
    ($($field:ident: $topic:ident, $about:literal, $rule:literal, $means:literal, $words:expr;)*) => {
        const _: () = {
            let Profile { $($field: _),* } = STANDARD;
        };

        /// Every deviation that the model has, by topic.
        pub fn deviations() -> Vec<Deviation> {
            vec![$(Deviation {
                name: stringify!($field).replace('_', "-"),
                topic: Topic::$topic,
                about: $about,
                rule: $rule,
                does: Engine::ALL.map(|engine| $words(engine.profile().$field)),
                means: $means,
            }),*]
        }
    };
}

catalogue! {
    safelisted_hints: Preflight,
        "Client hints as request headers",
        "Fetch 2.2.2, CORS-safelisted request-header",
        "Chromium may send them without asking first; the other browsers send a preflight that names them, so \
         list them all the same.",
        hints;
    ignored_headers: Preflight,
        "Request headers that a script cannot set, beyond the standard's",
        "Fetch 2.2.2, forbidden request-header",
        "In the other browsers a script's `User-Agent` arrives, after a preflight that names it.",
        names("never set", "none");
    joins_repeated_fields: Preflight,
        "A header that the script appended twice, held against the safelist",
        "Fetch 2.2.2, CORS-unsafe request-header names",
        "The same call may have a preflight in one browser and none in another: answer it either way.",
        either("each value by itself", "both values joined");
    bounds_all_values: Preflight,
        "Safelisted values that together are longer than 1,024 bytes",
        "Fetch 2.2.2, CORS-unsafe request-header names",
        "Long `Accept` values may arrive without a preflight in Firefox; bound heads in the server.",
        either("need no preflight", "need a preflight");
    high_bytes_are_unsafe: Preflight,
        "Bytes from 0x80 on in `Accept` and `Content-Type`",
        "Fetch 2.2.2, CORS-unsafe request-header byte",
        "Firefox asks first for values that are not ASCII, and then names the header.",
        either("need no preflight", "need a preflight");
    commas_divide_types: Preflight,
        "A comma among the parameters of `Content-Type` (`text/plain; a=b, text/plain`)",
        "Fetch 2.2.2, CORS-safelisted request-header",
        "Firefox asks first; a script that sets the header twice has that effect.",
        either("does not matter", "needs a preflight");
    range_unit_ignores_case: Preflight,
        "`Range: Bytes=0-`, its unit not in lower case",
        "Fetch 2.2.2, CORS-safelisted request-header",
        "WebKit sends it without a preflight; nothing to do.",
        either("needs a preflight", "needs no preflight");
    range_numbers_are_bounded: Preflight,
        "`Range` with numbers beyond 2⁶³ − 1",
        "Fetch 2.2.2, CORS-safelisted request-header",
        "No script means it; a server that allows `range` answers the preflight.",
        either("needs no preflight", "needs a preflight");
    sends_streams_as_text: Preflight,
        "A `ReadableStream` as body, where it is allowed at all",
        "Fetch 5.2, BodyInit unions",
        "A body that is the text `[object ReadableStream]` is a script that streams in a Firefox that does not.",
        either("is streamed, after a preflight", "is sent as the text `[object ReadableStream]`");
    refuses_streams: Preflight,
        "A `ReadableStream` as body, before anything is sent",
        "Fetch 5.2, BodyInit unions",
        "The request never reaches the server; only the script can change that.",
        either("is allowed", "fails");
    repeats_request_headers: Preflight,
        "A name that was set twice, in `Access-Control-Request-Headers`",
        "Fetch 2.2.2, CORS-unsafe request-header names",
        "A server that compares the list with one of its own must take `x-a,x-a` for `x-a`.",
        either("stands there once", "stands there twice");
    preflights_with_page_origin: Preflight,
        "`Origin` of a preflight where the request itself carries `null` (after redirects between other origins)",
        "Fetch 4.8, CORS-preflight fetch",
        "In Firefox preflight and request carry different origins; do not redirect from one foreign origin to \
         another, then neither is `null`.",
        either("`null`, as in the request", "the page's origin, and no CORS check if the URL has that origin");
    preflight_checks: PreflightAnswer,
        "The order in which the answer to a preflight is judged",
        "Fetch 4.8, CORS-preflight fetch, steps 7 and 8",
        "Only the first fault is named: `OPTIONS` answered with a bare 404 is a missing \
         `Access-Control-Allow-Origin` in Chromium and Firefox and a bad status in WebKit. Mend both.",
        order;
    preflights_with_redirect_mode: PreflightAnswer,
        "A redirected preflight of a call that does not follow redirects itself",
        "Fetch 4.8, CORS-preflight fetch",
        "The same fault has another name; a preflight must not be redirected either way.",
        either("is a redirect", "is a bad status");
    vets_preflight_redirects: PreflightAnswer,
        "A preflight redirected to what is not HTTP, or to a URL with a user name",
        "Fetch 4.8, CORS-preflight fetch",
        "The same fault has another name; a preflight must not be redirected either way.",
        either("is a redirect", "is a network error");
    wildcard_covers_authorization: PreflightAnswer,
        "`Authorization` under `Access-Control-Allow-Headers: *`",
        "Fetch 4.8, CORS-preflight fetch, step 7.6",
        "List `authorization` by its name: Chromium and Firefox warn that `*` will not do for ever.",
        either("must be listed by name", "is covered by `*`");
    preflights_again: Redirect,
        "The hop after one that had a preflight, though nothing needs one any more",
        "Fetch 4.1, main fetch",
        "After a 303 the target may get `OPTIONS` for a `GET`: let it answer preflights for every method.",
        again;
    authorization: Redirect,
        "`Authorization` on the way to another origin",
        "Fetch 4.5, HTTP-redirect fetch, step 13",
        "Do not count on a token that survives a redirect to another origin; the preflight there may still ask.",
        dropped;
    redirects_need_credentials: Redirect,
        "What a redirect back from another origin needs with credentials mode `same-origin`",
        "Fetch 4.10, CORS check",
        "A foreign hop's redirect with `*` fails in WebKit: name the origin and allow credentials, or do not \
         redirect.",
        either("as every response", "no `*`, and `Access-Control-Allow-Credentials: true`");
    ignores_empty_location: Redirect,
        "`Location` without a value",
        "Fetch 2.2.6, location URL",
        "Send no empty `Location`: it is a redirect to the same URL, until there were too many.",
        either("leads to the same URL", "is no redirect: the script gets the 3xx");
    locations: Redirect,
        "Several `Location` lines",
        "Fetch 2.2.6, location URL",
        "Send one. A proxy that adds a second makes a redirect that only some browsers follow.",
        locations;
    mode_error_needs_location: Redirect,
        "A 3xx without `Location` in redirect mode `error`",
        "Fetch 4.4, HTTP fetch",
        "Send a redirect only with a `Location`.",
        either("is an error", "is given to the script");
    reads_location_first: Redirect,
        "`Location` that is no URL, and the 21st redirect",
        "Fetch 4.5, HTTP-redirect fetch",
        "Where `Location` is broken Chromium and Firefox do not say that CORS is too: mend `Location` first.",
        first;
    schemes_refused_first: Redirect,
        "`Location` with a scheme that a page cannot ask",
        "Fetch 4.5, HTTP-redirect fetch",
        "Redirect to `http:` and `https:` only.",
        names("errors before the CORS check, others after it", "an error after the CORS check");
    taints_without_cors: Redirect,
        "`Origin` in mode `no-cors`, after a redirect from the page's own origin to another",
        "Fetch 2.2.5, redirect-taint",
        "A form-like `POST` that was redirected may arrive with `null`.",
        either("the page's origin", "`null`");
    tells_credentials_in_mode_error: Redirect,
        "A redirect to a URL with a user name, in redirect mode `error`",
        "Fetch 4.4, HTTP fetch",
        "Leave them out of `Location`.",
        either("is called a redirect", "is called one to such a URL");
    refuses_url_credentials: Redirect,
        "`Location` with a user name or password, on the page's own origin",
        "Fetch 4.5, HTTP-redirect fetch, steps 9 and 10",
        "Leave them out of `Location`.",
        either("is followed", "is an error");
    redirects_turn_delete_to_get: Redirect,
        "301 and 302 in answer to `DELETE`",
        "Fetch 4.5, HTTP-redirect fetch, step 12",
        "Answer with 307 or 308 if the method must stay, with 303 if it must not.",
        either("the method stays", "becomes `GET`");
    keeps_origin_after_post: Redirect,
        "`Origin` of the same-origin `GET` that a redirect made of a `POST`",
        "Fetch 3.2, append a request `Origin` header",
        "An `Origin` does not mean that a `GET` is of another origin.",
        either("is not sent", "is sent");
    trims_names: Response,
        "`Access-Control-Allow-Origin : *`, with a space before the colon",
        "RFC 9112, 5.1 field line parsing",
        "It works in Chromium only, and proxies must refuse it: write none.",
        either("is another header", "counts");
    exposes_all_beside_bad_names: Response,
        "`*` in `Access-Control-Expose-Headers` beside an element that is no header name",
        "Fetch 4.1, main fetch",
        "One bad element hides all headers except in Firefox: list names only.",
        either("exposes nothing", "exposes everything");
    data_urls_have_length: Response,
        "Response headers of a `data:` URL",
        "Fetch 4.3, scheme fetch",
        "No server takes part.",
        either("`Content-Type`", "`Content-Type` and `Content-Length`");
    loopback_is_mixed_content: Network,
        "`http://localhost` or a loopback address, asked by a page from `https:`",
        "Mixed Content, should fetching request be blocked; Secure Contexts, potentially trustworthy origin",
        "For development serve both over `http:` or both over `https:`; WebKit refuses a mixture.",
        either("is allowed", "is mixed content");
    guards_local_network: Network,
        "A public page that asks this machine or the local network",
        "Local Network Access, Local Network Access check",
        "The user decides; no response header does. `Access-Control-Allow-Private-Network` has no effect any more.",
        either("is not restricted", "needs the user's permission");
    guards_local_network_from_insecure_pages: Network,
        "The same, if the page is not a secure context",
        "Local Network Access, Local Network Access check",
        "Serve the page over `https:`, then the user can be asked.",
        either("is not restricted", "is refused");
    takes_target_address_space: Network,
        "`targetAddressSpace` of a call",
        "Local Network Access, targetAddressSpace",
        "A page over `https:` may ask an `http:` server of the local network that way, in Chromium only.",
        either("is not known", "must be right, and lifts the ban on mixed content");
    max_age: Cache,
        "Longest time that a preflight is remembered",
        "Fetch 4.8, CORS-preflight fetch, step 7.10",
        "Beyond these caps `Access-Control-Max-Age` has no effect; a change of policy reaches everybody after them.",
        seconds;
    defaults_bad_ages: Cache,
        "`Access-Control-Max-Age` that is no number (`60s`, `60, 60`, two lines)",
        "Fetch 4.8, CORS-preflight fetch, step 7.9",
        "Write whole seconds, once; otherwise Firefox asks before every request.",
        either("is not cached", "counts as 5 s");
    caches_wildcards: Cache,
        "An answer with `*` in `Access-Control-Allow-Methods` or `-Headers`",
        "Fetch 4.8, CORS-preflight fetch, steps 7.12 to 7.15",
        "With `*` Firefox sends a preflight every time: list methods and headers where speed matters.",
        either("is not cached", "is cached");
    reuses_credentialed_entries: Cache,
        "A preflight for a request with credentials speaks for one without",
        "Fetch 4.9, CORS-preflight cache",
        "Firefox sends a second preflight; nothing to do.",
        either("no", "yes");
    clears_cache_on_failure: Cache,
        "What was remembered, once the response itself fails the CORS check",
        "Fetch 4.1, main fetch",
        "After you mend a policy, Chromium and WebKit may still use an old answer until it expires.",
        either("stays", "is cleared");
}

fn either(no: &'static str, yes: &'static str) -> impl Fn(bool) -> String {
    move |value| if value { yes } else { no }.to_owned()
}

fn names(some: &'static str, none: &'static str) -> impl Fn(&[&str]) -> String {
    move |names| match names {
        [] => none.to_owned(),
        names => format!("`{}`: {some}", names.join("`, `")),
    }
}

fn hints(hints: &[(&str, Hint)]) -> String {
    let word = |(name, hint): &(&str, Hint)| {
        let value = match hint {
            Hint::ConnectionType => "`slow-2g`, `2g`, `3g` or `4g`",
            Hint::Decimal => "a number",
            Hint::Integer => "a whole number",
            Hint::On => "`on`",
        };
        format!("`{name}`: {value}")
    };
    match hints {
        [] => "need a preflight".to_owned(),
        hints => format!("need no preflight ({})", hints.iter().map(word).collect::<Vec<_>>().join("; ")),
    }
}

fn first(value: First) -> String {
    match value {
        First::Always => "errors before the CORS check, in every redirect mode",
        First::Never => "errors after the CORS check, if the redirect is followed",
        First::ToFollow => "errors before the CORS check, if the redirect is followed",
    }
    .to_owned()
}

fn order(checks: &[Check]) -> String {
    let word = |check: &Check| match check {
        Check::Cors => "CORS check",
        Check::Headers => "headers allowed",
        Check::HeadersSyntax => "headers' syntax",
        Check::Method => "method allowed",
        Check::MethodsSyntax => "methods' syntax",
        Check::Redirect => "redirect",
        Check::Status => "status",
    };
    checks.iter().map(word).collect::<Vec<_>>().join(", ")
}

fn again(value: Again) -> String {
    match value {
        Again::No => "no preflight",
        Again::Yes => "a preflight, naming the first one's headers but for those that this redirect dropped",
        Again::YesWithOldNames => "a preflight, naming the first one's headers",
    }
    .to_owned()
}

fn dropped(value: Dropped) -> String {
    match value {
        Dropped::AfterDeciding => "is dropped after it caused a preflight, which does not name it",
        Dropped::BeforeDeciding => "is dropped before the preflight is decided on",
        Dropped::Never => "stays in what the preflight asks for",
    }
    .to_owned()
}

fn locations(value: Locations) -> String {
    match value {
        Locations::Error => "an error",
        Locations::First => "the first counts",
        Locations::Same => "an error, unless they are the same",
    }
    .to_owned()
}

fn seconds(value: u64) -> String {
    match value {
        u64::MAX => "left to the browser".to_owned(),
        86_400.. => format!("{} h", value / 3_600),
        3_600.. => format!("{} h ({value} s)", value / 3_600),
        _ => format!("{} min ({value} s)", value / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An item in which every engine follows the standard is none.
    #[test]
    fn every_item_is_a_deviation_of_some_engine() {
        for deviation in deviations() {
            let [standard, engines @ ..] = &deviation.does;
            assert!(engines.iter().any(|engine| engine != standard), "{}", deviation.name);
            assert!(!deviation.means.is_empty() && !deviation.rule.is_empty());
        }
    }
}
