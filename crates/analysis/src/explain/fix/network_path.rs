//! Pages over plain `http:` that get credentials: anybody on the way may change their scripts.

use corsac_origin::{OriginRef, Scheme, is_loopback};

use super::Fix;

/// What is said beside a change that lets such a page use credentials.
pub(in crate::explain) const WARNING: &str =
    "; serve the page over `https:` first: whoever is on the network path can use the user's credentials";

/// Whether scripts of `origin` can be changed on their way.
pub(in crate::explain) fn is_insecure(origin: &str) -> bool {
    let parsed = OriginRef::parse(origin.as_bytes()).ok();
    let tuple = parsed.as_ref().and_then(OriginRef::tuple);
    tuple.is_some_and(|tuple| matches!(tuple.scheme(), Scheme::Http) && !is_loopback(tuple))
}

/// Warns where the change names such an origin, or lets one use credentials.
pub(super) fn warn(fix: &mut Fix, origin: &str) {
    let grants =
        |name: &str| matches!(name, "Access-Control-Allow-Origin" | "Access-Control-Allow-Credentials");
    if is_insecure(origin) && fix.fields.iter().any(|(name, _)| grants(name)) {
        fix.text.push_str(WARNING);
    }
}
