//! What an accepted description must be, asked again by plain means: texts that contain texts.

use corsac_signaling::{IcePolicy, Kind, SdpKind, SdpRules};

/// What is wrong with a description that was accepted.
pub(crate) fn objections(text: &str, rules: &SdpRules) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut object = |right: bool, what: &str| {
        if !right {
            wrong.push(what.to_owned());
        }
    };
    object(text.len() <= 65_536, "size");
    object(!text.replace("\r\n", "").contains(['\r', '\n', '\0']), "line ends");
    object(text.starts_with("v=0\r\n"), "version");
    let lower = text.to_lowercase();
    for keys in ["\r\na=crypto", "\r\na=key-mgmt", "\r\na=zrtp-hash", "\r\nk="] {
        object(!has_word(&lower, keys), keys);
    }
    let parts: Vec<&str> = text.split("\r\nm=").collect();
    object((2..=17).contains(&parts.len()), "m-lines");
    let (session, media) = parts.split_first().expect("a part");
    for part in media {
        object(part_is_right(session, part, rules), part);
    }
    let mut prints: Vec<Vec<&str>> = media.iter().map(|part| values(part, "fingerprint")).collect();
    prints.push(values(session, "fingerprint"));
    prints.retain(|set| !set.is_empty());
    for set in &mut prints {
        set.sort_unstable();
        set.dedup();
    }
    object(prints.windows(2).all(|pair| pair[0] == pair[1]), "fingerprints");
    let live: Vec<&&str> = media.iter().filter(|part| is_live(part)).collect();
    let group = session.lines().find_map(|line| line.strip_prefix("a=group:BUNDLE ")).unwrap_or_default();
    let grouped =
        |part: &&&str| values(part, "mid").iter().all(|mid| group.split(' ').any(|other| other == *mid));
    object(live.len() < 2 || live.iter().all(grouped), "group");
    wrong
}

/// Whether the word stands there whole: not as the beginning of another name.
fn has_word(text: &str, word: &str) -> bool {
    let mut rests = text.split(word).skip(1);
    rests.any(|rest| word.ends_with('=') || rest.is_empty() || rest.starts_with([':', '\r']))
}

fn values<'t>(part: &'t str, name: &str) -> Vec<&'t str> {
    let lines = part.split("\r\n").filter_map(|line| line.strip_prefix("a=")?.strip_prefix(name));
    lines.filter_map(|rest| if rest.is_empty() { Some("") } else { rest.strip_prefix(':') }).collect()
}

fn is_live(part: &str) -> bool {
    let port = part.split(' ').nth(1).expect("a port");
    port.chars().any(|digit| digit != '0') || !values(part, "bundle-only").is_empty()
}

fn part_is_right(session: &str, part: &str, rules: &SdpRules) -> bool {
    let media = ["audio ", "video "].iter().any(|kind| part.starts_with(kind));
    let protocol = if media { " UDP/TLS/RTP/SAVPF " } else { " UDP/DTLS/SCTP " };
    let head = part.split("\r\n").next().unwrap_or_default();
    let kind = media || part.starts_with("application ");
    let candidates = values(part, "candidate").iter().all(|text| candidate_is_right(text, rules.ice));
    let live =
        !is_live(part) || transport_is_right(session, part, rules) && flow_is_right(part, media, rules);
    kind && head.contains(protocol) && candidates && live
}

fn transport_is_right(session: &str, part: &str, rules: &SdpRules) -> bool {
    let both = |name: &str| [values(part, name), values(session, name)].concat();
    let prints = both("fingerprint");
    let print_is_right = |print: &&str| {
        let (hash, digits) = print.split_once(' ').expect("a hash");
        let bytes = match hash {
            "sha-256" => 32,
            "sha-384" => 48,
            "sha-512" => 64,
            _ => 0,
        };
        let pairs: Vec<&str> = digits.split(':').collect();
        let is_pair =
            |pair: &&str| pair.len() == 2 && pair.chars().all(|digit| "0123456789ABCDEF".contains(digit));
        pairs.len() == bytes && pairs.iter().all(is_pair)
    };
    let setup = both("setup");
    let setup_is_right = match rules.kind {
        SdpKind::Offer => setup == ["actpass"],
        SdpKind::Answer => setup == ["active"] || setup == ["passive"],
    };
    let is_ice = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '+' || c == '/');
    let (ufrag, password) = (both("ice-ufrag"), both("ice-pwd"));
    let mut characters: Vec<char> = password.concat().chars().collect();
    characters.sort_unstable();
    characters.dedup();
    !prints.is_empty()
        && prints.iter().all(print_is_right)
        && setup_is_right
        && (ufrag.len() == 1 && (4..=256).contains(&ufrag[0].len()) && is_ice(ufrag[0]))
        && (password.len() == 1 && (22..=256).contains(&password[0].len()) && is_ice(password[0]))
        && characters.len() >= 8
}

fn flow_is_right(part: &str, media: bool, rules: &SdpRules) -> bool {
    let sent = rules.grants.publish;
    if !media {
        let sizes = values(part, "max-message-size");
        let sizes =
            sizes.iter().all(|size| size.parse().is_ok_and(|size: u32| (1..=4_194_304).contains(&size)));
        return sent.contains(Kind::Data) && sizes;
    }
    let names = ["sendrecv", "sendonly", "recvonly", "inactive"];
    let directions: Vec<&str> = names.into_iter().filter(|name| !values(part, name).is_empty()).collect();
    let direction = directions.first().copied().unwrap_or("sendrecv");
    let may = |kind: Kind| sent.contains(kind) && rules.consented.contains(kind);
    let may =
        if part.starts_with("audio") { may(Kind::Audio) } else { may(Kind::Video) || may(Kind::Screen) };
    directions.len() < 2
        && !values(part, "rtcp-mux").is_empty()
        && (may || !direction.starts_with("send"))
        && (rules.grants.subscribe || !matches!(direction, "sendrecv" | "recvonly"))
}

fn candidate_is_right(text: &str, policy: IcePolicy) -> bool {
    let words: Vec<&str> = text.split(' ').collect();
    let address = words[4];
    let name = address.strip_suffix(".local").is_some_and(|uuid| uuid.len() == 36);
    let starts = ["10.", "127.", "192.168.", "169.254.", "fe80:", "::ffff:10."];
    let local = address.starts_with("fd") && address.find(':') == Some(4);
    let private = starts.iter().any(|start| address.starts_with(start)) || local || address == "::1";
    let kind = words[7];
    (name || address.parse::<std::net::IpAddr>().is_ok())
        && ["host", "srflx", "prflx", "relay"].contains(&kind)
        && (policy != IcePolicy::Relay || kind == "relay")
        && (policy != IcePolicy::NoPrivate || !private || name)
}
