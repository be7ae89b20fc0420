//! Cookies, which browsers send along whoever asks.

use corsac_diagnostics::{Confidence, Diagnostic, FieldPath, Fix, Safety, Severity, excerpt};
use corsac_middleware::csrf::CsrfMode;

use super::super::rules::{COOKIE_WITHOUT_CSRF, COOKIES_WITHOUT_SAMESITE};
use super::subject::{Authentication, Method, Served, Subject};

/// Cookies count, and forged requests with them are not refused. A route whose callers a
/// cookie authenticates here is guarded unless it says otherwise.
pub(super) fn cookie_without_csrf(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    for route in &subject.routes {
        let (place, label, confidence) = match (subject.takes_cookie(route), route.guards.csrf_mode()) {
            (true, Some(CsrfMode::Off)) => {
                (route.place.key("csrf"), "nothing is looked at", Confidence::High)
            }
            (true, Some(CsrfMode::Report)) => {
                (route.place.key("csrf"), "nothing is refused", Confidence::High)
            }
            (false, Some(CsrfMode::Report)) if route.lets_cookies_through() => {
                (route.place.key("csrf"), "nothing is refused", Confidence::Medium)
            }
            (false, None) if route.lets_cookies_through() => {
                (route.place.clone(), "it does not say `csrf`", Confidence::Medium)
            }
            _ => continue,
        };
        let finding = forged(route, &place, label).confidence(confidence);
        // Nobody has said anything: the service behind may look after it.
        let is_guess = route.guards.csrf_mode().is_none();
        out.push(if is_guess { finding.severity(Severity::Note) } else { finding });
    }
}

fn forged(route: &Served<'_>, place: &FieldPath, label: &str) -> Diagnostic {
    let message =
        format!("forged requests for `{}` are served with the user's cookies", excerpt(&route.route.path));
    let mut finding = Diagnostic::new(&COOKIE_WITHOUT_CSRF, message).at_field(place, label);
    match route.authentication {
        Authentication::Here(_) => {
            finding = finding.and_at_field(&route.place.key("authn"), "takes a cookie");
        }
        _ => {
            if let Some((name, _)) = route.policy {
                let credentials = FieldPath::root().key("cors").key(name).key("credentials");
                finding = finding.and_at_field(&credentials, "cookies are sent along");
            }
        }
    }
    if *place != route.place {
        finding = finding.fix(Fix::string(Safety::Unsafe, place.clone(), "enforce"));
    }
    finding
        .note("a hidden form on `https://attacker.example` posts, and the browser adds the cookie; CORS does not stop it")
        .help(match route.authentication {
            Authentication::Here(_) => "write csrf = \"enforce\"; who may write across origins is who `cors` allows with credentials",
            _ => "write csrf = \"enforce\"; or csrf = \"off\" where the service behind looks after it",
        })
}

/// A cookie authenticates, and no route adds `SameSite` to what services set.
pub(super) fn cookies_without_samesite(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    if subject.routes.iter().any(|route| route.guards.sets_same_site()) {
        return;
    }
    let taken = |method: &&Method<'_>| {
        subject.routes.iter().any(|route| subject.methods_of(route).any(|other| other.name == method.name))
    };
    for method in subject.methods.iter().filter(taken) {
        if let Some(cookie) = &method.places.cookie {
            out.push(travels(&method.place.key("cookie"), &format!("`{}` authenticates", excerpt(cookie))));
        }
    }
    let unsaid =
        |route: &&Served<'_>| route.authentication == Authentication::Unsaid && route.lets_cookies_through();
    let mut named: Vec<&str> = Vec::new();
    for (name, _) in subject.routes.iter().filter(unsaid).filter_map(|route| route.policy) {
        if !named.contains(&name) {
            named.push(name);
            let place = FieldPath::root().key("cors").key(name).key("credentials");
            out.push(travels(&place, "cookies count").severity(Severity::Note));
        }
    }
}

fn travels(place: &FieldPath, label: &str) -> Diagnostic {
    Diagnostic::new(&COOKIES_WITHOUT_SAMESITE, "cookies authenticate, and no route sees to it that they have `SameSite`")
        .confidence(Confidence::Low)
        .at_field(place, label)
        .note("without `SameSite`, Firefox and Safari send a cookie along with what `https://attacker.example` asks for")
        .help("add [cookies.session] with same_site = \"lax\", and cookies = \"session\" to the route that sets it; what a cookie says itself stays")
}
