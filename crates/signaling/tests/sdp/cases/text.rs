//! Rule 1.

use corsac_signaling::Code::{SdpMediaLines, SdpSize, SdpSyntax};

use super::{edits, lines};
use crate::base::{add, edit, offer, only};
use crate::table::{Case, case};

pub(super) fn cases() -> Vec<Case> {
    [characters(), shapes(), fields(), bounds()].into_iter().flatten().collect()
}

fn characters() -> Vec<Case> {
    let mut cases = lines(
        SdpSyntax,
        1,
        &[
            ("CR", "a=x:1\ra=y", "a=x:1\na=y"),
            ("CR before CRLF", "a=x:1\r", "a=x:1"),
            ("NUL", "a=x:\0", "a=x:0"),
            ("TAB", "a=x:\t", "a=x: "),
            ("line separator", "a=x:\u{2028}a=y", "a=x:\u{e9}a=y"),
            ("paragraph separator", "a=x:\u{2029}a=y", "a=x:\u{2027}a=y"),
            ("next line", "a=x:\u{85}", "a=x:\u{a0}"),
        ],
    );
    let line = add(&offer(), 1, "a=x:1");
    cases.extend([
        case("LF everywhere", SdpSyntax, offer().replace("\r\n", "\n"), offer()),
        case("one LF", SdpSyntax, line.replace("a=x:1\r\n", "a=x:1\n"), line),
        case("NUL at the end", SdpSyntax, offer() + "\0", offer()),
    ]);
    cases
}

fn shapes() -> Vec<Case> {
    let mut cases = lines(
        SdpSyntax,
        1,
        &[
            ("empty line", "", "a=x"),
            ("no `=`", "a", "a=x"),
            ("a blank before", " a=x", "a=x"),
            ("two letters", "aa=x", "a=x"),
            ("a letter of none", "x=1", "i=1"),
            ("no letter", "\u{e9}=1", "i=\u{e9}"),
            ("a second description", "v=0", "i=0"),
            ("no name", "a=:x", "a=x:"),
            ("a blank before a name", "a= x", "a=x: "),
            ("a blank after a name", "a=fingerprint sha-1", "a=fingers:sha-1"),
            ("a name in another case", "a=Fingerprint:sha-1 00", "a=Fingers:sha-1 00"),
            ("no amount", "b=AS", "b=AS:1"),
            ("a negative amount", "b=AS:-1", "b=AS:1"),
            ("no kind of amount", "b=:1", "b=X-Y:0"),
        ],
    );
    cases.extend([
        case("empty", SdpSyntax, String::new(), offer()),
        case("version", SdpSyntax, offer().replacen("v=0", "v=1", 1), offer()),
        case("version not first", SdpSyntax, offer().replacen("v=0\r\n", "", 1), offer()),
        case("no m-line", SdpSyntax, only(&offer(), &[0]), only(&offer(), &[0, 1])),
    ]);
    cases
}

fn fields() -> Vec<Case> {
    let mut cases = edits(
        SdpSyntax,
        1,
        &[
            ("a flag with a value", "a=sendrecv", "a=sendrecv:1"),
            ("port with a sign", "m=audio 9 ", "m=audio +9 "),
            ("ports", "m=audio 9 ", "m=audio 9/2 "),
            ("no port", "m=audio 9 ", "m=audio  "),
            ("two blanks", "m=audio 9", "m=audio  9"),
            ("a blank at the end", "SAVPF 111", "SAVPF 111 "),
            ("no format", "SAVPF 111", "SAVPF"),
            ("other letters", "m=audio", "m=\u{e4}udio"),
        ],
    );
    let port = |port: &str| edit(&offer(), 1, "m=audio 9 ", &format!("m=audio {port} "));
    cases.push(case("port", SdpSyntax, port("65536"), port("65535")));
    cases
}

fn bounds() -> Vec<Case> {
    let short = only(&offer(), &[0, 1]);
    let repeated = |line: &str, times: usize| add(&short, 1, &vec![line; times].join("\n"));
    let media = |number: usize| format!("{short}{}", "m=audio 0 UDP/TLS/RTP/SAVPF 0\r\n".repeat(number - 1));
    let candidates = |number| repeated("a=candidate:1 1 udp 1 203.0.113.5 9 typ host", number);
    let long = |bytes: usize| add(&short, 1, &format!("i={}", "x".repeat(bytes - 2)));
    // The short one has 14 lines, and 7 attributes at its m-line that the rules read.
    vec![
        case("bytes", SdpSize, padded(65_537), padded(65_536)),
        case("m-lines", SdpMediaLines, media(17), media(16)),
        case("many m-lines", SdpMediaLines, media(1_000), media(2)),
        case("bytes of a line", SdpSyntax, long(8_193), long(8_192)),
        case("lines", SdpSyntax, repeated("a=x", 4_083), repeated("a=x", 4_082)),
        case("candidates", SdpSyntax, candidates(513), candidates(512)),
        case("attributes that are read", SdpSyntax, repeated("a=rtcp-mux", 58), repeated("a=rtcp-mux", 57)),
    ]
}

fn padded(bytes: usize) -> String {
    let text = add(&offer(), 3, &vec![format!("a=x:{}", "p".repeat(5_994)); 10].join("\n"));
    let rest = bytes - text.len() - "a=x:\r\n".len();
    add(&text, 3, &format!("a=x:{}", "p".repeat(rest)))
}
