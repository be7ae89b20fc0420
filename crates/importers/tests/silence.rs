//! What speaks of CORS and was not understood is told.
#![cfg(test)]

use corsac_diagnostics::Source;
use corsac_importers::{System, import};

#[test]
fn a_file_of_which_nothing_is_understood_is_not_passed_over() {
    let reasons = |system: &str, name: &str, text: &str| -> Vec<String> {
        let model = import(System::by_id(system).unwrap(), Source::new(name, text), &()).unwrap();
        assert!(model.scopes.is_empty(), "{text}");
        model.unread.into_iter().map(|unread| unread.reason).collect()
    };
    let told = ["it speaks of CORS, in a way that is not read"];
    for (system, name, text) in [
        ("krakend", "partial.json", "{\"security/cors\": {\"allow_origins\": [\"*\"]}}"),
        (
            "ingress-nginx",
            "a.yaml",
            "nginx.ingress.kubernetes.io/cors-allow-origin: \"*\"\nenable-cors: true\n",
        ),
        (
            "envoy",
            "map.yaml",
            "kind: ConfigMap\ndata:\n  envoy.yaml: |\n    cors:\n      allow_origin_string_match: [{prefix: '*'}]\n",
        ),
        (
            "terraform",
            "options.tf",
            "resource \"aws_api_gateway_integration_response\" \"o\" {\n  response_parameters = {\n    \
             \"method.response.header.Access-Control-Allow-Origin\" = \"'*'\"\n  }\n}\n",
        ),
    ] {
        assert_eq!(reasons(system, name, text), told, "{text}");
    }
    assert_eq!(reasons("envoy", "envoy.yaml", "admin: {}\n"), Vec::<String>::new());
    assert_eq!(reasons("krakend", "krakend.json", "{\"version\": 3}"), Vec::<String>::new());
}
