//! Readers of gateways against the programs: Envoy itself, and nginx with the configuration that
//! ingress-nginx would write.
//!
//! The other gateways are in no registry that tests may use; their readers are tested on the
//! documentation's samples, see `tests/gateways`.
#![cfg(test)]

mod chosen;
mod envoy;
mod http;
mod ingress_nginx;
mod krakend;
mod programs;

use corsac_analysis::model::{Answer, Credentials, Truth};

use http::Response;

/// How many comparisons there were.
#[derive(Default, Debug)]
struct Tally {
    configurations: usize,
    comparisons: usize,
    admitted: usize,
    unknown: usize,
}

impl Tally {
    /// Compares what `answer` predicts for `origin` with a response, in both credentials modes.
    fn compare(&mut self, answer: &Answer, origin: &str, response: &Response, context: &str) {
        for credentials in [Credentials::Omitted, Credentials::Included] {
            self.comparisons += 1;
            let reads = response.lets_read(origin, credentials);
            self.admitted += usize::from(reads);
            match answer.lets_read(origin, credentials) {
                Truth::Unknown => self.unknown += 1,
                truth => assert_eq!(
                    truth == Truth::True,
                    reads,
                    "{origin} {credentials:?}\n{context}\n{:?}\n{answer:#?}",
                    response.fields
                ),
            }
        }
    }

    fn done(&self, name: &str) {
        println!("{name}: {self:?}");
        assert_eq!(self.unknown, 0, "every prediction is known");
        assert!(self.admitted > self.comparisons / 50, "hardly anything is admitted: {self:?}");
    }
}

/// Whether all configurations are to be tried, not a sample.
fn long() -> bool {
    std::env::var_os("CORSAC_LONG").is_some()
}
