//! The large clouds' services: S3, API Gateway, Azure Storage, Cloud Storage.
//!
//! None of them can be run here. What their documentation says is cited in the module of each;
//! where it says nothing, the model is opaque, or wide where both readings admit. [`node`]
//! brings JSON, YAML, XML and Terraform into one form; templates of `CloudFormation` and ARM have
//! many services in one file.

mod api_gateway;
mod arm;
mod azure;
mod cloudformation;
mod gcs;
mod node;
mod notes;
mod origin;
mod rule;
mod s3;
pub(crate) mod terraform;
mod xml;

use corsac_analysis::model::Model;
use corsac_diagnostics::Source;

use crate::{Includes, Unreadable, tree};
use node::{Kind, Node};
pub(crate) use notes::{Notes, Text};

/// The bucket's name is not in its configuration.
const BUCKET: &str = "the bucket";

pub(crate) fn likeness_s3(_: &str, text: &str) -> u8 {
    let is_list = text.contains("\"CORSRules\"") || text.trim_start().starts_with('[');
    let json = text.contains("\"AllowedOrigins\"") && text.contains("\"AllowedMethods\"");
    likely(text.contains("<CORSConfiguration") || is_list && json && !text.contains("InSeconds"), 70)
}

pub(crate) fn read_s3(source: Source, _: &dyn Includes) -> Result<Model, Unreadable> {
    let names = if is_xml(source.text()) { &s3::XML } else { &s3::JSON };
    read(source, |root, notes| {
        let node = root.get("CORSConfiguration").unwrap_or(&root);
        if matches!(node.kind, Kind::Map(_)) && node.items(names.rules).is_empty() {
            notes.unread(Some(&node.place), format!("there is no `{}`", names.rules));
        }
        s3::bucket(BUCKET, node, names, notes);
    })
}

pub(crate) fn likeness_api_gateway(_: &str, text: &str) -> u8 {
    let is_description = text.contains("openapi") || text.contains("swagger");
    likely(is_description && text.contains(cloudformation::OPEN_API_KEY), 70)
}

pub(crate) fn read_api_gateway(source: Source, _: &dyn Includes) -> Result<Model, Unreadable> {
    read(source, |root, notes| {
        if cloudformation::open_api("the API", &root, notes).is_none() {
            notes.unread(Some(&root.place), format!("there is no `{}`", cloudformation::OPEN_API_KEY));
        }
    })
}

pub(crate) fn likeness_cloudformation(name: &str, text: &str) -> u8 {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    if !matches!(ending, "json" | "template" | "yaml" | "yml") {
        return 0;
    }
    let types = ["AWS::S3::", "AWS::ApiGateway", "AWS::Serverless::", "AWS::Lambda::"];
    likely(text.contains("Resources") && types.iter().any(|kind| text.contains(kind)), 97)
}

pub(crate) fn read_cloudformation(source: Source, _: &dyn Includes) -> Result<Model, Unreadable> {
    read(source, |root, notes| cloudformation::template(&root, notes))
}

pub(crate) fn likeness_azure(name: &str, text: &str) -> u8 {
    if is_bicep(name) {
        return likely(text.contains("cors"), 80);
    }
    let template = text.contains("Microsoft.Storage/storageAccounts") || text.contains("Microsoft.Web/sites");
    let rules = text.contains("AllowedOrigins") && text.contains("MaxAgeInSeconds");
    likely(rules || template && text.contains("\"resources\""), 70)
}

fn is_bicep(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| ending == "bicep")
}

pub(crate) fn read_azure(source: Source, _: &dyn Includes) -> Result<Model, Unreadable> {
    if is_bicep(source.name()) {
        let mut notes = Notes::default();
        notes.unread(None, "Bicep is not read: `bicep build` makes a template of it");
        return Ok(notes.into_model(source));
    }
    read(source, |root, notes| {
        let xml = root.get("Cors").or_else(|| root.at(&["StorageServiceProperties", "Cors"]));
        match (&root.kind, xml) {
            (_, Some(cors)) => azure::storage("the service", &cors.items("CorsRule"), &azure::REST, notes),
            (Kind::Map(_), None) => arm::template(root, notes),
            _ => azure::storage("the service", &root.flat(), &azure::REST, notes),
        }
    })
}

pub(crate) fn likeness_gcs(_: &str, text: &str) -> u8 {
    let lifecycle = text.contains("\"responseHeader\"") || text.contains("\"maxAgeSeconds\"");
    likely(lifecycle && text.contains("\"origin\"") && text.contains("\"method\""), 70)
}

pub(crate) fn read_gcs(source: Source, _: &dyn Includes) -> Result<Model, Unreadable> {
    read(source, |root, notes| {
        let entries = if matches!(root.kind, Kind::Map(_)) { root.items("cors") } else { root.flat() };
        if entries.is_empty() {
            notes.mentions(&root, "the file");
        }
        gcs::bucket(BUCKET, &entries, &gcs::JSON, notes);
    })
}

fn is_xml(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with('<')
}

fn likely(is: bool, likeness: u8) -> u8 {
    if is { likeness } else { 0 }
}

/// Reads JSON, YAML or XML and hands over each document.
fn read(source: Source, each: impl Fn(Node, &mut Notes)) -> Result<Model, Unreadable> {
    let mut notes = Notes::default();
    if is_xml(source.text()) {
        each(xml::read(source.text())?, &mut notes);
    } else {
        let tree = tree::read(source.text(), tree::notation(source.name(), source.text()))?;
        notes.unread.extend(tree.unread);
        for document in &tree.documents {
            each(Node::of_tree(document), &mut notes);
        }
    }
    Ok(notes.into_model(source))
}
