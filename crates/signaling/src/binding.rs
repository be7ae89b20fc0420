//! What the server looks at of the signature over a description.
//!
//! That it is there, and that the description's certificates are the ones that the token names. It
//! does not verify the signature, although it knows the key: the receiver has to do that itself,
//! since this very server is what it must not trust, and the protocol has no code for a signature
//! that is wrong. A server that verified would pay an operation on a curve for every description
//! and protect nobody; it could only lead receivers to rely on it.

use crate::code::{Code, Refusal};
use crate::ticket::Access;

/// Bytes of a `bind`. With sixteen fingerprints it has some 3 KiB.
const MAX_BIND_BYTES: usize = 8 * 1024;

/// Checks the `bind` of a description, of which `fingerprints` are hashes by name and their bytes.
/// All of them must be in `mky`, where the token has one.
///
/// # Errors
///
/// [`Code::NoBind`] where it is empty or too long; [`Code::FingerprintToken`] where the token names
/// certificates, and not this one.
pub fn check_bind<'f>(
    bind: &str,
    fingerprints: impl IntoIterator<Item = (&'f str, &'f [u8])>,
    access: &Access,
) -> Result<(), Refusal> {
    if bind.is_empty() || bind.len() > MAX_BIND_BYTES {
        return Err(Refusal::new(Code::NoBind, "a description needs its signature"));
    }
    let Some(named) = &access.media_keys else { return Ok(()) };
    if fingerprints.into_iter().all(|(hash, digest)| named.contains(hash, digest)) {
        return Ok(());
    }
    Err(Refusal::new(Code::FingerprintToken, "the token names other certificates"))
}
