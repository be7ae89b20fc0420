//! AWS `CloudFormation` and SAM templates: buckets, HTTP APIs and function URLs of one file.
//!
//! Resources of other types that speak of CORS are listed, not modelled.

use super::api_gateway::{self, Product, Spelling};
use super::node::{Kind, Node};
use super::notes::Notes;
use super::s3;

/// A template's resources, and SAM's `Globals`.
pub(super) fn template(root: &Node, notes: &mut Notes) {
    if root.get("Resources").is_none() {
        notes.mentions(root, "the file");
    }
    if let Some(Kind::Opaque(reason)) = root.get("Resources").map(|node| &node.kind) {
        notes.unread(Some(&root.place), reason.clone());
    }
    for (name, resource) in root.get("Resources").map_or(&[][..], Node::entries) {
        let kind = resource.get("Type").and_then(Node::text).unwrap_or_default();
        self::resource(&format!("{kind} {name}"), kind, resource, notes);
    }
    let globals = [
        ("Globals HttpApi", ["HttpApi", "CorsConfiguration"].as_slice(), Product::HttpApi),
        ("Globals Function", &["Function", "FunctionUrlConfig", "Cors"], Product::FunctionUrl),
    ];
    for (name, path, product) in globals {
        let node = root.get("Globals").and_then(|globals| globals.at(path));
        if let Some(node) = node.filter(|node| !matches!(node.kind, Kind::Null)) {
            serverless(name, node, product, notes);
        }
    }
    if let Some(node) = root.at(&["Globals", "Api", "Cors"]) {
        notes.unread(Some(&node.place), "CORS of REST APIs (`Globals`, `Api`) is not modelled");
    }
}

fn resource(name: &str, kind: &str, resource: &Node, notes: &mut Notes) {
    let Some(properties) = resource.get("Properties") else {
        if matches!(resource.kind, Kind::List(_)) {
            // `Fn::ForEach::…`
            notes.unread(Some(&resource.place), format!("{} is a loop", name.trim_start()));
        }
        notes.mentions(resource, name);
        return;
    };
    let set = |path: &[&str]| properties.at(path).filter(|node| !matches!(node.kind, Kind::Null));
    let modelled = match kind {
        "AWS::S3::Bucket" => {
            set(&["CorsConfiguration"]).map(|node| s3::bucket(name, node, &s3::CLOUDFORMATION, notes))
        }
        "AWS::ApiGatewayV2::Api" => set(&["CorsConfiguration"])
            .map(|node| api_gateway::api(name, node, Product::HttpApi, Spelling::Pascal, notes))
            .or_else(|| set(&["Body"]).and_then(|body| open_api(name, body, notes))),
        "AWS::Serverless::HttpApi" => set(&["CorsConfiguration"])
            .map(|node| serverless(name, node, Product::HttpApi, notes))
            .or_else(|| set(&["DefinitionBody"]).and_then(|body| open_api(name, body, notes))),
        "AWS::Lambda::Url" => set(&["Cors"])
            .map(|node| api_gateway::api(name, node, Product::FunctionUrl, Spelling::Pascal, notes)),
        "AWS::Serverless::Function" => set(&["FunctionUrlConfig", "Cors"])
            .map(|node| serverless(name, node, Product::FunctionUrl, notes)),
        _ => None,
    };
    if modelled.is_none() {
        notes.mentions(resource, name);
    }
}

/// SAM's `CorsConfiguration`, of which `true` allows everyone (SAM, `HttpApi`).
fn serverless(name: &str, node: &Node, product: Product, notes: &mut Notes) {
    match node.text() {
        Some("false") => {}
        Some("true") => {
            let star = Node { kind: Kind::Text("*".to_owned()), place: node.place.clone() };
            let kind = Kind::Map(vec![("AllowOrigins".to_owned(), star)]);
            let everyone = Node { kind, place: node.place.clone() };
            api_gateway::api(name, &everyone, product, Spelling::Pascal, notes);
        }
        _ => api_gateway::api(name, node, product, Spelling::Pascal, notes),
    }
}

/// The extension of an OpenAPI description.
pub(super) fn open_api(name: &str, root: &Node, notes: &mut Notes) -> Option<()> {
    let node = root.get(OPEN_API_KEY)?;
    api_gateway::api(name, node, Product::HttpApi, Spelling::Camel, notes);
    Some(())
}

/// Where an OpenAPI description has the configuration of an HTTP API.
pub(super) const OPEN_API_KEY: &str = "x-amazon-apigateway-cors";
