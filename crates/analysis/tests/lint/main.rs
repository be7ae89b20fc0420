//! Lint rules over models: each finds its mistake, and not the nearest right thing.
#![cfg(test)]

mod cases;
mod documented;
mod human;
mod notation;
mod suppressions;
mod volume;

use std::sync::LazyLock;

use corsac_analysis::lint::{Finding, Options, lint};
use corsac_analysis::model::Model;
use corsac_analysis::question::Prover;
use corsac_origin::PublicSuffixList;

fn options(intended: &[&str]) -> Options {
    Options { intended: intended.iter().map(|name| (*name).to_owned()).collect() }
}

fn findings(model: &Model, intended: &[&str]) -> Vec<Finding> {
    static PROVER: LazyLock<Prover<'static>> = LazyLock::new(|| Prover::new(PublicSuffixList::embedded()));
    lint(model, &PROVER, &options(intended))
}

/// The ids of what is found in a text, in order.
fn ids(text: &str, intended: &[&str]) -> Vec<&'static str> {
    let model = notation::read("server.conf", text);
    findings(&model, intended).iter().map(|finding| finding.diagnostic.rule.id).collect()
}
