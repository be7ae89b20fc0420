//! Terraform: buckets, accounts, APIs and apps of one file, in HCL or its JSON form.
//!
//! Only what is written out is known: variables, locals, functions, interpolations and
//! `dynamic` blocks are opaque. Resources and modules of other types that speak of CORS are
//! listed, not modelled. Names of types and arguments are those of the providers' pages in the
//! Terraform registry.

mod hcl;
mod token;

use corsac_analysis::model::Model;
use corsac_diagnostics::{Source, excerpt};

use super::api_gateway::{self, Product, Spelling};
use super::node::{Kind, Node};
use super::notes::{ALLOW_ORIGIN, Notes};
use super::{azure, gcs, s3};
use crate::{Includes, Unreadable, tree};

pub(crate) fn likeness(name: &str, text: &str) -> u8 {
    let stem = name.strip_suffix(".json").unwrap_or(name);
    let named = stem.rsplit_once('.').is_some_and(|(_, ending)| ending == "tf");
    match (named, text.contains("cors")) {
        (true, true) => 98,
        (true, false) => 50,
        _ => 0,
    }
}

pub(crate) fn read(source: Source, _: &dyn Includes) -> Result<Model, Unreadable> {
    let mut notes = Notes::default();
    let root = if source.text().trim_start().starts_with('{') {
        let tree = tree::read(source.text(), tree::Notation::Json)?;
        notes.unread.extend(tree.unread);
        tree.documents.first().map_or(Node::new(Kind::Null, 0, 0..0), Node::of_tree)
    } else {
        hcl::read(source.text())?
    };
    for (kind, name, resource) in labelled(&root, "resource") {
        self::resource(kind, &format!("{kind} {name}"), resource, &mut notes);
    }
    for (key, node) in root.entries() {
        if key != "resource" {
            notes.mentions(node, key);
        }
    }
    Ok(notes.into_model(source))
}

/// Blocks with two labels.
fn labelled<'n>(root: &'n Node, block: &str) -> Vec<(&'n str, &'n str, &'n Node)> {
    let mut found = Vec::new();
    for (kind, named) in root.items(block).into_iter().flat_map(Node::entries) {
        for (name, bodies) in named.entries() {
            found.extend(bodies.flat().into_iter().map(|body| (kind.as_str(), name.as_str(), body)));
        }
    }
    found
}

fn resource(kind: &str, name: &str, node: &Node, notes: &mut Notes) {
    let block = |key: &str| node.items(key).first().copied();
    match kind {
        "aws_s3_bucket" | "aws_s3_bucket_cors_configuration" if block("cors_rule").is_some() => {
            s3::bucket(name, node, &s3::TERRAFORM, notes);
        }
        "aws_apigatewayv2_api" if block("cors_configuration").is_some() => {
            api(name, node, "cors_configuration", Product::HttpApi, notes);
        }
        "aws_lambda_function_url" if block("cors").is_some() => {
            api(name, node, "cors", Product::FunctionUrl, notes);
        }
        "google_storage_bucket" if block("cors").is_some() => {
            gcs::bucket(name, &node.items("cors"), &gcs::TERRAFORM, notes);
        }
        _ if kind.starts_with("azurerm_storage_account") => storage_account(name, node, notes),
        _ if is_app(kind) => app(name, node, notes),
        _ => notes.mentions(node, name),
    }
}

fn api(name: &str, node: &Node, block: &str, product: Product, notes: &mut Notes) {
    for block in node.items(block) {
        api_gateway::api(name, block, product, Spelling::Snake, notes);
    }
}

/// An account's services each have a block with rules; a resource of its own for one service
/// has the rules itself.
fn storage_account(name: &str, node: &Node, notes: &mut Notes) {
    for (key, service) in node.entries() {
        let rules = service.items("cors_rule");
        if key.ends_with("_properties") && !rules.is_empty() {
            azure::storage(&format!("{name}, {key}"), &rules, &azure::TERRAFORM, notes);
        } else if key != "cors_rule" {
            notes.mentions(service, name);
        }
    }
    let rules = node.items("cors_rule");
    if !rules.is_empty() {
        azure::storage(name, &rules, &azure::TERRAFORM, notes);
    }
}

fn is_app(kind: &str) -> bool {
    let bare = kind.strip_suffix("_slot").unwrap_or(kind);
    matches!(
        bare,
        "azurerm_app_service"
            | "azurerm_function_app"
            | "azurerm_function_app_flex_consumption"
            | "azurerm_linux_function_app"
            | "azurerm_linux_web_app"
            | "azurerm_windows_function_app"
            | "azurerm_windows_web_app"
    )
}

fn app(name: &str, node: &Node, notes: &mut Notes) {
    let blocks: Vec<&Node> = node.items("site_config").iter().flat_map(|site| site.items("cors")).collect();
    for block in &blocks {
        azure::app(name, block, &azure::APP_TERRAFORM, notes);
    }
    if blocks.is_empty() {
        notes.mentions(node, name);
    }
}

/// The reason of what is computed. That it speaks of CORS is said even where that is far in.
fn computed(written: &str) -> String {
    let lower = written.to_ascii_lowercase();
    let of_cors =
        if lower.contains("cors") || lower.contains(ALLOW_ORIGIN) { " and speaks of CORS" } else { "" };
    format!("`{}` is computed{of_cors}", excerpt(written.trim().lines().next().unwrap_or_default()))
}
