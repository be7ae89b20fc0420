//! The order in which Caddy runs directives, whatever the order in which they are written.

use std::cmp::Ordering;

use super::run::Routed;

/// Most directives of a block that are sorted by their matchers, too.
const MAX_SORTED: usize = 512;

/// The standard order.
const ORDER: [&str; 44] = [
    "tracing",
    "map",
    "vars",
    "fs",
    "root",
    "log_append",
    "skip_log",
    "log_skip",
    "log_name",
    "header",
    "copy_response_headers",
    "request_body",
    "redir",
    "method",
    "rewrite",
    "uri",
    "try_files",
    "basicauth",
    "basic_auth",
    "forward_auth",
    "request_header",
    "encode",
    "push",
    "intercept",
    "templates",
    "invoke",
    "handle",
    "handle_path",
    "route",
    "abort",
    "error",
    "copy_response",
    "respond",
    "metrics",
    "reverse_proxy",
    "php_fastcgi",
    "file_server",
    "acme_server",
    "bind",
    "tls",
    "log",
    "handle_errors",
    "import",
    "header_up",
];

/// Where a directive stands in the order; nothing if it is not known.
pub(super) fn position(name: &str) -> Option<usize> {
    ORDER.iter().position(|known| *known == name)
}

/// Sorts directives as Caddy does: by the order, then those with longer paths first, then those
/// with a matcher before those without.
pub(super) fn in_order(routes: &mut [Routed<'_>]) {
    let place = |route: &Routed<'_>| position(route.node.name()).unwrap_or(ORDER.len());
    routes.sort_by_key(place);
    if routes.len() > MAX_SORTED {
        return;
    }
    // An insertion, as the comparison does not order everything.
    for from in 1..routes.len() {
        let mut at = from;
        while let Some([before, here]) = at.checked_sub(1).and_then(|first| routes.get(first..=at)) {
            if place(before) != place(here) || specific(here, before) != Ordering::Less {
                break;
            }
            routes.swap(at - 1, at);
            at -= 1;
        }
    }
}

/// Whether one directive goes before another of the same name.
fn specific(one: &Routed<'_>, other: &Routed<'_>) -> Ordering {
    let path = |route: &Routed<'_>| {
        route.matched.as_ref().and_then(|matched| matched.path.clone()).unwrap_or_default()
    };
    let (mine, theirs) = (path(one), path(other));
    let before = if !mine.is_empty() && !theirs.is_empty() {
        if mine.trim_end_matches('*') == theirs.trim_end_matches('*') {
            mine.len() < theirs.len()
        } else {
            mine.len() > theirs.len()
        }
    } else {
        one.matched.is_some() && other.matched.is_none()
    };
    let before = if one.node.name() == "vars" { !before } else { before };
    if before { Ordering::Less } else { Ordering::Greater }
}
