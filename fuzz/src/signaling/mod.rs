//! What peers send through signaling.

mod candidate;
#[path = "../../../crates/signaling/tests/sdp/naive.rs"]
mod naive;
mod sdp;

pub use candidate::candidate;
pub use sdp::sdp;

use corsac_signaling::Refusal;

/// A refusal goes to whoever sent the text: it is short, one line, and repeats nothing of it.
fn check_refusal(refusal: &Refusal) {
    assert!(refusal.detail.len() < 100, "{refusal}");
    assert!(!refusal.detail.contains(char::is_control), "{refusal:?}");
    assert!(refusal.code.close().is_none(), "{refusal}");
}
