//! Which addresses say something of the network that a peer stands in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Blocks of IPv4 that only their own network reaches, as in IANA's IPv4 Special-Purpose Address
/// Registry (RFC 6890), and multicast. Documentation blocks (RFC 5737) are left out on purpose:
/// nobody has such an address, so it betrays nobody, and examples and laboratories are full of them.
const PRIVATE_V4: [(Ipv4Addr, u32); 11] = [
    (Ipv4Addr::UNSPECIFIED, 8),          // "this network", RFC 791
    (Ipv4Addr::new(10, 0, 0, 0), 8),     // private use, RFC 1918
    (Ipv4Addr::new(100, 64, 0, 0), 10),  // shared by carriers (CGNAT), RFC 6598
    (Ipv4Addr::new(127, 0, 0, 0), 8),    // loopback, RFC 1122
    (Ipv4Addr::new(169, 254, 0, 0), 16), // link-local, RFC 3927
    (Ipv4Addr::new(172, 16, 0, 0), 12),  // private use, RFC 1918
    (Ipv4Addr::new(192, 0, 0, 0), 24),   // IETF protocol assignments, RFC 6890
    (Ipv4Addr::new(192, 168, 0, 0), 16), // private use, RFC 1918
    (Ipv4Addr::new(198, 18, 0, 0), 15),  // benchmarking, RFC 2544
    (Ipv4Addr::new(224, 0, 0, 0), 4),    // multicast, RFC 5771
    (Ipv4Addr::new(240, 0, 0, 0), 4),    // reserved and broadcast, RFC 1112
];

/// The same of IPv6. `::` and `::1` are in none: they are read as embedded IPv4 of 0.0.0.0/8.
const PRIVATE_V6: [(u128, u32); 8] = [
    (0x0064_ff9b_0001 << 80, 48), // 64:ff9b:1::, local translation, RFC 8215
    (0x0100 << 112, 64),          // 100::, discard only, RFC 6666
    (0x2001_0002_0000 << 80, 48), // 2001:2::, benchmarking, RFC 5180
    (0x5f00 << 112, 16),          // segments of SRv6, RFC 9602
    (0xfc00 << 112, 7),           // unique local, RFC 4193
    (0xfe80 << 112, 10),          // link-local, RFC 4291
    (0xfec0 << 112, 10),          // site-local, RFC 3879
    (0xff00 << 112, 8),           // multicast, RFC 4291
];

/// Prefixes whose last 32 bits are an IPv4 address: compatible (RFC 4291), mapped (RFC 4291),
/// translated (RFC 2765), and translated by a NAT64 (RFC 6052).
const EMBEDDING_V6: [u128; 4] = [0, 0xffff << 32, 0xffff << 48, 0x0064_ff9b << 96];

/// The place that a candidate names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// An address.
    Ip(IpAddr),
    /// `<uuid>.local`, which browsers write to keep an address of the local network to themselves
    /// (draft-ietf-mmusic-mdns-ice-candidates, section 3.1.1).
    Hidden,
}

impl Address {
    /// Reads a literal or `<uuid>.local`. Any other name is none, since whoever looks it up tells
    /// its name server of the call; nor is a literal with a zone, a prefix or octal digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.strip_suffix(".local") {
            Some(name) => is_uuid(name).then_some(Self::Hidden),
            None => text.parse().ok().map(Self::Ip),
        }
    }

    /// Whether only the network of a peer reaches it.
    pub(crate) fn is_private(self) -> bool {
        match self {
            Self::Hidden => false,
            Self::Ip(IpAddr::V4(ip)) => is_private_v4(ip),
            Self::Ip(IpAddr::V6(ip)) => is_private_v6(ip),
        }
    }

    /// Whether it is `0.0.0.0` or `::`, which stand for "not told".
    pub(crate) fn is_unspecified(self) -> bool {
        matches!(self, Self::Ip(ip) if ip.is_unspecified())
    }
}

fn is_uuid(text: &str) -> bool {
    let groups = text.split('-').map(str::len);
    groups.eq([8, 4, 4, 4, 12]) && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

fn is_private_v4(ip: Ipv4Addr) -> bool {
    PRIVATE_V4.iter().any(|(block, bits)| (ip.to_bits() ^ block.to_bits()) >> (32 - bits) == 0)
}

fn is_private_v6(ip: Ipv6Addr) -> bool {
    let bits = ip.to_bits();
    let own = PRIVATE_V6.iter().any(|(block, length)| (bits ^ block) >> (128 - length) == 0);
    own || embedded(bits).into_iter().flatten().any(is_private_v4)
}

/// The IPv4 addresses within an address. A NAT64 with a prefix of its own network cannot be seen.
fn embedded(bits: u128) -> [Option<Ipv4Addr>; 3] {
    let low = low_32(bits);
    let last = EMBEDDING_V6.iter().any(|prefix| (bits ^ prefix) >> 32 == 0);
    // ISATAP (RFC 5214, section 6.1): the interface is `[02]00:5efe:` and the address.
    let isatap = low_32(bits >> 32) & !0x0200_0000 == 0x5efe;
    // 6to4 (RFC 3056, section 2).
    let six_to_four = (bits >> 112 == 0x2002).then(|| low_32(bits >> 80));
    // Teredo (RFC 4380, section 4): the server, and the client's with its bits inverted.
    let teredo = bits >> 96 == 0x2001_0000;
    let first = if teredo { Some(low_32(bits >> 64)) } else { six_to_four };
    let client = teredo.then_some(!low);
    [first, client, (last || isatap).then_some(low)].map(|ip| ip.map(Ipv4Addr::from_bits))
}

fn low_32(bits: u128) -> u32 {
    let [.., a, b, c, d] = bits.to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}
