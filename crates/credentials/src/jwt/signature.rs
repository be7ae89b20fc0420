//! The only file that knows the cryptographic library.
//!
//! Keys are parsed once. A library above this one (`jsonwebtoken`) parses them for every
//! signature, which for RSA alone is a seventh of the time; tests hold the two against
//! each other.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, VerificationAlgorithm,
};

use crate::jwt::algorithm::Algorithm;

/// A key, ready to verify with one algorithm.
pub(crate) enum Verifier {
    Public(ParsedPublicKey),
    Secret(Box<hmac::Key>),
}

impl Verifier {
    /// `bytes`: an uncompressed point, 32 bytes of Ed25519, `RSAPublicKey` in DER, or a
    /// secret. `None`: not a key of the algorithm, for instance a point off its curve.
    pub(crate) fn new(algorithm: Algorithm, bytes: &[u8]) -> Option<Self> {
        let secret = |hash, bytes| Self::Secret(Box::new(hmac::Key::new(hash, bytes)));
        let parameters: &'static dyn VerificationAlgorithm = match algorithm {
            Algorithm::EdDsa => &ED25519,
            Algorithm::Es256 => &ECDSA_P256_SHA256_FIXED,
            Algorithm::Es384 => &ECDSA_P384_SHA384_FIXED,
            Algorithm::Hs256 => return Some(secret(hmac::HMAC_SHA256, bytes)),
            Algorithm::Hs384 => return Some(secret(hmac::HMAC_SHA384, bytes)),
            Algorithm::Hs512 => return Some(secret(hmac::HMAC_SHA512, bytes)),
            Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
            Algorithm::Ps384 => &RSA_PSS_2048_8192_SHA384,
            Algorithm::Ps512 => &RSA_PSS_2048_8192_SHA512,
            Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
            Algorithm::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
            Algorithm::Rs512 => &RSA_PKCS1_2048_8192_SHA512,
        };
        ParsedPublicKey::new(parameters, bytes).ok().map(Self::Public)
    }

    pub(crate) fn holds(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Public(key) => key.verify_sig(message, signature).is_ok(),
            Self::Secret(key) => hmac::verify(key, message, signature).is_ok(),
        }
    }
}

/// Nothing of the key.
impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public(_) => "Public",
            Self::Secret(_) => "Secret",
        })
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.iter_mut().zip(digest(&SHA256, bytes).as_ref()).for_each(|(to, from)| *to = *from);
    hash
}

/// `RSAPublicKey` (RFC 8017, appendix A.1.1) of two numbers without leading zeros.
pub(crate) fn rsa_der(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    const INTEGER: u8 = 2;
    const SEQUENCE: u8 = 0x30;
    let mut numbers = Vec::with_capacity(modulus.len() + exponent.len() + 16);
    for number in [modulus, exponent] {
        // A number whose first bit is set would be negative.
        let sign: &[u8] = if number.first().is_some_and(|byte| *byte >= 0x80) { &[0] } else { &[] };
        push_der(&mut numbers, INTEGER, &[sign, number].concat());
    }
    let mut der = Vec::with_capacity(numbers.len() + 4);
    push_der(&mut der, SEQUENCE, &numbers);
    der
}

/// Of up to 65,535 bytes; a longer key was refused before.
fn push_der(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX);
    let [high, low] = length.to_be_bytes();
    out.push(tag);
    match length {
        0..=0x7f => out.push(low),
        0x80..=0xff => out.extend([0x81, low]),
        _ => out.extend([0x82, high, low]),
    }
    out.extend_from_slice(content);
}
