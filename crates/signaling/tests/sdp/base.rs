//! A small description, and ways to change it.

use corsac_signaling::{Duties, Grants, IcePolicy, Kind, Kinds, SdpKind, SdpRules};

pub(crate) const FINGERPRINT: &str = "sha-256 4F:65:08:50:DE:AD:F2:5E:A4:0C:95:C8:47:B6:70:1B:\
                                      01:EE:D3:7E:49:C8:6B:CC:CA:13:7A:1F:AF:4E:FE:E6";
pub(crate) const OTHER: &str = "sha-256 8D:5D:1A:B8:16:E4:6B:90:0B:85:3A:BC:CA:98:35:EF:\
                                0D:F9:AA:56:CA:0F:42:87:CF:B0:E1:37:70:17:EB:76";

const SESSION: &str = "v=0\no=- 71 2 IN IP4 127.0.0.1\ns=-\nt=0 0\na=group:BUNDLE 0 1 2\n";

const TRANSPORT: &str =
    "a=ice-ufrag:F7g+\na=ice-pwd:x/9cqLM3Vd0aYk2P5sWt8u\na=fingerprint:FINGERPRINT\na=setup:actpass\n";

/// An offer of sound, a camera and a data channel; no browser's, but as short as one can be.
pub(crate) fn offer() -> String {
    let audio =
        "m=audio 9 UDP/TLS/RTP/SAVPF 111\nc=IN IP4 0.0.0.0\nTRANSPORTa=mid:0\na=sendrecv\na=rtcp-mux\n";
    let video =
        "m=video 9 UDP/TLS/RTP/SAVPF 96\nc=IN IP4 0.0.0.0\nTRANSPORTa=mid:1\na=sendrecv\na=rtcp-mux\n";
    let data = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\nc=IN IP4 0.0.0.0\nTRANSPORTa=mid:2\n\
                a=sctp-port:5000\na=max-message-size:262144\n";
    let text = [SESSION, audio, video, data].concat();
    text.replace("TRANSPORT", TRANSPORT).replace("FINGERPRINT", FINGERPRINT).replace('\n', "\r\n")
}

/// The same as an answer.
pub(crate) fn answer() -> String {
    offer().replace("a=setup:actpass", "a=setup:active")
}

/// Everything is granted and consented to.
pub(crate) fn rules() -> SdpRules {
    SdpRules {
        kind: SdpKind::Offer,
        grants: Grants {
            publish: Kind::ALL.into_iter().collect(),
            subscribe: true,
            duties: Duties::default(),
        },
        consented: Kind::ALL.into_iter().collect(),
        max_bps: None,
        ice: IcePolicy::All,
        established: None,
    }
}

pub(crate) fn answering() -> SdpRules {
    SdpRules { kind: SdpKind::Answer, ..rules() }
}

pub(crate) fn under(ice: IcePolicy) -> SdpRules {
    SdpRules { ice, ..rules() }
}

pub(crate) fn up_to(max_bps: u64) -> SdpRules {
    SdpRules { max_bps: Some(max_bps), ..rules() }
}

pub(crate) fn granted(publish: &[Kind], consented: &[Kind]) -> SdpRules {
    let mut rules = rules();
    rules.grants.publish = publish.iter().copied().collect();
    rules.consented = consented.iter().copied().collect::<Kinds>();
    rules
}

pub(crate) fn deaf() -> SdpRules {
    let mut rules = rules();
    rules.grants.subscribe = false;
    rules
}

/// Replaces the first `from` in a part: 0 is the session, 1 and on are the m-lines. In both texts
/// `\n` stands for a line end.
pub(crate) fn edit(text: &str, part: usize, from: &str, to: &str) -> String {
    let (from, to) = (from.replace('\n', "\r\n"), to.replace('\n', "\r\n"));
    let mut parts = parts(text);
    assert!(parts[part].contains(&from), "part {part} has no `{from}`");
    parts[part] = parts[part].replacen(&from, &to, 1);
    parts.concat()
}

/// Adds lines to the end of a part.
pub(crate) fn add(text: &str, part: usize, lines: &str) -> String {
    let mut parts = parts(text);
    parts[part].push_str(&lines.replace('\n', "\r\n"));
    parts[part].push_str("\r\n");
    parts.concat()
}

/// Replaces every `from`.
pub(crate) fn all(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "no `{from}`");
    text.replace(from, to)
}

/// Takes parts away.
pub(crate) fn only(text: &str, keep: &[usize]) -> String {
    let parts = parts(text);
    keep.iter().map(|part| parts[*part].as_str()).collect()
}

pub(crate) fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for line in text.split_inclusive("\r\n") {
        if line.starts_with("m=") {
            parts.push(String::new());
        }
        parts.last_mut().expect("a part").push_str(line);
    }
    parts
}
