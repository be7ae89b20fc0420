//! Samples: Spring Boot, "Actuator, CORS support"; Spring Cloud Gateway, "CORS configuration";
//! the reference of `java.util.Properties.load`.

use corsac_analysis::model::Preflight;

use super::{EVERYTHING, NOT_KNOWN, NOTHING, PUBLIC, may, model, unread};

#[test]
fn actuator() {
    let text = "
management.endpoints.web.cors.allowed-origins=https://example.com,https://Example.org/
management.endpoints.web.cors.allowed-methods=GET,POST
";
    let model = model("application.properties", text);
    assert_eq!(may(&model, "management", "https://example.com"), PUBLIC);
    assert_eq!(may(&model, "management", "https://example.org"), PUBLIC);
    assert_eq!(may(&model, "management", "https://example.net"), NOTHING);
    assert_eq!(may(&model, "management", "http://example.com"), NOTHING);
    assert_eq!(unread(&model), Vec::<&str>::new());
}

#[test]
fn gateway() {
    let text = "
spring:
  cloud:
    gateway:
      globalcors:
        cors-configurations:
          '[/**]':
            allowedOrigins: \"https://docs.spring.io\"
            allowedMethods:
            - GET
          '[/api/v1.0/**]':
            allowed-origin-patterns: ['https://*.example.com:[8080,8081]', 'https://*.example.org:[*]']
            allow-credentials: true
      routes:
      - id: cors_route
        uri: https://example.org
        metadata:
          cors:
            allowedOrigins: '*'
            allowedMethods: [GET, POST]
            maxAge: 30
";
    let model = model("application.yml", text);
    assert_eq!(may(&model, "[/**]", "https://docs.spring.io"), PUBLIC);
    assert_eq!(may(&model, "[/**]", "https://docs.spring.io.evil.net"), NOTHING);
    assert_eq!(may(&model, "[/api/v1.0/**]", "https://a.example.com:8080"), EVERYTHING);
    assert_eq!(may(&model, "[/api/v1.0/**]", "https://a.example.com"), NOTHING);
    assert_eq!(may(&model, "[/api/v1.0/**]", "https://a.example.com:80801"), NOTHING);
    assert_eq!(may(&model, "[/api/v1.0/**]", "https://a.example.org"), EVERYTHING);
    assert_eq!(may(&model, "[/api/v1.0/**]", "https://a.example.org:1"), EVERYTHING);
    assert_eq!(may(&model, "[/api/v1.0/**]", "https://a.example.org:"), NOTHING);
    assert_eq!(may(&model, "routes[0]", "https://evil.net"), PUBLIC);
    assert_eq!(unread(&model), Vec::<&str>::new());
}

#[test]
fn a_star_with_credentials_depends_on_the_version() {
    let text = "spring.graphql.cors.allowed-origins=*\nspring.graphql.cors.allow-credentials=true\n";
    assert_eq!(may(&model("application.properties", text), "graphql", "https://evil.net"), NOT_KNOWN);
    let text = "spring.graphql.cors.allowed-origin-patterns=*\nspring.graphql.cors.allow-credentials=true\n";
    assert_eq!(may(&model("application.properties", text), "graphql", "https://evil.net"), EVERYTHING);
}

#[test]
fn without_origins_there_is_no_cors() {
    let model = model("application.properties", "management.endpoints.web.cors.allowed-methods=GET\n");
    assert_eq!(may(&model, "management", "https://example.com"), NOTHING);
    assert!(matches!(model.scopes[0].preflight, Preflight::Unanswered));
}

#[test]
fn profiles_are_laid_over() {
    let text = "
management.endpoints.web.cors.allowed-origins=https://a.example
management.endpoints.web.cors.allow-credentials=true
#---
spring.config.activate.on-profile=dev
management.endpoints.web.cors.allowed-origins[0]=http://localhost:3000
";
    let model = model("application.properties", text);
    assert_eq!(may(&model, "cors", "https://a.example"), EVERYTHING);
    assert_eq!(may(&model, "cors", "http://localhost:3000"), NOTHING);
    assert_eq!(may(&model, "profile dev", "http://localhost:3000"), EVERYTHING);
    assert_eq!(may(&model, "profile dev", "https://a.example"), NOTHING);
}

#[test]
fn choosing_a_profile_is_no_condition() {
    let text =
        "spring.profiles.active=dev\nmanagement.endpoints.web.cors.allowed-origins=https://a.example\n";
    let model = model("application.properties", text);
    assert_eq!(model.scopes[0].name, "management.endpoints.web.cors");
    assert_eq!(may(&model, "management", "https://a.example"), PUBLIC);
}

#[test]
fn escapes_and_continued_lines() {
    let text = "! a comment\nspring.graphql.cors.allowedOrigins : https\\://a.example,\\\n    https://\\u0062.example\\\r\n\t,https://c.example\nspring.graphql.cors.ALLOW_CREDENTIALS\ttrue";
    let model = model("application.properties", text);
    for host in ["a", "b", "c"] {
        assert_eq!(may(&model, "graphql", &format!("https://{host}.example")), EVERYTHING, "{host}");
    }
    assert_eq!(may(&model, "graphql", "https://d.example"), NOTHING);
    let place = model.scopes[0].actual.allow_origin[0].cases[0].place.clone().unwrap();
    assert!(model.files[0].text().get(place.span).unwrap().starts_with("https\\://a.example,"));
}

#[test]
fn what_is_computed_or_foreign_is_listed() {
    let text = "
management:
  endpoints:
    web:
      cors:
        allowed-origins: ${ORIGINS:https://a.example}
        alowed-methods: GET
app:
  cors:
    allowed-origins: https://a.example
";
    let model = model("application.yaml", text);
    assert_eq!(may(&model, "management", "https://a.example"), NOT_KNOWN.map_second());
    let expected = [
        "`app.cors.allowed-origins` is none of Spring's own properties for CORS",
        "`${ORIGINS:https://a.example}` has a variable",
        "`management.endpoints.web.cors.alowed-methods` is no known member of a CORS configuration",
    ];
    assert_eq!(unread(&model), expected);
}

trait MapSecond {
    fn map_second(self) -> Self;
}

impl MapSecond for super::May {
    /// Without credentials.
    fn map_second(self) -> Self {
        (self.0, corsac_analysis::model::Truth::False)
    }
}

#[test]
fn hostile_properties_end() {
    let pieces = [
        "management.endpoints.web.cors.allowed-origins",
        ":",
        "=",
        "\\",
        "\\u12",
        "\n",
        "\r",
        "!",
        "#---",
        "[0]",
        "-",
        ".",
        "${",
        "}",
        ",",
        "é",
        "\u{feff}",
        " ",
        "spring.profiles",
        "[",
    ];
    let mut state = 1_u64;
    for _ in 0..3_000 {
        let mut text = String::new();
        for _ in 0..12 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text += pieces[usize::try_from(state >> 33).unwrap() % pieces.len()];
        }
        super::read("application.properties", &text);
        let _ = corsac_importers::import(
            corsac_importers::System::by_id("spring").unwrap(),
            corsac_diagnostics::Source::new("application.yml", text),
            &(),
        );
    }
    let continued = "a\\\n".repeat(1_000_000);
    assert!(super::read("application.properties", &continued).scopes.is_empty());
    let again = "management.endpoints.web.cors.allowed-origins=https://a.example\n".repeat(50_000);
    assert_eq!(super::read("application.properties", &again).scopes.len(), 1);
    let profiles = "#---\nspring.profiles=a\nmanagement.endpoints.web.cors.max-age=1\n".repeat(20_000);
    let model = super::read("application.properties", &profiles);
    assert_eq!(
        (model.scopes.len(), unread(&model)),
        (64, vec!["there are more than 64 documents for profiles"])
    );
}
