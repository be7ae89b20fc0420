//! The table when somebody makes up keys.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::{Ideal, Random, ask, one, overflowed};

const SECOND: u64 = 1_000_000_000;

fn made_up(network: u128, number: u64) -> IpAddr {
    Ipv6Addr::from_bits(network | (u128::from(number) << 64)).into()
}

/// `2001:db8::/32`, where an attacker has four billion networks of 64 bits.
const ATTACKER: u128 = 0x2001_0db8 << 96;

#[test]
fn a_victim_stays_in_debt_while_ten_million_keys_are_made_up() {
    // Ten an hour: one request holds a place for six minutes.
    let (limit, route) = one("10/1h", 10, 65_536);
    let victim = Ipv4Addr::new(192, 0, 2, 1);
    while ask(&route, victim, 0).is_allowed() {}
    // 100,000 a second for 100 seconds.
    for number in 0..10_000_000 {
        let now = number * 10_000;
        let _ = ask(&route, made_up(ATTACKER, number), now);
        if number % 100_000 == 0 {
            assert!(!ask(&route, victim, now).is_allowed(), "amnesty after {number} keys");
        }
    }
    assert!(overflowed(&limit) > 9_000_000, "the table was never full: {}", overflowed(&limit));
    // The six minutes of one unit, to the nanosecond.
    assert!(!ask(&route, victim, 360 * SECOND - 1).is_allowed());
    assert!(ask(&route, victim, 360 * SECOND).is_allowed());
}

#[test]
fn a_new_client_of_another_network_has_its_whole_limit_beside_a_full_table() {
    let (limit, route) = one("60/1m", 10, 1_024);
    let (mut served, mut asked, mut number) = (0, 0, 0);
    // 10,000 made-up keys a second; a place is held for a second.
    for second in 0..60 {
        for step in 0..10_000 {
            number += 1;
            let _ = ask(&route, made_up(ATTACKER, number), second * SECOND + step * 100_000);
        }
        for client in 0..50_u8 {
            let client = Ipv4Addr::new(10, client, 0, 1);
            asked += 1;
            served += u32::from(ask(&route, client, (second + 1) * SECOND).is_allowed());
        }
    }
    println!("{served} of {asked} requests of 50 clients served, {} overflowed", overflowed(&limit));
    assert!(overflowed(&limit) > 500_000);
    assert!(served * 100 >= asked * 95, "{served} of {asked}");
}

#[test]
fn a_new_client_is_served_even_when_the_attack_comes_from_everywhere() {
    let (limit, route) = one("60/1m", 10, 1_024);
    let mut random = Random(3);
    let clients: Vec<IpAddr> = (0..50).map(|client| Ipv4Addr::new(10, client, 0, 1).into()).collect();
    let mut served = vec![0; clients.len()];
    // 10,000 a second from any network there is; each client about once a second.
    for step in 0..600_000 {
        let now = step * 100_000;
        let _ = ask(&route, made_up(u128::from(random.next()) << 64, 0), now);
        if random.below(200) == 0 {
            let client = usize::try_from(random.below(50)).unwrap();
            served[client] += u32::from(ask(&route, clients[client], now).is_allowed());
        }
    }
    let [least, sum] = [*served.iter().min().unwrap(), served.iter().sum()];
    println!("of 60 requests: {least} at least, {} on average; {} overflowed", sum / 50, overflowed(&limit));
    assert!(overflowed(&limit) > 400_000);
    assert!(least > 0, "{served:?}");
}

#[test]
fn the_attackers_own_keys_pass_no_more_than_places_and_lanes_have() {
    let (_, route) = one("60/1m", 10, 1_024);
    let mut passed = 0;
    for number in 0..1_000_000 {
        passed += u32::from(ask(&route, made_up(ATTACKER, number), 0).is_allowed());
    }
    // 1,280 places for one request each, and one lane's burst.
    assert!((1_200..=1_280 + 10).contains(&passed), "{passed}");
}

#[test]
fn nearly_all_keys_for_which_there_is_room_find_a_place() {
    for keys in [1_024, 65_536, 1_000_000] {
        let (limit, route) = one("60/1m", 10, keys);
        for number in 0..keys {
            let _ = ask(&route, made_up(ATTACKER, number as u64), 0);
        }
        let overflowed = overflowed(&limit);
        let bytes: usize = limit.tables().map(|(_, bytes, _)| bytes).sum();
        println!("{keys} keys: {overflowed} overflowed, {bytes} bytes");
        assert!(overflowed * 1_000 <= keys as u64, "{overflowed} of {keys} overflowed");
        assert!(bytes <= keys * 20 + 160 * 1_024, "{bytes} bytes for {keys} keys");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// However keys move between places and lanes; and exactly its own where there is room.
    #[test]
    fn nobody_gets_more_than_a_bucket_and_a_lane_give(seed in any::<u64>(), spread in 1_u64..40_000) {
        let (limit, route) = one("20/1m", 3, 1_024);
        let (mut own, mut both) = (Ideal::default(), Ideal::default());
        let (mut random, mut now) = (Random(seed), 0);
        for _ in 0..20_000 {
            now += random.below(SECOND / 200);
            // Four networks, so that lanes are shared; some keys come all the time.
            let key = if random.below(4) == 0 { random.below(16) } else { random.below(spread) };
            let address = made_up(u128::from(key % 4) << 96, key);
            let may = own.pass(address, now, (20, 60 * SECOND, 3));
            let is_allowed = ask(&route, address, now).is_allowed();
            if overflowed(&limit) == 0 {
                prop_assert_eq!(is_allowed, may);
            }
            if is_allowed {
                let may = both.pass(address, now, (40, 60 * SECOND, 6));
                prop_assert!(may, "granted more than two buckets");
            }
        }
    }
}
