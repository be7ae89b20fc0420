//! `decide`, the layer and `OriginSet` beside tower-http's and actix-cors's CORS, rate
//! limits beside governor's, JWTs beside the signature alone and jsonwebtoken: the same
//! service, the same requests, one process, alternating. And what an event costs, a
//! question about origins, and the policy of signaling.
//!
//! ```sh
//! cargo run --release -p corsac-benches            # all
//! cargo run --release -p corsac-benches -- layer   # one group
//! ```
//!
//! A figure is the least of many batches, which a noisy machine disturbs least, less the
//! cost of the same call without CORS. Allocations are exact.
#![forbid(unsafe_code)]

mod actix;
mod clones;
mod decide;
mod descriptions;
mod events;
mod layer;
mod measure;
mod origins;
mod rate_limit;
mod requests;
mod token;
mod tower_http_cors;

use measure::Table;
use origins::{prover, set};

type Group = fn() -> Table;

fn main() {
    let wanted = std::env::args().nth(1);
    let groups: [(&str, Group); 9] = [
        ("layer", layer::run),
        ("decide", decide::run),
        ("set", set::run),
        ("clone", clones::run),
        ("rate-limit", rate_limit::run),
        ("events", events::run),
        ("token", token::run),
        ("prover", prover::run),
        ("sdp", descriptions::run),
    ];
    for (name, run) in groups {
        if wanted.as_deref().is_none_or(|wanted| wanted == name) {
            run().print();
        }
    }
}
