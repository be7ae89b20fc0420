//! Changes that no CORS field makes.

use corsac_browser::{Failure, Mode, RedirectMode};

use super::{Case, Fix, OWN_ORIGIN, Place};

const UNANSWERED: &str = "see whether the server is up: name, port, certificate";

pub(super) fn elsewhere(case: &Case<'_>, failure: &Failure) -> Fix {
    page_or_server(case, failure).unwrap_or_else(|| redirect_or_script(case, failure))
}

fn page_or_server(case: &Case<'_>, failure: &Failure) -> Option<Fix> {
    let server = |text: String| Fix::new(Place::Server, text);
    Some(match failure {
        Failure::CrossOriginResourcePolicy(_) => {
            Fix::new(Place::Response, "allow other origins to load it without reading")
                .with(vec![("Cross-Origin-Resource-Policy", "cross-origin".to_owned())])
        }
        // Permissions are an origin's.
        Failure::LocalNetwork(_) if case.exchange.page.origin == "null" => Fix::new(Place::Page, OWN_ORIGIN),
        Failure::LocalNetwork(_) => Fix {
            is_permission: true,
            ..Fix::new(
                Place::Page,
                "let the user allow the page to reach the local network (site settings, or the prompt); no \
                 response header can",
            )
        },
        Failure::OtherAddressSpace { target, .. } => {
            Fix::new(Place::Script, format!("call with `targetAddressSpace: \"{}\"`", target.name()))
                .with_call(case.request(), |call| call.target_address_space = Some(*target))
        }
        Failure::InsecureLocalNetwork(_) => Fix::new(
            Place::Page,
            "serve the page over `https:`; then the user can allow it to reach the local network",
        ),
        Failure::BadPort { port, .. } => {
            server(format!("listen on a port that browsers connect to, not on {port}"))
        }
        Failure::Network { .. } => Fix::unanswered(UNANSWERED),
        _ => return None,
    })
}

fn redirect_or_script(case: &Case<'_>, failure: &Failure) -> Fix {
    let redirect = |text: &str| Fix::new(Place::Redirect, text);
    let script = |text: &str| Fix::new(Place::Script, text);
    let request = case.request();
    match failure {
        Failure::MixedContent => script("ask `https:`").with_call(request, |call| {
            if let Some(rest) = call.url.strip_prefix("http:") {
                call.url = format!("https:{rest}");
            }
        }),
        Failure::Location { .. } | Failure::RedirectScheme(_) => {
            redirect("send one `Location`, an `http:` or `https:` URL")
        }
        Failure::RedirectCredentials { .. } => redirect("leave user name and password out of `Location`"),
        Failure::TooManyRedirects => redirect("break the circle of redirects"),
        Failure::RedirectMode => {
            script("ask the URL that the server redirects to, or use redirect mode `follow`")
                .with_call(request, |call| call.redirect = RedirectMode::Follow)
        }
        Failure::RedirectStream => {
            script("ask the URL that the server redirects to, or send a body that is no stream")
        }
        Failure::NoCorsRedirectMode => script("use redirect mode `follow`, or mode `cors`")
            .with_call(request, |call| call.redirect = RedirectMode::Follow),
        Failure::SameOriginMode { .. } => {
            script("use mode `cors`").with_call(request, |call| call.mode = Mode::Cors)
        }
        Failure::Scheme(_) => script("ask an `http:` or `https:` URL"),
        Failure::StreamBody => script("send a body that is no stream"),
        _ => Fix::unanswered(UNANSWERED),
    }
}
