//! Which texts are origins that a browser sends, as machines.
//!
//! The grammar is that of the URL Standard's serializers: host ("host serializer": a domain
//! whose last label is no number, a dotted quad, or a compressed IPv6 address in brackets),
//! port ("URL port": none if it is the scheme's default one). It is a superset in two places,
//! which is safe for proofs, and witnesses are checked again: the compression of IPv6
//! addresses and the validity of punycode are left out.

use std::sync::LazyLock;

use crate::alphabet::{BYTES, ByteSet};
use crate::automaton::Table;
use crate::model::Matcher;
use crate::regex::{Assertion, Direction, Mode, Node, Regex, Repetition, Sign};

/// `http` and `https` origins of every kind.
pub(crate) fn web() -> &'static Table {
    static TABLE: LazyLock<Table> =
        LazyLock::new(|| table(&alternation([tuple("https", any_host()), tuple("http", any_host())])));
    &TABLE
}

/// `https` origins with a domain name.
pub(crate) fn secure_domains() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| table(&tuple("https", domain())));
    &TABLE
}

/// `http` origins with a domain name.
pub(crate) fn plain_domains() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| table(&tuple("http", domain())));
    &TABLE
}

/// `http` origins of every kind that are not loopback.
pub(crate) fn plain() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| table(&tuple("http", away(any_host()))));
    &TABLE
}

/// `http` and `https` origins whose host is an address, not a loopback one.
pub(crate) fn addresses() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| {
        table(&alternation([tuple("https", away(address())), tuple("http", away(address()))]))
    });
    &TABLE
}

/// Whatever a browser may send: `null`, web origins, origins of extensions and applications.
pub(crate) fn all() -> &'static Table {
    static TABLE: LazyLock<Table> = LazyLock::new(|| {
        let scheme_byte = ByteSet::of_all(b'a'..=b'z').or(ByteSet::digit()).or(ByteSet::of_all(*b"+-."));
        let scheme = concat([Node::Set(ByteSet::of_all(b'a'..=b'z')), star(Node::Set(scheme_byte))]);
        let web =
            look(Sign::Negative, concat([alternation([literal("https"), literal("http")]), literal("://")]));
        let other = concat([web, scheme, literal("://"), any_host(), optional(port(None))]);
        table(&alternation([tuple("https", any_host()), tuple("http", any_host()), other, literal("null")]))
    });
    &TABLE
}

fn table(node: &Node) -> Table {
    let whole = Matcher::Regex(Regex::of_syntax(node.clone(), Mode::Full));
    // The grammar is fixed, and small; a test explores every one.
    Table::of(&whole, &Table::everything()).unwrap_or_default()
}

fn tuple(scheme: &str, host: Node) -> Node {
    let default = if scheme == "https" { "443" } else { "80" };
    concat([literal(scheme), literal("://"), host, optional(port(Some(default)))])
}

fn any_host() -> Node {
    alternation([domain(), address()])
}

/// Bytes that stand in a label: the oddities too, which browsers accept.
fn label_bytes() -> ByteSet {
    ByteSet::of_all(BYTES.iter().copied()).and(ByteSet::of_all(*b".:/[]").complement())
}

/// Labels between dots, perhaps a dot behind; the last label is no number ("ends in a
/// number checker": digits alone, or `0x` and hexadecimal digits).
fn domain() -> Node {
    let label = || plus(Node::Set(label_bytes()));
    let number = alternation([
        plus(Node::Set(ByteSet::digit())),
        concat([literal("0x"), star(Node::Set(hexadecimal()))]),
    ]);
    let behind = Node::Set(label_bytes().or(ByteSet::of(b'.')).complement());
    let end = alternation([Node::Assert(Assertion::End), behind]);
    let is_number = look(Sign::Negative, concat([number, optional(literal(".")), look(Sign::Positive, end)]));
    concat([star(concat([label(), literal(".")])), is_number, label(), optional(literal("."))])
}

fn address() -> Node {
    let first = hexadecimal().and(ByteSet::of(b'0').complement());
    let group = || {
        alternation([literal("0"), concat([Node::Set(first), repeat(Node::Set(hexadecimal()), 0, Some(3))])])
    };
    let groups = |most| concat([group(), repeat(concat([literal(":"), group()]), 0, Some(most))]);
    let full = concat([group(), repeat(concat([literal(":"), group()]), 7, Some(7))]);
    let short = concat([optional(groups(5)), literal("::"), optional(groups(5))]);
    let ipv6 = concat([literal("["), alternation([short, full]), literal("]")]);
    let octet = || number_to(255);
    let ipv4 = concat([octet(), literal("."), octet(), literal("."), octet(), literal("."), octet()]);
    alternation([ipv4, ipv6])
}

/// `host`, unless it is this machine (RFC 6761, section 6.3).
fn away(host: Node) -> Node {
    let end = alternation([literal(":"), Node::Assert(Assertion::End)]);
    let under = optional(concat([star(Node::Set(label_bytes().or(ByteSet::of(b'.')))), literal(".")]));
    let name = concat([under, literal("localhost"), optional(literal(".")), end]);
    let here = alternation([name, literal("127."), literal("[::1]")]);
    concat([look(Sign::Negative, here), host])
}

fn hexadecimal() -> ByteSet {
    ByteSet::digit().or(ByteSet::of_all(b'a'..=b'f'))
}

/// A colon and a port, but for the default one.
fn port(default: Option<&str>) -> Node {
    let is_default =
        default.map(|text| look(Sign::Negative, concat([literal(text), Node::Assert(Assertion::End)])));
    let parts = [Some(literal(":")), is_default, Some(number_to(65_535))];
    concat(parts.into_iter().flatten())
}

/// A decimal number without leading zeros, from 0 to `most`.
fn number_to(most: u32) -> Node {
    let digits = most.to_string();
    let mut ways = vec![literal("0")];
    // Shorter numbers, then those that are smaller from some digit on, then the number.
    for length in 1..digits.len() {
        ways.push(concat([digit(b'1', b'9'), times(length - 1)]));
    }
    for (place, most) in digits.bytes().enumerate() {
        let least = if place == 0 { b'1' } else { b'0' };
        if most > least {
            let before = digits.get(..place).unwrap_or_default();
            ways.push(concat([literal(before), digit(least, most - 1), times(digits.len() - place - 1)]));
        }
    }
    ways.push(literal(&digits));
    alternation(ways)
}

fn digit(from: u8, to: u8) -> Node {
    Node::Set(ByteSet::of_all(from..=to))
}

fn times(count: usize) -> Node {
    concat(std::iter::repeat_n(Node::Set(ByteSet::digit()), count))
}

fn literal(text: &str) -> Node {
    Node::Concat(text.bytes().map(|byte| Node::Set(ByteSet::of(byte))).collect())
}

fn concat(parts: impl IntoIterator<Item = Node>) -> Node {
    Node::Concat(parts.into_iter().collect())
}

fn alternation(parts: impl IntoIterator<Item = Node>) -> Node {
    Node::Alternation(parts.into_iter().collect())
}

fn repeat(node: Node, min: u32, max: Option<u32>) -> Node {
    Node::Repeat { node: Box::new(node), min, max, kind: Repetition::Greedy }
}

fn star(node: Node) -> Node {
    repeat(node, 0, None)
}

fn plus(node: Node) -> Node {
    repeat(node, 1, None)
}

fn optional(node: Node) -> Node {
    repeat(node, 0, Some(1))
}

fn look(sign: Sign, node: Node) -> Node {
    Node::Look { direction: Direction::Ahead, sign, node: Box::new(node) }
}
