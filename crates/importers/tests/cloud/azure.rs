//! Samples: "CORS support for Azure Storage"; ARM reference, "Microsoft.Storage
//! storageAccounts/blobServices" and "Microsoft.Web sites".

use corsac_analysis::model::Truth;

use super::{EVERYTHING, NOT_KNOWN, NOTHING, PUBLIC, may, model, names, preflight_may, unread};

const RULES: &str = "<Cors>
    <CorsRule>
        <AllowedOrigins>http://www.contoso.com, http://www.fabrikam.com</AllowedOrigins>
        <AllowedMethods>PUT,GET</AllowedMethods>
        <AllowedHeaders>x-ms-meta-data*,x-ms-meta-target*,x-ms-meta-abc</AllowedHeaders>
        <ExposedHeaders>x-ms-meta-*</ExposedHeaders>
        <MaxAgeInSeconds>200</MaxAgeInSeconds>
    </CorsRule>
    <CorsRule>
        <AllowedOrigins>*</AllowedOrigins>
        <AllowedMethods>PUT,GET</AllowedMethods>
        <MaxAgeInSeconds>5</MaxAgeInSeconds>
        <ExposedHeaders></ExposedHeaders>
        <AllowedHeaders>x-ms-meta-source*,x-ms-meta-abc</AllowedHeaders>
    </CorsRule>
    <CorsRule>
        <AllowedOrigins>http://www.contoso.com</AllowedOrigins>
        <AllowedMethods>POST</AllowedMethods>
        <MaxAgeInSeconds>5</MaxAgeInSeconds>
    </CorsRule>
</Cors>";

#[test]
fn bicep_is_listed_as_not_read() {
    let model = model("azure", "main.bicep", "resource b 'Microsoft.Storage' = { properties: { cors: {} } }");
    assert_eq!(unread(&model), [("Bicep is not read: `bicep build` makes a template of it", "")]);
    assert!(model.scopes.is_empty());
}

#[test]
fn a_file_without_resources_is_listed() {
    let text = r#"{"cors": {"corsRules": [{"AllowedOrigins": ["*"], "MaxAgeInSeconds": 1}]}}"#;
    let model = model("azure", "service.json", text);
    assert_eq!(unread(&model)[0].0, "`cors` of the file is not modelled");
}

#[test]
fn rules_are_tried_in_order() {
    let model = model("azure", "cors.xml", RULES);
    assert_eq!(names(&model), ["the service, PUT, GET", "the service, POST"]);
    assert_eq!(may(&model, "GET", "http://www.contoso.com"), EVERYTHING);
    assert_eq!(may(&model, "GET", "http://www.fabrikam.com"), EVERYTHING);
    assert_eq!(may(&model, "GET", "http://www.northwind.example"), PUBLIC);
    assert_eq!(preflight_may(&model, "GET", "http://www.northwind.example"), EVERYTHING);
    assert_eq!(may(&model, "POST", "http://www.contoso.com"), EVERYTHING);
    assert_eq!(may(&model, "POST", "http://www.contoso.com:8080"), NOTHING);
    assert_eq!(may(&model, "POST", "http://www.fabrikam.com"), NOTHING);
    assert_eq!(unread(&model), []);
}

#[test]
fn templates_have_services_and_apps() {
    let text = r#"{
      "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
      "resources": [
        {
          "type": "Microsoft.Storage/storageAccounts", "name": "store",
          "resources": [{
            "type": "blobServices", "name": "default",
            "properties": {"cors": {"corsRules": [{
              "allowedOrigins": ["https://www.contoso.com", "[parameters('origin')]"],
              "allowedMethods": ["GET"], "maxAgeInSeconds": 60, "exposedHeaders": ["*"], "allowedHeaders": ["*"]
            }]}}
          }]
        },
        {
          "type": "Microsoft.Web/sites", "name": "app",
          "properties": {"siteConfig": {"cors":
            {"allowedOrigins": ["https://www.contoso.com"], "supportCredentials": true}}}
        },
        {
          "type": "Microsoft.Web/sites/config", "name": "open/web",
          "properties": {"cors": {"allowedOrigins": ["*"]}}
        },
        {
          "type": "Microsoft.ApiManagement/service/policies", "name": "policy",
          "properties": {"value": "<cors/>", "corsPolicy": true}
        }
      ]
    }"#;
    let model = model("azure", "azuredeploy.json", text);
    let blob = "blobServices default, GET";
    assert_eq!(may(&model, blob, "https://www.contoso.com"), EVERYTHING);
    assert_eq!(may(&model, blob, "https://evil.net"), NOT_KNOWN);
    assert_eq!(may(&model, "sites app", "https://www.contoso.com"), EVERYTHING);
    assert_eq!(may(&model, "sites app", "https://evil.net"), NOTHING);
    assert_eq!(may(&model, "open/web", "https://evil.net"), PUBLIC);
    let reasons: Vec<_> = unread(&model).into_iter().map(|(reason, _)| reason).collect();
    assert_eq!(
        reasons,
        [
            "`[parameters('origin')]` is computed",
            "`corsPolicy` of Microsoft.ApiManagement/service/policies policy is not modelled",
        ]
    );
}

#[test]
fn a_star_within_is_any_run_and_upper_case_is_not_known() {
    let rule = r#"[{"AllowedOrigins": "https://App.example,https://*.contoso.com", "AllowedMethods": "GET",
        "AllowedHeaders": "*", "ExposedHeaders": "*", "MaxAgeInSeconds": 60, "Service": "blob"}]"#;
    let model = model("azure", "cors.json", rule);
    assert_eq!(may(&model, "GET", "https://app.example"), NOT_KNOWN);
    assert_eq!(may(&model, "GET", "https://app.example:1"), NOTHING);
    assert_eq!(may(&model, "GET", "https://a.contoso.com"), EVERYTHING);
    assert_eq!(may(&model, "GET", "https://contoso.com"), NOTHING);
    assert_eq!(unread(&model), []);
}

#[test]
fn a_star_beside_others_may_let_everyone_send_credentials() {
    let rule =
        r#"[{"AllowedOrigins": "*,https://a.example", "AllowedMethods": "GET", "MaxAgeInSeconds": 60}]"#;
    let model = model("azure", "cors.json", rule);
    assert_eq!(may(&model, "GET", "https://a.example"), (Truth::True, Truth::Unknown));
    assert_eq!(may(&model, "GET", "https://evil.net"), (Truth::True, Truth::Unknown));
}
