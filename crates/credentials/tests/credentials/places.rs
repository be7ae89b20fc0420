//! Where in a request a credential stands.

use corsac_credentials::{MistakeKind, Place, PlaceRefusal, Places, PlacesConfig, Refusal};
use http::{HeaderMap, HeaderName, HeaderValue};

const BEARER: &str = "`Authorization`";
const COOKIE: &str = "a cookie";
const HEADER: &str = "the header field for API keys";
const QUERY: &str = "the query";

fn everywhere() -> PlacesConfig {
    PlacesConfig {
        bearer: true,
        header: Some("X-Api-Key".into()),
        cookie: Some("session".into()),
        dangerously_query: None,
    }
}

fn find(
    config: &PlacesConfig,
    fields: &[(&str, &str)],
    query: Option<&str>,
) -> Result<(Place, String), Refusal> {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        headers.append(HeaderName::try_from(*name).unwrap(), value);
    }
    let places = Places::compile(config).unwrap();
    let found = places.find(&headers, query)?;
    let debug = format!("{found:?}");
    assert!(found.text().len() < 8 || !debug.contains(found.text()), "{debug}");
    Ok((found.place(), found.text().to_owned()))
}

#[track_caller]
fn accepts(fields: &[(&str, &str)], place: Place, text: &str) {
    assert_eq!(find(&everywhere(), fields, None), Ok((place, text.into())));
}

#[track_caller]
fn refuses(fields: &[(&str, &str)], refusal: PlaceRefusal) {
    assert_eq!(find(&everywhere(), fields, None), Err(refusal.into()));
}

#[test]
fn a_bearer_token_is_spelled_as_rfc_6750_has_it() {
    for value in ["Bearer a.b-c_d~e+f/g==", "bearer a.b-c_d~e+f/g==", "BEARER  a.b-c_d~e+f/g=="] {
        accepts(&[("authorization", value)], Place::Bearer, "a.b-c_d~e+f/g==");
    }
    for value in [
        "Bearer",
        "Bearer ",
        "Bearer\ta",
        "Bearer a b",
        "Bearer a,b",
        "Bearer a, Bearer b",
        "Bearer a ",
        "Bearer \ta",
        "Bearer =",
        "Bearer a=b",
        "Bearer \"a\"",
        "Bearer token=a",
        "Bearer: a",
        "Bearer é",
    ] {
        refuses(&[("authorization", value)], PlaceRefusal::Malformed(BEARER));
    }
    for value in ["Basic YTpi", "Bearerx a", "Digest a=b", "DPoP abc", ""] {
        refuses(&[("authorization", value)], PlaceRefusal::Missing);
    }
    refuses(&[("authorization", "Bearer a"), ("authorization", "Bearer a")], PlaceRefusal::Repeated(BEARER));
    refuses(&[("authorization", "Basic a"), ("authorization", "Bearer a")], PlaceRefusal::Repeated(BEARER));
    let long = format!("Bearer {}", "a".repeat(70_000));
    refuses(&[("authorization", &long)], PlaceRefusal::TooLong(BEARER));
    refuses(&[], PlaceRefusal::Missing);
}

#[test]
fn an_api_key_has_a_field_of_its_own() {
    accepts(&[("x-api-key", "corsac_1_2_3")], Place::Header, "corsac_1_2_3");
    for value in ["", "a b", "a, b", " a", "a;b"] {
        refuses(&[("x-api-key", value)], PlaceRefusal::Malformed(HEADER));
    }
    refuses(&[("x-api-key", "a"), ("x-api-key", "b")], PlaceRefusal::Repeated(HEADER));
}

#[test]
fn a_cookie_has_one_name() {
    for value in [
        "session=abc",
        "a=1; session=abc",
        "session=abc;b=2",
        " x; session=abc; session2=d",
        "Session=x; session=abc",
    ] {
        accepts(&[("cookie", value)], Place::Cookie, "abc");
    }
    accepts(&[("cookie", "a=1"), ("cookie", "session=abc")], Place::Cookie, "abc");
    refuses(&[("cookie", "a=1; xsession=abc; SESSION=abc; session")], PlaceRefusal::Missing);
    refuses(&[("cookie", "session=a; session=b")], PlaceRefusal::Repeated(COOKIE));
    refuses(&[("cookie", "session=a"), ("cookie", "session=a")], PlaceRefusal::Repeated(COOKIE));
    for value in ["session=", "session=\"abc\"", "session=a b", "session=é"] {
        refuses(&[("cookie", value)], PlaceRefusal::Malformed(COOKIE));
    }
    let long = format!("{}; session=a", "a".repeat(70_000));
    refuses(&[("cookie", &long)], PlaceRefusal::TooLong(COOKIE));
    assert!(Place::Cookie.is_ambient() && !Place::Bearer.is_ambient());
}

#[test]
fn two_places_are_one_too_many() {
    let two = PlaceRefusal::Several;
    refuses(&[("authorization", "Bearer a"), ("x-api-key", "a")], two(BEARER, HEADER));
    refuses(&[("authorization", "Bearer a"), ("cookie", "session=a")], two(BEARER, COOKIE));
    refuses(&[("x-api-key", "a"), ("cookie", "session=a")], two(HEADER, COOKIE));
    // What is not configured is not looked at.
    let bearer = PlacesConfig { bearer: true, ..PlacesConfig::default() };
    let found =
        find(&bearer, &[("authorization", "Bearer a"), ("x-api-key", "b"), ("cookie", "session=c")], None);
    assert_eq!(found, Ok((Place::Bearer, "a".into())));
}

#[test]
fn a_query_has_no_token_unless_somebody_wants_it() {
    let bearer = PlacesConfig { bearer: true, ..PlacesConfig::default() };
    for query in ["access_token=a", "x=1&access_token=a", "access%5Ftoken=a", "%61ccess_token"] {
        assert_eq!(find(&bearer, &[], Some(query)), Err(PlaceRefusal::Query.into()), "{query}");
        let both = find(&bearer, &[("authorization", "Bearer a")], Some(query));
        assert_eq!(both, Err(PlaceRefusal::Query.into()));
    }
    for query in ["", "token=a", "ACCESS_TOKEN=a", "xaccess_token=a", "a=access_token"] {
        assert_eq!(find(&bearer, &[], Some(query)), Err(PlaceRefusal::Missing.into()), "{query}");
    }
    let cookie = PlacesConfig { cookie: Some("s".into()), ..PlacesConfig::default() };
    assert_eq!(find(&cookie, &[], Some("access_token=a")), Err(PlaceRefusal::Missing.into()));

    let wanted = PlacesConfig { dangerously_query: Some("access_token".into()), ..bearer };
    for query in ["access_token=a%2Bb", "x&access%5ftoken=a%2bb"] {
        assert_eq!(find(&wanted, &[], Some(query)), Ok((Place::Query, "a+b".into())), "{query}");
    }
    let twice = find(&wanted, &[], Some("access_token=a&access_token=a"));
    assert_eq!(twice, Err(PlaceRefusal::Repeated(QUERY).into()));
    let two = find(&wanted, &[("authorization", "Bearer a")], Some("access_token=a"));
    assert_eq!(two, Err(PlaceRefusal::Several(BEARER, QUERY).into()));
    for query in
        ["access_token=a+b", "access_token=", "access_token=%ff", "access_token=a%20b", "access_token=a%2"]
    {
        assert_eq!(find(&wanted, &[], Some(query)), Err(PlaceRefusal::Malformed(QUERY).into()), "{query}");
    }
    let long = find(&wanted, &[], Some(&"a".repeat(70_000)));
    assert_eq!(long, Err(PlaceRefusal::TooLong(QUERY).into()));
}

#[test]
fn places_have_names() {
    let mistakes = |config: &PlacesConfig| Places::compile(config).unwrap_err().mistakes().to_vec();
    let none = mistakes(&PlacesConfig::default());
    assert_eq!((none[0].field.as_str(), &none[0].kind), ("bearer", &MistakeKind::Empty));
    let wrong = PlacesConfig {
        bearer: false,
        header: Some("Authorization".into()),
        cookie: Some("a b".into()),
        dangerously_query: Some(String::new()),
    };
    let fields: Vec<String> = mistakes(&wrong).into_iter().map(|mistake| mistake.field).collect();
    assert_eq!(fields, ["header", "cookie", "dangerously_query"]);
}
