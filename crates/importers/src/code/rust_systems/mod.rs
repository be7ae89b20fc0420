//! Rust: tower-http's `CorsLayer` and actix-cors.

mod actix_cors;
mod chain;
mod tower_http;
mod uses;
mod value;

use std::collections::HashSet;

use corsac_analysis::model::Model;
use corsac_diagnostics::Source;

use super::answers::{self, Reading};
use super::program::SiteKind;
use super::syntax::{Language, extension};
use crate::{Includes, Unreadable};
use chain::Chain;
use uses::Uses;

pub(crate) fn likeness(name: &str, text: &str) -> u8 {
    let named = ["CorsLayer", "actix_cors", "tower_http::cors"].iter().any(|word| text.contains(word));
    if extension(name) == "rs" && named { 85 } else { 0 }
}

pub(crate) fn read(source: Source, _: &dyn Includes) -> Result<Model, Unreadable> {
    answers::read(Language::Rust, source, layers)
}

fn layers(reading: &mut Reading<'_, '_>) {
    let mut seen = HashSet::new();
    let Some(first) = reading.program.sites.first() else { return };
    let uses = Uses::new(first.node, reading.program.source);
    for site in reading.program.sites.clone() {
        if site.kind != SiteKind::Call || seen.contains(&site.node.id()) {
            continue;
        }
        let chain = Chain::of(reading, site.node, &mut seen);
        let Some(base) = chain.base.as_ref().and_then(|base| chain::path(reading, base)) else { continue };
        let base: Vec<&str> = base.iter().map(String::as_str).collect();
        let known = match base.as_slice() {
            [.., "CorsLayer", start] => Some((Kind::Tower, (*start).to_owned())),
            // `Cors` of tower-http takes the service that it wraps.
            [.., "Cors", start @ ("default" | "permissive")] if chain.given == 0 => {
                Some((Kind::Actix, (*start).to_owned()))
            }
            [.., "Cors", start @ ("new" | "permissive" | "very_permissive")] if chain.given == 1 => {
                Some((Kind::Tower, (*start).to_owned()))
            }
            _ => None,
        };
        let Some((kind, start)) = known else { continue };
        if site.around.conditional {
            reading.unread(site.node.byte_range(), "it is built under a condition".to_owned());
        }
        if let Some(reason) = chain.goes_on(site.node, &uses) {
            chain::opaque_scope(reading, &chain, &reason);
            continue;
        }
        match kind {
            Kind::Tower => tower_http::scope(reading, &chain, &start),
            Kind::Actix => actix_cors::scope(reading, &chain, &start),
        }
    }
}

/// Whose builder it is.
enum Kind {
    Actix,
    Tower,
}
