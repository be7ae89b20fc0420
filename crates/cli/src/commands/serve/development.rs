//! `--dev-tls`: a certificate for this machine alone, made because somebody asked for it.
//!
//! It signs for itself and for nothing else. An authority of one's own, as other tools make
//! it, could sign for every website: whoever takes its key reads everything of whoever
//! trusts it.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use corsac_gateway::Tls;
use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};

use crate::load::LoadError;

/// What the certificate is for.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// How long it is valid; browsers take no longer than 398 days.
const VALID: Duration = Duration::from_secs(365 * 86_400);

/// The beginning lies in the past: clocks differ.
const BEFORE: Duration = Duration::from_secs(86_400);

const CERTIFICATE: &str = "localhost.pem";
const KEY: &str = "localhost.key";

/// A certificate to develop with.
#[derive(Debug)]
pub(crate) struct Development {
    pub(crate) tls: Tls,
    pub(crate) certificate: PathBuf,
    /// Whether it was made now.
    pub(crate) is_new: bool,
}

impl Development {
    /// The certificate in the user's data folder, made if there is none that is valid.
    pub(crate) fn load_or_make() -> Result<Self, LoadError> {
        let folder = folder().ok_or_else(|| LoadError {
            reason: "there is no folder to keep a development certificate in".into(),
            hint: "set HOME or XDG_DATA_HOME".into(),
        })?;
        let failed = |error: io::Error| LoadError {
            reason: format!("failed to make a development certificate in `{}`: {error}", folder.display()),
            hint: "may this user write there?".into(),
        };
        let certificate = folder.join(CERTIFICATE);
        if let Some(tls) = load(&folder) {
            return Ok(Self { tls, certificate, is_new: false });
        }
        make(&folder).map_err(failed)?;
        let tls = load(&folder).ok_or_else(|| failed(io::Error::other("it cannot be used")))?;
        Ok(Self { tls, certificate, is_new: true })
    }
}

/// Where the certificate and its key are kept.
fn folder() -> Option<PathBuf> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = absolute("XDG_DATA_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/share")));
    Some(data?.join("corsac/development"))
}

fn load(folder: &Path) -> Option<Tls> {
    let (chain, key) = (fs::read(folder.join(CERTIFICATE)).ok()?, fs::read(folder.join(KEY)).ok()?);
    Tls::from_pem(&chain, &key, SystemTime::now()).ok()
}

fn make(folder: &Path) -> io::Result<()> {
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let mut params = CertificateParams::new(NAMES.map(str::to_owned)).map_err(io::Error::other)?;
    let now = SystemTime::now();
    params.not_before = (now - BEFORE).into();
    params.not_after = (now + VALID).into();
    params.is_ca = IsCa::ExplicitNoCa;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Corsac development certificate");
    let certificate = params.self_signed(&key).map_err(io::Error::other)?;
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    write(&folder.join(KEY), &key.serialize_pem(), 0o600)?;
    write(&folder.join(CERTIFICATE), &certificate.pem(), 0o644)
}

/// Writes a file that was never readable by more than `mode` says.
fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = File::options().write(true).create_new(true).mode(mode).open(&beside)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| fs::rename(&beside, path));
    written.inspect_err(|_| drop(fs::remove_file(&beside)))
}
