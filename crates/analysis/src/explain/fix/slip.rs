//! How a value that should be the page's origin differs from it by a slip of the pen.

use url::Url;

/// What is wrong with `value` if it means `origin`; nothing if it is just another origin.
pub(super) fn slip(value: &str, origin: &str) -> Option<&'static str> {
    if value.is_empty() {
        return Some("the value is empty");
    }
    let bare = value.trim_matches(['"', '\'']);
    if bare == origin {
        return Some("the value stands in quotes");
    }
    if value.eq_ignore_ascii_case(origin) {
        return Some("browsers send it in lower case");
    }
    if value.strip_suffix('/') == Some(origin) {
        return Some("an origin has no trailing slash");
    }
    if value.strip_prefix(origin).is_some_and(|rest| rest.starts_with('/')) {
        return Some("an origin has no path");
    }
    let (theirs, own) = (Url::parse(value).ok(), Url::parse(origin).ok()?);
    let Some(theirs) = theirs.filter(Url::has_host) else {
        let is_bare = own.host_str().is_some_and(|host| {
            value.split(['/', ':']).next().is_some_and(|own| own.eq_ignore_ascii_case(host))
        });
        return is_bare.then_some("an origin begins with its scheme, `https://`");
    };
    if theirs.origin() == own.origin() {
        return Some("browsers leave out the default port");
    }
    if theirs.host() != own.host() {
        return None;
    }
    if theirs.scheme() != own.scheme() {
        return Some("the scheme differs");
    }
    Some("the port differs")
}

#[cfg(test)]
mod tests {
    use super::slip;

    #[test]
    fn slips_are_named_and_other_origins_are_not() {
        let origin = "https://app.example.com";
        for (value, expected) in [
            ("https://app.example.com/", Some("an origin has no trailing slash")),
            ("https://app.example.com/a", Some("an origin has no path")),
            ("https://App.example.com", Some("browsers send it in lower case")),
            ("https://app.example.com:443", Some("browsers leave out the default port")),
            ("http://app.example.com", Some("the scheme differs")),
            ("https://app.example.com:8443", Some("the port differs")),
            ("app.example.com", Some("an origin begins with its scheme, `https://`")),
            ("app.example.com:443", Some("an origin begins with its scheme, `https://`")),
            ("\"https://app.example.com\"", Some("the value stands in quotes")),
            ("", Some("the value is empty")),
            ("https://app.example.com.evil.test", None),
            ("https://www.app.example.com", None),
            ("app.example.com.evil.test", None),
            ("*.example.com", None),
            ("null", None),
        ] {
            assert_eq!(slip(value, origin), expected, "{value}");
        }
    }
}
