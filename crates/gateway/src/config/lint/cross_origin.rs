//! What policies admit, beside who is asked who they are.

use corsac_cors::Policy;
use corsac_diagnostics::{Confidence, Diagnostic, Edit, FieldPath, Fix, Place, Safety, excerpt};

use super::super::rules::{
    CORS_WITHOUT_AUTHENTICATION, CREDENTIALS_WITHOUT_NEED, WILDCARD_WITH_AUTHENTICATION,
};
use super::subject::{Authentication, Served, Subject};

/// Other origins may write or be the user, and nobody says who finds out who calls.
pub(super) fn cors_without_authentication(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    let unsaid = |route: &&Served<'_>| route.authentication == Authentication::Unsaid;
    for route in subject.routes.iter().filter(unsaid) {
        let Some((name, policy)) = route.policy else { continue };
        let (key, what) = if writes(policy) {
            ("methods", "other origins may write")
        } else if policy.allows_credentials() {
            ("credentials", "other origins may read as the user")
        } else {
            continue;
        };
        let message =
            format!("nothing says who authenticates the callers of `{}`", excerpt(&route.route.path));
        out.push(
            Diagnostic::new(&CORS_WITHOUT_AUTHENTICATION, message)
                .confidence(Confidence::Low)
                .at_field(&route.place, "it has neither `authn` nor `rules`")
                .and_at_field(&FieldPath::root().key("cors").key(name).key(key), what)
                .note("CORS binds browsers alone: `curl -X DELETE` from anywhere is forwarded")
                .help("name a group of methods, authn = \"members\"; or say that the service behind asks who calls, authn = \"upstream\"; or that anyone may: rules = [{ methods = [\"*\"], anyone = true }]"),
        );
    }
}

fn writes(policy: &Policy) -> bool {
    policy.to_config().methods.iter().any(|method| !matches!(&**method, "GET" | "HEAD" | "OPTIONS"))
}

/// Credentials are allowed where none of them counts.
pub(super) fn credentials_without_need(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    if subject.config.tls.as_ref().is_some_and(|tls| tls.asks_clients) {
        return;
    }
    for (name, _) in subject.config.policies.iter().filter(|(_, policy)| policy.allows_credentials()) {
        let is_own = |route: &&Served<'_>| route.policy.is_some_and(|(own, _)| own == name);
        let mut routes = subject.routes.iter().filter(is_own).peekable();
        let Some(first) = routes.peek().map(|route| route.place.key("authn")) else { continue };
        let is_idle = |route: &Served<'_>| {
            matches!(route.authentication, Authentication::Here(_)) && !subject.takes_cookie(route)
        };
        if !routes.all(is_idle) {
            continue;
        }
        let place = FieldPath::root().key("cors").key(name).key("credentials");
        let edit = Edit { place: Place::Field(place.clone()), replacement: "false".into() };
        let title = "write `false`".to_owned();
        let message = format!("`cors.{}` allows cookies, and none of its routes takes any", excerpt(name));
        out.push(
            Diagnostic::new(&CREDENTIALS_WITHOUT_NEED, message)
                .confidence(Confidence::Medium)
                .at_field(&place, "nothing needs it")
                .and_at_field(&first, "no method of this group is a cookie")
                .note("a cookie that the service sets one day is sent for every origin of the policy at once")
                .help("write credentials = false; pages send their token all the same, and fetch without `credentials: \"include\"`")
                .fix(Fix { title, safety: Safety::Unsafe, edits: vec![edit] }),
        );
    }
}

/// Every website may read what a cookie authenticates.
pub(super) fn wildcard_with_authentication(subject: &Subject<'_>, out: &mut Vec<Diagnostic>) {
    for route in subject.routes.iter().filter(|route| subject.takes_cookie(route)) {
        let Some((name, _)) = route.policy.filter(|(_, policy)| policy.allows_any_origin()) else { continue };
        let path = excerpt(&route.route.path);
        let message = format!("every website may read `{path}`, whose callers a cookie authenticates");
        out.push(
            Diagnostic::new(&WILDCARD_WITH_AUTHENTICATION, message)
                .at_field(&route.place.key("cors"), "any origin may read")
                .and_at_field(&FieldPath::root().key("cors").key(name).key("origins"), "includes `https://attacker.example`")
                .and_at_field(&route.place.key("authn"), "takes a cookie")
                .note("what the user's own page was answered says that all may read it, and a cache may give it to `https://attacker.example`")
                .help("name the origins that may read, or give the route no `cors`"),
        );
    }
}
