//! Samples: the providers' pages in the Terraform registry.

use corsac_analysis::model::Truth;

use super::{EVERYTHING, NOT_KNOWN, NOTHING, PUBLIC, may, model, names, unread};

const AWS: &str = r#"
resource "aws_s3_bucket" "example" {
  bucket = "mybucket" # a comment with "quotes" {
}

resource "aws_s3_bucket_cors_configuration" "example" {
  bucket = aws_s3_bucket.example.id

  cors_rule {
    allowed_headers = ["*"]
    allowed_methods = ["PUT", "POST"]
    allowed_origins = ["https://s3-website-test.hashicorp.com"]
    expose_headers  = ["ETag"]
    max_age_seconds = 3000
  }

  cors_rule {
    allowed_methods = ["GET"]
    allowed_origins = [
      "*", // trailing comma and comment
    ]
  }
}

resource "aws_s3_bucket" "old" {
  cors_rule {
    allowed_methods = ["GET"]
    allowed_origins = ["https://${var.domain}", "https://$${plain}.example", var.more]
  }
}

resource "aws_apigatewayv2_api" "api" {
  name          = "example"
  protocol_type = "HTTP"
  cors_configuration {
    allow_credentials = true
    allow_origins     = ["https://app.example.com", "https://*"]
    allow_headers     = ["authorization"]
  }
}

resource "aws_lambda_function_url" "test_live" {
  function_name      = aws_lambda_function.test.function_name
  cors {
    allow_credentials = true
    allow_origins     = ["https://app.example.com"]
    allow_methods     = ["*"]
    max_age           = 86400
  }
}
"#;

#[test]
fn amazon() {
    let model = model("terraform", "main.tf", AWS);
    let cors = "cors_configuration example";
    assert_eq!(may(&model, &format!("{cors}, PUT"), "https://s3-website-test.hashicorp.com"), EVERYTHING);
    assert_eq!(may(&model, &format!("{cors}, PUT"), "https://hashicorp.com"), NOTHING);
    assert_eq!(may(&model, &format!("{cors}, GET"), "https://evil.net"), PUBLIC);
    assert_eq!(may(&model, "bucket old", "https://evil.net"), NOT_KNOWN);
    assert_eq!(may(&model, "api api", "https://evil.net"), EVERYTHING);
    assert_eq!(may(&model, "api api", "http://app.example.com"), NOTHING);
    assert_eq!(may(&model, "url test_live", "https://app.example.com"), EVERYTHING);
    assert_eq!(may(&model, "url test_live", "https://evil.net"), NOTHING);
    let expected = [
        (r#"`"https://${var.domain}"` is computed"#, r#""https://${var.domain}""#),
        ("`var.more` is computed", "var.more"),
    ];
    assert_eq!(unread(&model), expected);
}

#[test]
fn others() {
    let text = r#"
resource "google_storage_bucket" "static-site" {
  name = "image-store.com"
  cors {
    origin          = ["http://image-store.com"]
    method          = ["GET", "HEAD", "PUT", "POST", "DELETE"]
    response_header = ["*"]
    max_age_seconds = 3600
  }
}

resource "azurerm_storage_account" "example" {
  blob_properties {
    versioning_enabled = true
    cors_rule {
      allowed_headers    = ["*"]
      allowed_methods    = ["GET"]
      allowed_origins    = ["https://www.contoso.com"]
      exposed_headers    = ["*"]
      max_age_in_seconds = 3600
    }
  }
}

resource "azurerm_linux_web_app" "example" {
  site_config {
    cors {
      allowed_origins     = ["*"]
      support_credentials = true
    }
  }
}
"#;
    let model = model("terraform", "main.tf", text);
    assert_eq!(names(&model).len(), 3);
    assert_eq!(may(&model, "static-site", "http://image-store.com"), PUBLIC);
    assert_eq!(may(&model, "static-site", "https://image-store.com"), NOTHING);
    assert_eq!(may(&model, "blob_properties", "https://www.contoso.com"), EVERYTHING);
    assert_eq!(may(&model, "blob_properties", "https://contoso.com"), NOTHING);
    assert_eq!(may(&model, "web_app", "https://evil.net"), NOT_KNOWN);
    assert_eq!(unread(&model), []);
}

#[test]
fn what_is_computed_is_opaque_and_listed() {
    let text = r#"
locals { cors_origins = ["https://a.example"] }
resource "aws_s3_bucket" "rules" {
  dynamic "cors_rule" {
    for_each = var.rules
    content { allowed_origins = cors_rule.value }
  }
}
resource "aws_s3_bucket_cors_configuration" "list" {
  cors_rule {
    allowed_methods = concat(["GET"], var.methods)
    allowed_origins = [for d in var.domains : "https://${d}"]
  }
}
resource "aws_apigatewayv2_api" "body" {
  body = jsonencode({
    "x-amazon-apigateway-cors" = { allowOrigins = ["*"] }
  })
}
module "bucket" {
  source    = "terraform-aws-modules/s3-bucket/aws"
  cors_rule = jsonencode([{ allowed_origins = ["*"] }])
}
"#;
    let model = model("terraform", "main.tf", text);
    for scope in ["bucket rules", "configuration list"] {
        assert_eq!(may(&model, scope, "https://evil.net"), NOT_KNOWN, "{scope}");
    }
    let reasons: Vec<_> = unread(&model).into_iter().map(|(reason, _)| reason).collect();
    assert!(reasons.contains(&"`dynamic` blocks are computed"), "{reasons:?}");
    assert!(
        reasons.contains(&"aws_apigatewayv2_api body: `jsonencode({` is computed and speaks of CORS"),
        "{reasons:?}"
    );
    assert!(reasons.contains(&"`cors_rule` of module is not modelled"), "{reasons:?}");
    assert!(reasons.contains(&"`cors_origins` of locals is not modelled"), "{reasons:?}");
}

#[test]
fn json_is_the_same() {
    let text = r#"{"resource": {"google_storage_bucket": {"b": {"cors": [
        {"origin": ["https://a.example", "${var.b}"], "method": ["GET"]}]}}}}"#;
    let model = model("terraform", "main.tf.json", text);
    assert_eq!(may(&model, "bucket b", "https://a.example"), PUBLIC);
    assert_eq!(may(&model, "bucket b", "https://b.example"), (Truth::Unknown, Truth::Unknown));
}
