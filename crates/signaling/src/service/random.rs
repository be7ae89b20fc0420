//! Random names, from the system.

use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::code::{Code, Refusal};

/// Random bytes.
///
/// # Errors
///
/// The system has none. Nothing that depends on them may go on.
pub(super) fn bytes<const N: usize>() -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| Refusal::new(Code::Drain, "the server has no randomness"))?;
    Ok(bytes)
}

/// A name of `N` random bytes, base64url.
///
/// # Errors
///
/// As in [`bytes()`].
pub(super) fn name<const N: usize>() -> Result<String, Refusal> {
    Ok(URL_SAFE_NO_PAD.encode(bytes::<N>()?))
}
