//! Why a live server gave no answer, in words that say what to look at.

use std::io::ErrorKind;
use std::time::Duration;

use corsac_diagnostics::duration_text;

/// Fields that `ureq` reads, which has no setting for it.
const MAX_FIELDS: usize = 128;

/// Whether an answer came that browsers may read, though it cannot be read here: many fields,
/// folded lines, control characters in a value.
pub(crate) fn may_be_readable(error: &ureq::Error) -> bool {
    matches!(error, ureq::Error::Protocol(error) if error.to_string().contains("header"))
}

/// What went wrong with a request to `url`.
pub(crate) fn words(error: &ureq::Error, url: &str, timeout: Duration) -> String {
    let is_tls = url.starts_with("https:");
    match error {
        ureq::Error::Timeout(_) => {
            format!("no answer within {}; --timeout waits longer", duration_text(timeout))
        }
        ureq::Error::HostNotFound => name_not_found(url),
        ureq::Error::LargeResponseHeader(_, most) => {
            format!("the head of the answer is larger than {} KiB", most >> 10)
        }
        ureq::Error::Rustls(error) => tls(&error.to_string()),
        ureq::Error::Tls(error) => tls(error),
        ureq::Error::Protocol(error) if error.to_string().contains("too many headers") => {
            format!("the head of the answer has more than {MAX_FIELDS} fields")
        }
        ureq::Error::Protocol(error) => format!("the answer is not HTTP/1.1 as it should be: {error}"),
        // What the name service said has no kind of its own.
        ureq::Error::Io(error) if error.to_string().starts_with("failed to lookup address") => {
            name_not_found(url)
        }
        ureq::Error::Io(error) => match error.kind() {
            ErrorKind::ConnectionRefused => {
                "the connection was refused: does a server listen there?".to_owned()
            }
            ErrorKind::TimedOut | ErrorKind::WouldBlock => {
                format!("no answer within {}; --timeout waits longer", duration_text(timeout))
            }
            ErrorKind::InvalidData if is_tls => tls(&error.to_string()),
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => {
                "the server closed the connection before the head of its answer was whole".to_owned()
            }
            _ => error.to_string(),
        },
        error => error.to_string(),
    }
}

fn name_not_found(url: &str) -> String {
    let host = url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    format!("the name `{}` is not known: is it spelt right, and known here?", host.unwrap_or_default())
}

/// Browsers stop at the handshake too, and CORS never comes in.
fn tls(reason: &str) -> String {
    let cause = if reason.contains("certificate") {
        "the server's certificate is not trusted"
    } else if reason.contains("InvalidContentType") {
        "TLS failed: the server does not speak it there"
    } else {
        "TLS failed"
    };
    format!("{cause} ({reason}); to a page this is a network error, whatever the CORS headers say")
}
