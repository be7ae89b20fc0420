//! Samples: API Gateway Developer Guide, "Configuring CORS for an HTTP API"; SAM,
//! "`HttpApiCorsConfiguration`"; Lambda, "Function URLs".

use corsac_analysis::model::Truth;

use super::{EVERYTHING, NOT_KNOWN, NOTHING, PUBLIC, may, model, preflight_may, unread};

fn api(configuration: &str) -> String {
    format!(r#"{{"openapi": "3.0.1", "x-amazon-apigateway-cors": {configuration}}}"#)
}

#[test]
fn a_list_and_a_scheme() {
    let text = api(r#"{"allowOrigins": ["https://www.example.com", "http://*"],
        "allowCredentials": true, "exposeHeaders": ["x-api-id"], "maxAge": 300, "allowMethods": ["GET", "*"]}"#);
    let model = model("api-gateway", "api.json", &text);
    assert_eq!(may(&model, "", "https://www.example.com"), EVERYTHING);
    assert_eq!(may(&model, "", "https://www.example.com.evil.net"), NOTHING);
    assert_eq!(may(&model, "", "http://evil.net"), EVERYTHING);
    assert_eq!(may(&model, "", "https://evil.net"), NOTHING);
    assert_eq!(preflight_may(&model, "", "http://evil.net"), EVERYTHING);
    assert_eq!(unread(&model), []);
}

#[test]
fn a_star_is_public_and_refused_with_credentials() {
    let public = model("api-gateway", "api.json", &api(r#"{"allowOrigins": ["*"]}"#));
    assert_eq!(may(&public, "", "https://evil.net"), PUBLIC);
    let refused =
        model("api-gateway", "api.json", &api(r#"{"allowOrigins": ["*"], "allowCredentials": true}"#));
    assert_eq!(may(&refused, "", "https://evil.net"), PUBLIC);
    assert_eq!(unread(&refused), [("API Gateway refuses `*` with credentials: it is not deployed", "\"*\"")]);
}

#[test]
fn another_wildcard_is_not_known_and_no_wider() {
    let text = api(r#"{"allowOrigins": ["https://*.example.com"], "allowCredentials": true}"#);
    let model = model("api-gateway", "api.json", &text);
    assert_eq!(may(&model, "", "https://a.example.com"), NOT_KNOWN);
    assert_eq!(may(&model, "", "https://a.example.net"), NOTHING);
}

#[test]
fn serverless_templates() {
    let text = "
Transform: AWS::Serverless-2016-10-31
Globals:
  HttpApi:
    CorsConfiguration: true
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration:
        AllowOrigins: [https://www.example.com]
        AllowMethods: [GET]
        AllowCredentials: true
  Old:
    Type: AWS::Serverless::Api
    Properties:
      Cors: \"'*'\"
  Function:
    Type: AWS::Serverless::Function
    Properties:
      FunctionUrlConfig:
        AuthType: NONE
        Cors:
          AllowOrigins: ['*']
          AllowCredentials: true
  Switched:
    Type: AWS::Lambda::Url
    Properties:
      Cors:
        AllowOrigins: [https://www.example.com]
        AllowCredentials: !Ref Allow
";
    let model = model("cloudformation", "template.yaml", text);
    assert_eq!(may(&model, "Globals HttpApi", "https://evil.net"), PUBLIC);
    assert_eq!(may(&model, "HttpApi Api", "https://www.example.com"), EVERYTHING);
    assert_eq!(may(&model, "HttpApi Api", "https://example.com"), NOTHING);
    assert_eq!(may(&model, "Function Function", "https://evil.net"), NOT_KNOWN);
    assert_eq!(may(&model, "Url Switched", "https://www.example.com"), (Truth::True, Truth::Unknown));
    assert_eq!(may(&model, "Url Switched", "https://evil.net"), NOTHING);
    assert!(
        unread(&model)
            .iter()
            .any(|(reason, _)| *reason == "`Cors` of AWS::Serverless::Api Old is not modelled")
    );
}
