//! What is unwise and runs: each rule with the nearest configuration that it leaves alone.
//! The pages of the rules show what `corsac check` prints.
#![cfg(test)]

use corsac_diagnostics::Source;
use corsac_gateway::read;
use corsac_origin::PublicSuffixList;

/// The ids of what is found, sorted.
fn found_under(profile: Option<&str>, text: &str) -> Vec<&'static str> {
    let reading = read(Source::new("corsac.toml", text), profile, PublicSuffixList::embedded());
    assert!(reading.config.is_some(), "{text}\n{:#?}", reading.findings);
    let mut ids: Vec<_> = reading.findings.iter().map(|finding| finding.rule.id).collect();
    ids.sort_unstable();
    ids
}

fn found(text: &str) -> Vec<&'static str> {
    found_under(None, text)
}

const LOCAL: &str = "[upstreams.api]\nurl = \"http://127.0.0.1:3000\"\n";

const MEMBERS: &str = "[jwt.sign_in]\nissuer = \"https://id.example.com\"\naudiences = [\"api\"]\nalgorithms = \
                       [\"ES256\"]\nkeys = \"https://id.example.com/keys\"\n[authn.members]\nmethods = \
                       [\"sign_in\"]\n[rate_limits.per-client]\nlimit = \"600/1m\"\n";

/// A route of `path` that says `more`.
fn route(path: &str, more: &str) -> String {
    format!("[[routes]]\npath = \"{path}\"\nupstream = \"api\"\n{more}\n")
}

/// One route with the policy `policy` that says `more`.
fn shared(policy: &str, more: &str) -> String {
    let policy = format!("[cors.app]\norigins = [\"https://app.example.com\"]\n{policy}\n");
    format!("{LOCAL}{policy}{}", route("/a", &format!("cors = \"app\"\n{more}")))
}

/// One route whose callers are members, with the method's `places`.
fn members(places: &str, policy: &str, more: &str) -> String {
    let methods = MEMBERS.replace("[authn.members]", &format!("{places}\n[authn.members]"));
    let more = format!("authn = \"members\"\nrate_limits = [\"per-client\"]\n{more}");
    format!("{methods}{}", shared(policy, &more))
}

#[test]
fn a_route_that_others_may_write_says_who_authenticates() {
    let anyone = "rules = [{ methods = [\"*\"], anyone = true }]";
    for (policy, more, expected) in [
        ("methods = [\"PUT\"]", "", &["cors-without-authentication"][..]),
        ("methods = [\"*\"]", "", &["cors-without-authentication"]),
        ("methods = [\"GET\"]", "", &[]),
        ("", "", &[]),
        ("methods = [\"PUT\"]", "authn = \"upstream\"", &[]),
        ("methods = [\"PUT\"]", anyone, &[]),
        (
            "credentials = true",
            "",
            &["cookie-without-csrf", "cookies-without-samesite", "cors-without-authentication"],
        ),
        ("credentials = true", anyone, &[]),
    ] {
        assert_eq!(found(&shared(policy, more)), expected, "{policy} {more}");
    }
    let here = members("", "methods = [\"PUT\"]", "");
    assert_eq!(found(&here), [""; 0]);
}

#[test]
fn a_group_is_not_named_as_the_statement_is() {
    let text =
        members("", "", "").replace("authn.members", "authn.upstream").replace("\"members\"", "\"upstream\"");
    let reading = read(Source::new("corsac.toml", text), None, PublicSuffixList::embedded());
    let messages: Vec<_> = reading.findings.iter().map(|finding| finding.message.as_str()).collect();
    let expected = "`authn.upstream`: by `upstream` a route says that the service behind it authenticates";
    assert_eq!(messages, [expected]);
    assert!(reading.config.is_none());
}

#[test]
fn cookies_are_guarded_where_they_count() {
    let behind = |csrf: &str| shared("credentials = true", &format!("authn = \"upstream\"\n{csrf}"));
    for (csrf, expected) in [
        ("", &["cookie-without-csrf"][..]),
        ("csrf = \"report\"", &["cookie-without-csrf"]),
        ("csrf = \"enforce\"", &[]),
        ("csrf = \"off\"", &[]),
    ] {
        assert_eq!(found(&behind(csrf)), expected, "behind, {csrf}");
    }
    let hardened = "[cookies.session]\nsame_site = \"lax\"\n";
    let cookie = |csrf: &str| {
        let more = format!("cookies = \"session\"\n{csrf}");
        format!("{hardened}{}", members("cookie = \"sid\"", "credentials = true", &more))
    };
    for (csrf, expected) in [
        ("", &[][..]),
        ("csrf = \"enforce\"", &[]),
        ("csrf = \"off\"", &["cookie-without-csrf"]),
        ("csrf = \"report\"", &["cookie-without-csrf"]),
    ] {
        assert_eq!(found(&cookie(csrf)), expected, "here, {csrf}");
    }
    let otherwise = cookie("").replace("same_site = \"lax\"", "secure = true");
    assert_eq!(found(&otherwise), ["cookies-without-samesite"]);
    // A token in a field is nothing that a browser sends by itself.
    assert_eq!(found(&members("", "", "csrf = \"off\"")), [""; 0]);
}

#[test]
fn policies_allow_no_more_than_their_routes_take() {
    assert_eq!(found(&members("", "credentials = true", "")), ["credentials-without-need"]);
    assert_eq!(
        found(&members("header = \"x-token\"", "credentials = true", "")),
        ["credentials-without-need"]
    );
    let needed = members("", "credentials = true", "")
        + &route("/b", "cors = \"app\"\nauthn = \"upstream\"\ncsrf = \"enforce\"");
    assert_eq!(found(&needed), [""; 0]);

    let hardened = "[cookies.session]\nsame_site = \"lax\"\n";
    let any = |places: &str| {
        let text = format!("{hardened}{}", members(places, "", "cookies = \"session\""));
        text.replace("https://app.example.com", "*")
    };
    assert_eq!(found(&any("cookie = \"sid\"")), ["wildcard-with-authentication"]);
    assert_eq!(found(&any("")), [""; 0]);
}

#[test]
fn what_can_be_tried_is_limited() {
    for (path, expected) in [
        ("/login", &["sign-in-without-rate-limit"][..]),
        ("/v1/Sign-In", &["sign-in-without-rate-limit"]),
        ("/reset_password/{code}", &["sign-in-without-rate-limit"]),
        ("/oauth/token", &["sign-in-without-rate-limit"]),
        ("/catalogue", &[]),
        ("/{token}", &[]),
        ("/login-history", &[]),
    ] {
        assert_eq!(found(&format!("{LOCAL}{}", route(path, ""))), expected, "{path}");
    }
    let limit = |by: &str| {
        let limit = format!("[rate_limits.all]\nlimit = \"10/1m\"\nby = [{by}]\n");
        format!("{LOCAL}{limit}{}", route("/login", "rate_limits = [\"all\"]"))
    };
    assert_eq!(found(&limit("\"address\"")), [""; 0]);
    assert_eq!(found(&limit("\"route\"")), [""; 0]);
    assert_eq!(found(&limit("\"origin\"")), ["limit-by-origin-alone"]);
    assert_eq!(found(&limit("\"origin\", \"route\"")), ["limit-by-origin-alone"]);
    assert_eq!(found(&limit("\"origin\", \"address\"")), [""; 0]);

    let late = members("", "", "").replace("limit = \"600/1m\"", "limit = \"600/1m\"\nby = [\"principal\"]");
    assert_eq!(found(&late), ["authentication-without-rate-limit"]);
    let both = late.replace("\"principal\"", "\"address\", \"principal\"");
    assert_eq!(found(&both), ["authentication-without-rate-limit"], "it is asked after the caller is known");
    let twice = late + &route("/b", "authn = \"members\"");
    assert_eq!(found(&twice), ["authentication-without-rate-limit"], "once a group");
}

#[test]
fn nothing_goes_in_plain_where_others_listen() {
    let upstream = |url: &str, more: &str| {
        format!("[upstreams.api]\nurl = \"{url}\"\n{more}\n{}", route("/a", "authn = \"upstream\""))
    };
    for (url, more, expected) in [
        ("http://203.0.113.7:80", "", &["plain-upstream-off-host"][..]),
        ("http://api:80", "", &["plain-upstream-off-host"]),
        ("http://api:80", "trusted_network = true", &[]),
        ("http://localhost:80", "", &[]),
        ("http://[::1]:80", "", &[]),
        ("https://203.0.113.7", "", &[]),
    ] {
        assert_eq!(found(&upstream(url, more)), expected, "{url} {more}");
        assert_eq!(
            found_under(Some("development"), &(upstream(url, more) + "[profiles.development]\n")),
            [""; 0]
        );
        let production = upstream(url, more) + "[profiles.production]\n";
        assert_eq!(found_under(Some("production"), &production), expected, "{url} {more}");
    }
    let members = |more: &str| members(more, "", "").replace("127.0.0.1", "10.0.0.7");
    assert_eq!(found(&members("")), ["credential-forwarded-to-plain-upstream"]);
    assert_eq!(found(&members("forward_credential = false")), ["plain-upstream-off-host"]);

    let listen = |gateway: &str| format!("[gateway]\n{gateway}\n{LOCAL}{}", route("/a", ""));
    assert_eq!(found(&listen("listen = \"0.0.0.0:8080\"")), ["plain-listener-off-host"]);
    assert_eq!(found(&listen("listen = \"127.0.0.1:8080\"")), [""; 0]);
    assert_eq!(found(&listen("listen = \"[::]:8080\"\ntrusted_proxies = [\"10.0.0.5\"]")), [""; 0]);
}

#[test]
fn what_nothing_names_is_told() {
    let text = format!("{MEMBERS}{LOCAL}{}", route("/a", ""));
    let reading = read(Source::new("corsac.toml", text.clone()), None, PublicSuffixList::embedded());
    let messages: Vec<_> = reading.findings.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(messages, ["no route uses `authn.members`", "no route uses `rate_limits.per-client`"]);
    let more = "[concurrency_limits.few]\n[cookies.session]\nsecure = true\n[jwt.other]\nissuer = \"i\"\naudiences = \
                [\"a\"]\nalgorithms = [\"ES256\"]\nkeys = \"https://id.example.com/keys\"\n";
    assert_eq!(found(&format!("{more}{text}")), ["unused-definition"; 5]);
    let preflights = format!("[preflights]\nrate_limits = [\"per-client\"]\n{text}");
    assert_eq!(found(&preflights), ["unused-definition"], "the limit is used");
}
