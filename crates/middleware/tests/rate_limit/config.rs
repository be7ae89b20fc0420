//! What compiles, and every mistake that does not.

use std::net::Ipv4Addr;

use corsac_middleware::rate_limit::{
    ConcurrencyConfig, KeyPart, LimitConfig, MAX_LIMITS, RateLimit, RateLimitConfig, RouteConfig, Subject,
};

use super::{at, from};

fn limit(name: &str, limit: &str) -> LimitConfig {
    LimitConfig { name: name.into(), limit: limit.into(), ..LimitConfig::default() }
}

fn route(limits: &[&str]) -> RouteConfig {
    RouteConfig { limits: limits.iter().map(|&name| name.to_owned()).collect(), ..RouteConfig::default() }
}

fn config(limits: Vec<LimitConfig>, routes: Vec<RouteConfig>) -> RateLimitConfig {
    RateLimitConfig { limits, routes, ..RateLimitConfig::default() }
}

fn mistakes(config: &RateLimitConfig) -> Vec<String> {
    let Err(errors) = RateLimit::compile(config) else { return Vec::new() };
    errors.0.iter().map(ToString::to_string).collect()
}

#[test]
fn limits_are_a_quantity_and_a_window() {
    for text in ["100/1m", "5/s", "1/31d", "1000000/1s", "10/2h", "0005/01m"] {
        assert_eq!(mistakes(&config(vec![limit("a", text)], vec![])), Vec::<String>::new(), "{text}");
    }
    for (text, mistake) in [
        ("", "`` is not a limit such as `100/1m`"),
        ("100", "`100` is not a limit such as `100/1m`"),
        ("100/", "`100/` is not a limit such as `100/1m`"),
        ("/1m", "`/1m` is not a limit such as `100/1m`"),
        ("100/1", "`100/1` is not a limit such as `100/1m`"),
        ("100/500ms", "`100/500ms` is not a limit such as `100/1m`"),
        ("100/1M", "`100/1M` is not a limit such as `100/1m`"),
        ("100 / 1m", "`100 / 1m` is not a limit such as `100/1m`"),
        ("+100/1m", "`+100/1m` is not a limit such as `100/1m`"),
        ("-1/1m", "`-1/1m` is not a limit such as `100/1m`"),
        ("1.5/1m", "`1.5/1m` is not a limit such as `100/1m`"),
        ("1/1m/1m", "`1/1m/1m` is not a limit such as `100/1m`"),
        ("0/1m", "`0/1m` does not allow 1 to 1000000000 in a window"),
        ("1000000001/31d", "`1000000001/31d` does not allow 1 to 1000000000 in a window"),
        ("99999999999999999999/1m", "`99999999999999999999/1m` does not allow 1 to 1000000000 in a window"),
        ("1/0s", "`1/0s` has no window of 1 s to 31 days"),
        ("1/32d", "`1/32d` has no window of 1 s to 31 days"),
        ("1/99999999999999999999d", "`1/99999999999999999999d` has no window of 1 s to 31 days"),
        ("1000001/1s", "`1000001/1s` is more than a million a second"),
    ] {
        let found = mistakes(&config(vec![limit("a", text)], vec![]));
        assert_eq!(found, [format!("limits[0].limit: {mistake}")], "{text}");
    }
}

#[test]
fn every_mistake_is_reported_at_once() {
    let broken = RateLimitConfig {
        limits: vec![
            LimitConfig { burst: Some(0), ..limit("Daily!", "1/1d") },
            LimitConfig { burst: Some(400), ..limit("slow", "1/1d") },
            LimitConfig { by: vec![], keys: 7, ..limit("slow", "ten") },
            LimitConfig {
                by: vec![KeyPart::Address, KeyPart::Route, KeyPart::Address],
                burst: Some(2),
                ..limit("pre", "5/s")
            },
        ],
        concurrency: vec![ConcurrencyConfig { limit: 0, ..ConcurrencyConfig::default() }],
        routes: vec![
            RouteConfig { cost: 3, ..route(&["pre", "pre", "nobody"]) },
            RouteConfig { cost: 0, concurrency: Some("none".into()), ..route(&[]) },
            RouteConfig { route: "/many".into(), ..route(&["slow"; 5]) },
        ],
        preflights: vec!["pre".into(), "missing".into()],
    };
    let found = mistakes(&broken);
    let expected = [
        "limits[0].name: `Daily!` is not a name: 1 to 32 lower-case letters, digits, `-` and `_`",
        "limits[0].burst: a burst is 1 to 1000000000, not 0",
        "limits[1].burst: a burst of 400 takes longer than 366 days to come back",
        "limits[2].name: `slow` stands here twice",
        "limits[2].by: nothing says what is counted",
        "limits[2].keys: a table has room for 1024 to 16777216 keys, not 7",
        "limits[2].limit: `ten` is not a limit such as `100/1m`",
        "limits[3].by[2]: `address` stands here twice",
        "concurrency[0].limit: no request could ever be served",
        "routes[0].limits[1]: `pre` stands here twice",
        "routes[0].limits[2]: no limit is named `nobody`",
        "routes[0].limits[0]: `pre` counts preflights, and so nothing else",
        "routes[0].limits[1]: `pre` counts preflights, and so nothing else",
        "routes[0].cost: a request that costs 3 never passes a burst of 2",
        "routes[1].route: `/` stands here twice",
        "routes[1].cost: a request that costs nothing is not limited",
        "routes[1].concurrency: no limit is named `none`",
        "routes[2].limits: 5 entries, at most 4 fit",
        "routes[2].limits[1]: `slow` stands here twice",
        "routes[2].limits[2]: `slow` stands here twice",
        "routes[2].limits[3]: `slow` stands here twice",
        "routes[2].limits[4]: `slow` stands here twice",
        "preflights[1]: no limit is named `missing`",
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_configuration_has_a_bound() {
    let limits = (0..=MAX_LIMITS).map(|number| limit(&number.to_string(), "1/s")).collect();
    assert_eq!(mistakes(&config(limits, vec![])), ["limits: 257 entries, at most 256 fit"]);
    let broken = vec![limit("?", "?"); 10_000];
    assert_eq!(mistakes(&config(broken, vec![])).len(), 1_000);
}

#[test]
fn what_was_compiled_compiles_again() {
    let written = config(vec![limit("a", "5/s"), limit("b", "100/1d")], vec![route(&["a", "b"])]);
    let compiled = RateLimit::compile(&written).unwrap();
    assert_eq!(compiled.to_config(), written);
    assert!(RateLimit::compile(&compiled.to_config()).is_ok());
}

#[test]
fn a_reload_forgives_no_debt_unless_the_limit_is_another() {
    let written = config(vec![limit("a", "5/1h")], vec![route(&["a"])]);
    let first = RateLimit::compile(&written).unwrap();
    let is_allowed =
        |limit: &RateLimit| limit.route("/").unwrap().decide(&from(Ipv4Addr::LOCALHOST), at(0)).is_allowed();
    while is_allowed(&first) {}
    let same = first.recompile(&config(vec![limit("a", "5/1h"), limit("b", "1/s")], written.routes.clone()));
    assert!(!is_allowed(&same.unwrap()));
    let other = first.recompile(&config(vec![limit("a", "6/1h")], written.routes.clone()));
    assert!(is_allowed(&other.unwrap()));
}

#[test]
fn where_one_limit_denies_no_other_is_charged() {
    let by_user = LimitConfig { by: vec![KeyPart::Principal], ..limit("user", "2/1h") };
    let written = config(vec![limit("address", "10/1h"), by_user], vec![route(&["address", "user"])]);
    let route = RateLimit::compile(&written).unwrap().route("/").unwrap();
    let ask = |principal| {
        let subject = Subject { principal: Some(principal), ..from(Ipv4Addr::LOCALHOST) };
        route.decide(&subject, at(0))
    };
    let left = |principal| {
        let decision = ask(principal);
        let left: Vec<u64> = decision.charges().map(|(_, charge)| charge.remaining()).collect();
        (decision.is_allowed(), left)
    };
    assert_eq!(left("alice"), (true, vec![9, 1]));
    assert_eq!(left("alice"), (true, vec![8, 0]));
    assert_eq!(left("alice"), (false, vec![8, 0]));
    assert_eq!(left("alice"), (false, vec![8, 0]));
    assert_eq!(ask("alice").violated().collect::<Vec<_>>(), ["user"]);
    assert_eq!(left("bob"), (true, vec![7, 1]));
}

#[test]
fn routes_share_a_limit_unless_the_route_is_counted() {
    let routes = |by: &[KeyPart]| {
        let limit = LimitConfig { by: by.to_vec(), ..limit("a", "3/1h") };
        let named = |name: &str, cost| RouteConfig { route: name.into(), cost, ..route(&["a"]) };
        let config = config(vec![limit], vec![named("/cheap", 1), named("/dear", 2)]);
        let limit = RateLimit::compile(&config).unwrap();
        ["/dear", "/cheap", "/cheap"]
            .map(|route| limit.route(route).unwrap().decide(&from(Ipv4Addr::LOCALHOST), at(0)).is_allowed())
    };
    assert_eq!(routes(&[KeyPart::Address]), [true, true, false]);
    assert_eq!(routes(&[KeyPart::Address, KeyPart::Route]), [true, true, true]);
}
