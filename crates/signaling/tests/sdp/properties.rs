//! Damaged descriptions: nothing panics, and what still passes satisfies the rules.

use corsac_signaling::{IcePolicy, Kinds, SdpKind, SdpRules, check_candidate, check_description};
use proptest::prelude::*;

use crate::base::{offer, rules};
use crate::browsers::{fixtures, lowered};
use crate::naive::objections;

/// Lines that matter to some rule.
const LINES: [&str; 26] = [
    "a=crypto:1 x",
    "a=Crypto:1 x",
    "a=setup:active",
    "a=setup:passive",
    "a=setup:actpass",
    "a=sendonly",
    "a=recvonly",
    "a=inactive",
    "a=rtcp-mux",
    "a=bundle-only",
    "a=mid:0",
    "a=group:BUNDLE 0 1 2",
    "a=ice-ufrag:abcd",
    "a=ice-pwd:abcdefghijklmnopqrstuv",
    "a=fingerprint:sha-1 00:11",
    "a=fingerprint:sha-256 00:11",
    "a=max-message-size:0",
    "b=AS:5000",
    "b=TIAS:5000",
    "a=candidate:1 1 udp 1 10.0.0.1 9 typ host",
    "a=candidate:1 1 udp 1 203.0.113.5 9 typ relay raddr 10.0.0.1 rport 1",
    "c=IN IP4 192.168.0.1",
    "m=audio 9 UDP/TLS/RTP/SAVPF 0",
    "m=video 0 UDP/TLS/RTP/SAVPF 0",
    "k=clear:x",
    "",
];

#[derive(Clone, Debug)]
enum Damage {
    Delete(usize),
    Double(usize),
    Swap(usize, usize),
    Insert(usize, usize),
    Byte(usize, u8),
}

fn damage() -> impl Strategy<Value = Damage> {
    let at = 0..10_000_usize;
    prop_oneof![
        at.clone().prop_map(Damage::Delete),
        at.clone().prop_map(Damage::Double),
        (at.clone(), at.clone()).prop_map(|(one, other)| Damage::Swap(one, other)),
        (at.clone(), 0..LINES.len()).prop_map(|(at, line)| Damage::Insert(at, line)),
        (at, 0..0x80_u8).prop_map(|(at, byte)| Damage::Byte(at, byte)),
    ]
}

fn apply(text: &str, damage: &Damage) -> String {
    let mut lines: Vec<&str> = text.split_inclusive("\r\n").collect();
    let count = lines.len().max(1);
    let inserted;
    match *damage {
        _ if lines.is_empty() => {}
        Damage::Delete(at) => drop(lines.remove(at % count)),
        Damage::Double(at) => lines.insert(at % count, lines[at % count]),
        Damage::Swap(one, other) => lines.swap(one % count, other % count),
        Damage::Insert(at, line) => {
            inserted = format!("{}\r\n", LINES[line]);
            lines.insert(at % count, &inserted);
        }
        Damage::Byte(at, byte) => {
            let at = at % text.len();
            let bytes = text.bytes().enumerate().map(|(index, old)| if index == at { byte } else { old });
            return String::from_utf8(bytes.collect()).expect("ASCII");
        }
    }
    lines.concat()
}

fn any_rules() -> impl Strategy<Value = SdpRules> {
    let kinds = || proptest::sample::subsequence(corsac_signaling::Kind::ALL.to_vec(), 0..=4);
    let policy = proptest::sample::select(IcePolicy::ALL.to_vec());
    // Most descriptions shall pass most of the rules, or nothing is learned of what passes.
    (kinds(), kinds(), any::<u8>(), policy).prop_map(|(publish, consented, dice, ice)| {
        let mut made = rules();
        if dice % 4 == 0 {
            made.grants.publish = publish.into_iter().collect::<Kinds>();
            made.consented = consented.into_iter().collect::<Kinds>();
            made.grants.subscribe = dice % 8 == 0;
        }
        made.ice = ice;
        made
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_passes_satisfies_the_rules(
        pick in 0..51_usize,
        damages in proptest::collection::vec(damage(), 0..4),
        mut made in any_rules(),
    ) {
        let (kind, text) = match TEXTS.with(|texts| texts.get(pick).cloned()) {
            Some(text) => text,
            None => (SdpKind::Offer, offer()),
        };
        made.kind = kind;
        let text = damages.iter().fold(text, |text, damage| apply(&text, damage));
        if check_description(&text, &made).is_ok() {
            let objections = objections(&text, &made);
            prop_assert!(objections.is_empty(), "{objections:?} in {text}");
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,200}", prefix in "(v=0\r\n|candidate:|)") {
        let text = prefix + &text;
        let _ = check_description(&text, &rules());
        for policy in IcePolicy::ALL {
            let _ = check_candidate(&text, policy);
        }
    }

    /// A stricter policy never lets through what a more open one refuses for its form.
    #[test]
    fn candidates_pass_the_open_policy_first(
        address in "(10\\.0\\.0\\.1|203\\.0\\.113\\.5|::1|fd00::1|x\\.local|\\PC{1,20})",
        kind in "(host|srflx|prflx|relay|none)",
        raddr in "( raddr 10\\.0\\.0\\.1| raddr 0\\.0\\.0\\.0|)",
    ) {
        let text = format!("candidate:1 1 udp 1 {address} 9 typ {kind}{raddr}");
        for policy in [IcePolicy::NoPrivate, IcePolicy::Relay] {
            if check_candidate(&text, policy).is_ok() {
                prop_assert!(check_candidate(&text, IcePolicy::All).is_ok());
            }
        }
    }
}

thread_local! {
    static TEXTS: Vec<(SdpKind, String)> =
        fixtures().into_iter().map(|(_, kind, text)| (kind, lowered(&text))).collect();
}

/// The first property would hold for a policy that refuses everything: light damage has to pass.
#[test]
fn light_damage_passes() {
    for (name, kind, text) in fixtures() {
        let made = SdpRules { kind, ..rules() };
        let line = LINES.iter().position(|line| *line == "b=AS:5000").expect("a line");
        let damaged = apply(&lowered(&text), &Damage::Insert(2, line));
        check_description(&damaged, &made).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
    }
}
