//! One key (RFC 7517, section 4): admitted for one algorithm, or rejected with its reason.

use std::fmt;

use secrecy::zeroize::Zeroizing;

use crate::json::{Json, Object};
use crate::jwks::KeyRules;
use crate::jwt::algorithm::{Algorithm, Family};
use crate::jwt::header::MAX_KEY_ID_BYTES;
use crate::jwt::signature::{Verifier, rsa_der};
use crate::text::{Base64Mistake, base64url, excerpt, to_hex};

/// NIST SP 800-131A: shorter RSA keys are no longer allowed.
const LEAST_RSA_BITS: usize = 2_048;

/// Verifying with a longer key is a way to keep us busy.
const MOST_RSA_BITS: usize = 8_192;

/// NIST SP 800-56B, section 6.2: an odd exponent over 2^16.
const LEAST_RSA_EXPONENT: u64 = 65_537;

/// A public key, or a shared secret, that verifies signatures of one algorithm.
pub struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    verifier: Verifier,
    thumbprint: Thumbprint,
}

/// Tells keys apart: of `kid`, algorithm and key. Not that of RFC 7638.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Thumbprint([u8; 32]);

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, _) = self.0.split_at(4);
        write!(f, "Thumbprint({}…)", to_hex(first))
    }
}

impl Key {
    /// `kid`.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The only algorithm that it verifies.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// What tells it from other keys.
    pub fn thumbprint(&self) -> Thumbprint {
        self.thumbprint
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verifier.holds(message, signature)
    }

    fn new(id: Option<&str>, algorithm: Algorithm, bytes: &[u8]) -> Option<Self> {
        let verifier = Verifier::new(algorithm, bytes)?;
        let mut hasher = blake3::Hasher::new_derive_key("corsac 2026-11 thumbprint of a key");
        let text = id.map_or_else(String::new, |id| format!("{} {id}", id.len()));
        hasher.update(format!("{algorithm} {text} ").as_bytes()).update(bytes);
        let thumbprint = Thumbprint(*hasher.finalize().as_bytes());
        Some(Self { id: id.map(str::to_owned), algorithm, verifier, thumbprint })
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm)
            .field("verifier", &self.verifier)
            .finish_non_exhaustive()
    }
}

/// Why a key is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyRejection {
    /// `alg` does not go with `kty` or `crv`.
    AlgorithmMismatch(Algorithm),
    /// `alg` is not one of the provider's.
    AlgorithmNotAllowed(Algorithm),
    /// `alg` is none that we know, for instance one of encryption.
    AlgorithmUnknown(String),
    /// No `alg`, and none or several of the provider's would go with the key.
    AlgorithmUnstated,
    /// A member is not base64url.
    Base64 {
        /// Its name.
        member: &'static str,
        /// Why not.
        mistake: Base64Mistake,
    },
    /// `crv` is none that we verify with.
    Curve(String),
    /// Another key has the same `kid`.
    DuplicateId,
    /// `kid` is too long.
    IdTooLong(usize),
    /// Not a key: a point off its curve, a number of the wrong size.
    Invalid,
    /// A member is missing, or has the wrong type.
    Member(&'static str),
    /// A secret beside public keys.
    MixedSet,
    /// Not an object.
    NotObject,
    /// `key_ops` is not for verifying alone.
    Operations,
    /// A private key that is published: its owner is not alone with it.
    Private,
    /// A modulus of the generator that CVE-2017-15361 is about: it can be factored.
    Roca,
    /// `e` is even, under 65,537, or too large.
    RsaExponent,
    /// A modulus outside of 2,048 to 8,192 bits, or even.
    RsaModulus(usize),
    /// A secret shorter than the hash (RFC 7518, section 3.2), in bytes.
    SecretTooShort(usize),
    /// A point of small order, for which anybody can forge signatures.
    SmallOrder,
    /// A secret where keys are public.
    Symmetric,
    /// `kty` is none that we verify with.
    Type(String),
    /// `use` is not `sig`.
    Use(String),
}

impl fmt::Display for KeyRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlgorithmMismatch(algorithm) => write!(f, "`alg` `{algorithm}` does not go with the key"),
            Self::AlgorithmNotAllowed(algorithm) => {
                write!(f, "`alg` `{algorithm}` is not one of the provider's")
            }
            Self::AlgorithmUnknown(name) => write!(f, "`alg` `{}` is not for signatures", excerpt(name)),
            Self::AlgorithmUnstated => f.write_str("no `alg`, and the provider's do not leave one choice"),
            Self::Base64 { member, mistake } => write!(f, "`{member}` has {mistake}"),
            Self::Curve(name) => write!(f, "`crv` is `{}`", excerpt(name)),
            Self::DuplicateId => f.write_str("another key has the same `kid`"),
            Self::IdTooLong(bytes) => write!(f, "a `kid` of {bytes} bytes"),
            Self::Invalid => f.write_str("not a valid key"),
            Self::Member(name) => write!(f, "`{name}` is missing or has the wrong type"),
            Self::MixedSet => f.write_str("a secret in a set with public keys"),
            Self::NotObject => f.write_str("not an object"),
            Self::Operations => f.write_str("`key_ops` is not for verifying"),
            Self::Private => f.write_str("a private key is published"),
            Self::Roca => f.write_str("an RSA key of a broken generator (ROCA)"),
            Self::RsaExponent => f.write_str("an RSA exponent that is even, under 65537 or too large"),
            Self::RsaModulus(bits) => write!(f, "an RSA modulus of {bits} bits, or even"),
            Self::SecretTooShort(bytes) => write!(f, "a secret of {bytes} bytes is too short"),
            Self::SmallOrder => f.write_str("a point of small order"),
            Self::Symmetric => f.write_str("a secret where keys are public"),
            Self::Type(name) => write!(f, "`kty` is `{}`", excerpt(name)),
            Self::Use(name) => write!(f, "`use` is `{}`", excerpt(name)),
        }
    }
}

pub(crate) fn admit(value: &Json<'_>, rules: &KeyRules) -> Result<Key, KeyRejection> {
    let object = value.as_object().ok_or(KeyRejection::NotObject)?;
    let family = family(object)?;
    if family == Family::Secret && !rules.are_secret() {
        return Err(KeyRejection::Symmetric);
    }
    let id = optional(object, "kid")?;
    if let Some(id) = id.filter(|id| id.len() > MAX_KEY_ID_BYTES) {
        return Err(KeyRejection::IdTooLong(id.len()));
    }
    check_purpose(object, family)?;
    let algorithm = algorithm(object, family, rules)?;
    if family != Family::Secret && object.get("d").is_some() {
        return Err(KeyRejection::Private);
    }
    let bytes = match family {
        Family::Ed25519 => ed25519(object)?,
        Family::P256 => point::<32>(object)?,
        Family::P384 => point::<48>(object)?,
        Family::Rsa => rsa(object)?,
        Family::Secret => secret(object, algorithm)?,
    };
    Key::new(id, algorithm, &bytes).ok_or(KeyRejection::Invalid)
}

fn optional<'o>(object: &'o Object<'_>, name: &'static str) -> Result<Option<&'o str>, KeyRejection> {
    match object.get(name) {
        None => Ok(None),
        Some(value) => value.as_text().map(Some).ok_or(KeyRejection::Member(name)),
    }
}

fn text<'o>(object: &'o Object<'_>, name: &'static str) -> Result<&'o str, KeyRejection> {
    optional(object, name)?.ok_or(KeyRejection::Member(name))
}

fn bytes(object: &Object<'_>, name: &'static str) -> Result<Zeroizing<Vec<u8>>, KeyRejection> {
    let decoded = base64url(text(object, name)?);
    decoded.map(Zeroizing::new).map_err(|mistake| KeyRejection::Base64 { member: name, mistake })
}

fn family(object: &Object<'_>) -> Result<Family, KeyRejection> {
    let kty = text(object, "kty")?;
    let curve = || text(object, "crv");
    Ok(match kty {
        "EC" => match curve()? {
            "P-256" => Family::P256,
            "P-384" => Family::P384,
            other => return Err(KeyRejection::Curve(other.to_owned())),
        },
        "OKP" => match curve()? {
            "Ed25519" => Family::Ed25519,
            other => return Err(KeyRejection::Curve(other.to_owned())),
        },
        "RSA" => Family::Rsa,
        "oct" => Family::Secret,
        other => return Err(KeyRejection::Type(other.to_owned())),
    })
}

/// RFC 7517, sections 4.2 and 4.3. Both may be absent.
fn check_purpose(object: &Object<'_>, family: Family) -> Result<(), KeyRejection> {
    if let Some(purpose) = optional(object, "use")?.filter(|purpose| *purpose != "sig") {
        return Err(KeyRejection::Use(purpose.to_owned()));
    }
    let Some(operations) = object.get("key_ops") else { return Ok(()) };
    let list = operations.as_list().ok_or(KeyRejection::Member("key_ops"))?;
    let is_fine = |operation: &str| operation == "verify" || operation == "sign" && family == Family::Secret;
    let fine = list.iter().all(|operation| operation.as_text().is_some_and(is_fine));
    let verifies = list.iter().any(|operation| operation.as_text() == Some("verify"));
    if fine && verifies { Ok(()) } else { Err(KeyRejection::Operations) }
}

/// The one algorithm that the key is for: its own, or the only one that the provider has
/// for such keys.
fn algorithm(object: &Object<'_>, family: Family, rules: &KeyRules) -> Result<Algorithm, KeyRejection> {
    if let Some(name) = optional(object, "alg")? {
        let algorithm =
            Algorithm::parse(name).ok_or_else(|| KeyRejection::AlgorithmUnknown(name.to_owned()))?;
        if algorithm.family() != family {
            return Err(KeyRejection::AlgorithmMismatch(algorithm));
        }
        let allowed = rules.algorithms().contains(&algorithm);
        return if allowed { Ok(algorithm) } else { Err(KeyRejection::AlgorithmNotAllowed(algorithm)) };
    }
    let mut fitting = rules.algorithms().iter().filter(|algorithm| algorithm.family() == family);
    match (fitting.next(), fitting.next()) {
        (Some(algorithm), None) => Ok(*algorithm),
        _ => Err(KeyRejection::AlgorithmUnstated),
    }
}

/// RFC 7518, section 6.2.1: coordinates have the full size of the curve.
fn point<const SIZE: usize>(object: &Object<'_>) -> Result<Zeroizing<Vec<u8>>, KeyRejection> {
    const UNCOMPRESSED: u8 = 4;
    let (x, y) = (bytes(object, "x")?, bytes(object, "y")?);
    if x.len() != SIZE || y.len() != SIZE {
        return Err(KeyRejection::Invalid);
    }
    Ok(Zeroizing::new([&[UNCOMPRESSED], x.as_slice(), y.as_slice()].concat()))
}

/// RFC 8037, section 2.
fn ed25519(object: &Object<'_>) -> Result<Zeroizing<Vec<u8>>, KeyRejection> {
    let bytes = bytes(object, "x")?;
    let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| KeyRejection::Invalid)?;
    if has_small_order(key) { Err(KeyRejection::SmallOrder) } else { Ok(bytes) }
}

/// RFC 7518, section 6.3.1. Leading zeros, which it forbids, are forgiven: the numbers are
/// the same.
fn rsa(object: &Object<'_>) -> Result<Zeroizing<Vec<u8>>, KeyRejection> {
    let (modulus, exponent) = (bytes(object, "n")?, bytes(object, "e")?);
    let (modulus, exponent) = (without_zeros(&modulus), without_zeros(&exponent));
    let top = modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
    let bits = modulus.len().saturating_mul(8) - top;
    let is_odd = |number: &[u8]| number.last().is_some_and(|byte| byte & 1 == 1);
    if !(LEAST_RSA_BITS..=MOST_RSA_BITS).contains(&bits) || !is_odd(modulus) {
        return Err(KeyRejection::RsaModulus(bits));
    }
    let value = exponent.iter().fold(0, |value: u64, byte| value << 8 | u64::from(*byte));
    if exponent.len() > 4 || value < LEAST_RSA_EXPONENT || !is_odd(exponent) {
        return Err(KeyRejection::RsaExponent);
    }
    if is_roca(modulus) {
        return Err(KeyRejection::Roca);
    }
    Ok(Zeroizing::new(rsa_der(modulus, exponent)))
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.split_at_checked(zeros).map_or(number, |(_, rest)| rest)
}

fn secret(object: &Object<'_>, algorithm: Algorithm) -> Result<Zeroizing<Vec<u8>>, KeyRejection> {
    let secret = bytes(object, "k")?;
    let least = match algorithm {
        Algorithm::Hs512 => 64,
        Algorithm::Hs384 => 48,
        _ => 32,
    };
    if secret.len() < least { Err(KeyRejection::SecretTooShort(secret.len())) } else { Ok(secret) }
}

/// The fingerprint of the generator in CVE-2017-15361: modulo each small prime its moduli
/// are powers of 65,537.
fn is_roca(modulus: &[u8]) -> bool {
    const PRIMES: [u32; 38] = [
        3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101,
        103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
    ];
    PRIMES.iter().all(|prime| {
        let rest = modulus.iter().fold(0, |rest, byte| (rest << 8 | u32::from(*byte)) % prime);
        let mut power = 1;
        (0..*prime).any(|_| {
            power = power * 65_537 % prime;
            power == rest
        })
    })
}

/// The points of order 1, 2, 4 and 8 in every encoding, the sign of x aside.
fn has_small_order(mut key: [u8; 32]) -> bool {
    const ORDER_8: [[u8; 32]; 2] = [
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
            0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
        ],
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
            0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
        ],
    ];
    if let Some(last) = key.last_mut() {
        *last &= 0x7f;
    }
    if ORDER_8.contains(&key) {
        return true;
    }
    let [first, middle @ .., last] = key;
    // 0 and 1, then p - 1, p and p + 1.
    let near_zero = first <= 1 && last == 0 && middle.iter().all(|byte| *byte == 0);
    let near_p = (0xec..=0xee).contains(&first) && last == 0x7f && middle.iter().all(|byte| *byte == 0xff);
    near_zero || near_p
}
