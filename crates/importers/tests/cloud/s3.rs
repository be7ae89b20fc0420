//! Samples: S3 User Guide, "Elements of a CORS configuration"; `CloudFormation`, "`CorsRule`".

use corsac_analysis::model::Truth;

use super::{EVERYTHING, NOT_KNOWN, NOTHING, PUBLIC, may, model, names, preflight_may, unread};

const GUIDE: &str = r#"[
    {
        "AllowedHeaders": ["*"],
        "AllowedMethods": ["PUT", "POST", "DELETE"],
        "AllowedOrigins": ["http://www.example1.com"],
        "ExposeHeaders": []
    },
    {
        "AllowedHeaders": ["*"],
        "AllowedMethods": ["PUT", "POST", "DELETE"],
        "AllowedOrigins": ["http://www.example2.com"],
        "ExposeHeaders": []
    },
    {
        "AllowedHeaders": [],
        "AllowedMethods": ["GET"],
        "AllowedOrigins": ["*"],
        "ExposeHeaders": []
    }
]"#;

const GUIDE_XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<CORSConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
 <CORSRule>
   <AllowedOrigin>http://www.example1.com</AllowedOrigin>
   <AllowedMethod>PUT</AllowedMethod>
   <AllowedMethod>POST</AllowedMethod>
   <AllowedMethod>DELETE</AllowedMethod>
   <AllowedHeader>*</AllowedHeader>
 </CORSRule>
 <CORSRule>
   <AllowedOrigin>http://www.example2.com</AllowedOrigin>
   <AllowedMethod>PUT</AllowedMethod>
   <AllowedMethod>POST</AllowedMethod>
   <AllowedMethod>DELETE</AllowedMethod>
   <AllowedHeader>*</AllowedHeader>
 </CORSRule>
 <CORSRule>
   <AllowedOrigin>*</AllowedOrigin>
   <AllowedMethod>GET</AllowedMethod>
 </CORSRule>
</CORSConfiguration>"#;

#[test]
fn each_group_of_methods_is_a_scope() {
    for (name, text) in [("cors.json", GUIDE), ("cors.xml", GUIDE_XML)] {
        let model = model("s3", name, text);
        assert_eq!(names(&model), ["the bucket, PUT, POST, DELETE", "the bucket, GET"]);
        assert_eq!(may(&model, "PUT", "http://www.example1.com"), EVERYTHING);
        assert_eq!(may(&model, "PUT", "https://www.example1.com"), NOTHING);
        assert_eq!(may(&model, "PUT", "http://www.example1.com.evil.net"), NOTHING);
        assert_eq!(may(&model, "PUT", "http://www.example3.com"), NOTHING);
        assert_eq!(may(&model, "GET", "http://www.example3.com"), PUBLIC);
        assert_eq!(may(&model, "GET", "null"), PUBLIC);
        assert_eq!(preflight_may(&model, "PUT", "http://www.example2.com"), EVERYTHING);
        assert_eq!(unread(&model), []);
    }
}

#[test]
fn a_star_is_any_run() {
    let text = r#"{"CORSRules": [{"AllowedOrigins": ["https://*.example.com", "http://local*:3000"],
        "AllowedMethods": ["GET"]}]}"#;
    let model = model("s3", "cors.json", text);
    assert_eq!(may(&model, "GET", "https://a.b.example.com"), EVERYTHING);
    assert_eq!(may(&model, "GET", "https://.example.com"), EVERYTHING);
    assert_eq!(may(&model, "GET", "https://example.com"), NOTHING);
    assert_eq!(may(&model, "GET", "http://local.evil.net:3000"), EVERYTHING);
    assert_eq!(may(&model, "GET", "http://localhost:30000"), NOTHING);
}

#[test]
fn the_first_rule_decides() {
    let rule = |origin| format!(r#"{{"AllowedOrigins": ["{origin}"], "AllowedMethods": ["GET"]}}"#);
    let (star, named) = (rule("*"), rule("https://a.example"));
    let first = model("s3", "cors.json", &format!("[{star}, {named}]"));
    assert_eq!(may(&first, "GET", "https://a.example"), PUBLIC);
    let last = model("s3", "cors.json", &format!("[{named}, {star}]"));
    assert_eq!(may(&last, "GET", "https://a.example"), EVERYTHING);
    assert_eq!(may(&last, "GET", "https://b.example"), PUBLIC);
}

#[test]
fn upper_case_is_not_known_and_nothing_else_is() {
    let text = r#"[{"AllowedOrigins": ["https://App.example"], "AllowedMethods": ["GET"]}]"#;
    let model = model("s3", "cors.json", text);
    assert_eq!(may(&model, "GET", "https://app.example"), NOT_KNOWN);
    assert_eq!(may(&model, "GET", "https://app.example.net"), NOTHING);
}

#[test]
fn what_is_not_understood_is_listed() {
    let text = r#"[{"AllowedOrigns": ["https://a.example"], "AllowedOrigins": ["https://*.*.example"],
        "AllowedMethods": ["GET"]}]"#;
    let model = model("s3", "cors.json", text);
    let expected = [
        ("`AllowedOrigns` is no known member of a CORS rule of S3", r#"["https://a.example"]"#),
        ("S3 refuses an origin with more than one `*`", r#""https://*.*.example""#),
    ];
    assert_eq!(unread(&model), expected);
    assert_eq!(may(&model, "GET", "https://a.b.example"), NOT_KNOWN);
    assert_eq!(may(&model, "GET", "https://a.example"), NOTHING);
}

#[test]
fn cloudformation_writes_buckets_with_functions() {
    let text = "
AWSTemplateFormatVersion: 2010-09-09
Resources:
  S3Bucket:
    Type: AWS::S3::Bucket
    Properties:
      AccessControl: PublicReadWrite
      CorsConfiguration:
        CorsRules:
          - AllowedHeaders: ['*']
            AllowedMethods: [GET]
            AllowedOrigins: ['*']
            ExposedHeaders: [Date]
            Id: myCORSRuleId1
            MaxAge: 3600
          - AllowedHeaders: [x-amz-*]
            AllowedMethods: [DELETE]
            AllowedOrigins:
              - http://www.example.com
              - !Sub 'https://${Domain}'
            MaxAge: 1800
  Other:
    Type: AWS::S3::Bucket
    Properties:
      CorsConfiguration: !If [Open, {CorsRules: []}, !Ref AWS::NoValue]
  Fn::ForEach::Buckets:
    - Name
    - [a, b]
    - Bucket${Name}: {Type: AWS::S3::Bucket, Properties: {CorsConfiguration: {CorsRules: []}}}
  Policy:
    Type: AWS::CloudFront::ResponseHeadersPolicy
    Properties:
      ResponseHeadersPolicyConfig:
        CorsConfig: {AccessControlAllowCredentials: true}
";
    let model = model("cloudformation", "template.yaml", text);
    assert_eq!(may(&model, "S3Bucket, GET", "https://a.example"), PUBLIC);
    assert_eq!(may(&model, "S3Bucket, DELETE", "http://www.example.com"), EVERYTHING);
    assert_eq!(may(&model, "S3Bucket, DELETE", "https://a.example"), NOT_KNOWN);
    assert_eq!(may(&model, "Other", "https://a.example"), NOT_KNOWN);
    let reasons: Vec<_> = unread(&model).into_iter().map(|(reason, _)| reason).collect();
    assert!(reasons.iter().any(|reason| reason.contains("`CorsConfig` of")), "{reasons:?}");
    assert!(reasons.contains(&"Fn::ForEach::Buckets is a loop"), "{reasons:?}");
    assert!(reasons.iter().any(|reason| reason.contains("!Sub") || reason.contains("Domain")), "{reasons:?}");
}

#[test]
fn a_file_without_rules_says_so() {
    let text = r#"{"CORSRules": [], "AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}"#;
    assert_eq!(unread(&model("s3", "cors.json", text)), [("there is no `CORSRules`", text)]);
    let wrapped =
        r#"{"CORSConfiguration": {"CORSRules": [{"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}]}}"#;
    assert_eq!(may(&model("s3", "cors.json", wrapped), "GET", "https://a.example"), PUBLIC);
}

#[test]
fn credentials_are_not_known_beside_a_star() {
    let text = r#"[{"AllowedOrigins": ["*", "https://a.example"], "AllowedMethods": ["GET"]}]"#;
    let model = model("s3", "cors.json", text);
    assert_eq!(may(&model, "GET", "https://a.example"), (Truth::True, Truth::Unknown));
    assert_eq!(may(&model, "GET", "https://b.example"), PUBLIC);
}
