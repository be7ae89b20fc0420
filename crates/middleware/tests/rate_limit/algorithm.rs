//! GCRA against exact fractions, against `governor`, and against its own claims.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use corsac_middleware::rate_limit::{Moment, Verdict};
use governor::clock::FakeRelativeClock;
use governor::{Quota, RateLimiter};
use proptest::prelude::*;

use super::{Ideal, Random, SEED, ask, at, from, one, overflowed};

const SECOND: u64 = 1_000_000_000;

#[test]
fn a_million_events_of_a_hundred_thousand_keys_pass_as_ideal_ones_do() {
    let (quantity, burst) = (7, 5);
    let (limit, route) = one("7/1m", burst, 100_000);
    let (mut ideal, mut random) = (Ideal::default(), Random(1));
    let (mut allowed, mut ideally, mut different, mut now) = (0_u32, 0_u32, 0_u32, 0);
    for _ in 0..1_000_000 {
        now += random.below(2 * 300 * SECOND / 1_000_000);
        // The product of two: some keys come often, most a few times.
        let key = if random.below(2) == 0 { random.below(2_000) } else { random.below(100_000) };
        let address = IpAddr::from(Ipv4Addr::from_bits(u32::try_from(key).unwrap()));
        let is_allowed = ask(&route, address, now).is_allowed();
        let may = ideal.pass(address, now, (quantity, 60 * SECOND, burst));
        allowed += u32::from(is_allowed);
        ideally += u32::from(may);
        different += u32::from(is_allowed != may);
    }
    println!("{} keys: {allowed} allowed, ideally {ideally}, {different} differ", ideal.buckets.len());
    assert!((500_000..900_000).contains(&ideally), "a test that denies nothing proves nothing: {ideally}");
    assert!(different * 100 <= ideally, "{different} of {ideally} differ");
    assert_eq!(overflowed(&limit), 0);
}

#[test]
fn governor_gives_the_same_verdicts() {
    for (limit, interval, burst) in [
        ("10/1s", Duration::from_millis(100), 10),
        ("10/1s", Duration::from_millis(100), 1),
        ("60/1m", Duration::from_secs(1), 5),
        ("1000000/1s", Duration::from_micros(1), 100),
        ("1/1d", Duration::from_secs(86_400), 3),
    ] {
        let (_, ours) = one(limit, burst, 1_024);
        let clock = FakeRelativeClock::default();
        let burst = NonZeroU32::new(u32::try_from(burst).unwrap()).unwrap();
        let quota = Quota::with_period(interval).unwrap().allow_burst(burst);
        let theirs = RateLimiter::direct_with_clock(quota, clock.clone());
        let (mut random, mut now, mut counts) = (Random(2), 0, [0_u32; 2]);
        let interval = u64::try_from(interval.as_nanos()).unwrap();
        for event in 0..20_000 {
            // Now and then a pause in which the bucket fills.
            let longest = if event % 100 == 0 { 20 * interval } else { interval };
            let pause = random.below(longest * 3 / 2);
            now += pause;
            clock.advance(Duration::from_nanos(pause));
            let cost = u32::try_from(1 + random.below(3) / 2).unwrap();
            let cost_of = NonZeroU32::new(cost).unwrap();
            let expected = matches!(theirs.check_n(cost_of), Ok(Ok(())));
            let decision = ours.decide_cost(&from(Ipv4Addr::LOCALHOST), at(now), cost.into());
            assert_eq!(decision.is_allowed(), expected, "{limit}, event {event}, cost {cost}");
            counts[usize::from(expected)] += 1;
        }
        assert!(counts.iter().all(|count| *count > 1_000), "{limit}: {counts:?}");
    }
}

#[test]
fn the_rates_edge_is_exact() {
    let (_, route) = one("10/1s", 3, 1_024);
    let address = Ipv4Addr::LOCALHOST;
    let allowed: Vec<bool> = (0..4).map(|_| ask(&route, address, SECOND).is_allowed()).collect();
    assert_eq!(allowed, [true, true, true, false]);
    assert!(!ask(&route, address, SECOND + 99_999_999).is_allowed());
    assert!(ask(&route, address, SECOND + 100_000_000).is_allowed());
    assert!(!ask(&route, address, SECOND + 100_000_001).is_allowed());
}

#[test]
fn whoever_waits_as_told_passes_and_a_nanosecond_before_does_not() {
    let (_, route) = one("7/1m", 7, 1_024);
    let mut now = SECOND;
    let mut denied = 0;
    for _ in 0..100 {
        let decision = ask(&route, Ipv4Addr::LOCALHOST, now);
        let Some(after) = decision.retry_after() else { continue };
        denied += 1;
        let after = u64::try_from(after.as_nanos()).unwrap();
        assert!(!ask(&route, Ipv4Addr::LOCALHOST, now + after - 1).is_allowed());
        now += after;
        assert!(ask(&route, Ipv4Addr::LOCALHOST, now).is_allowed());
    }
    assert!(denied > 40);
}

fn events() -> impl Strategy<Value = Vec<(u64, u64)>> {
    let pause = prop_oneof![Just(0), 0..SECOND / 5, 0..5 * SECOND];
    prop::collection::vec((pause, 1_u64..4), 1..120)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_window_passes_more_than_the_burst_and_what_it_brings(
        events in events(), quantity in 1_u64..50, burst in 3_u64..20,
    ) {
        let (_, route) = one(&format!("{quantity}/1s"), burst, 1_024);
        let (mut now, mut passed) = (0, Vec::new());
        for (pause, cost) in events {
            now += pause;
            if route.decide_cost(&from(Ipv4Addr::LOCALHOST), at(now), cost).is_allowed() {
                passed.push((now, cost));
            }
        }
        for (first, (start, _)) in passed.iter().enumerate() {
            let mut units = 0;
            for (end, cost) in &passed[first..] {
                units += cost;
                let brought = u128::from(end - start) * u128::from(quantity) / u128::from(SECOND);
                prop_assert!(u128::from(units) <= u128::from(burst) + brought, "{start}..{end}: {units}");
            }
        }
    }

    #[test]
    fn a_cost_of_n_is_n_requests(events in events(), burst in 3_u64..20) {
        let (_, whole) = one("5/1s", burst, 1_024);
        let (_, single) = one("5/1s", burst, 1_024);
        let mut now = 0;
        for (pause, cost) in events {
            now += pause;
            let subject = from(Ipv4Addr::LOCALHOST);
            // Looked at with a cost of nothing, so that a denied whole leaves no part.
            let left = single.decide_cost(&subject, at(now), 0).charges().next().unwrap().1.remaining();
            let whole = whole.decide_cost(&subject, at(now), cost);
            prop_assert_eq!(whole.is_allowed(), left >= cost);
            if whole.is_allowed() {
                for _ in 0..cost {
                    prop_assert!(single.decide(&subject, at(now)).is_allowed());
                }
            }
        }
    }

    #[test]
    fn a_clock_that_goes_backwards_is_one_that_stands(
        events in prop::collection::vec((0_u64..10 * SECOND, 0_u32..40), 1..200),
    ) {
        let (_, jumping) = one("2/1s", 3, 1_024);
        let (_, standing) = one("2/1s", 3, 1_024);
        let mut latest = 0;
        for (now, host) in events {
            latest = latest.max(now);
            let subject = from(Ipv4Addr::from_bits(host));
            prop_assert_eq!(
                jumping.decide(&subject, at(now)).is_allowed(),
                standing.decide(&subject, at(latest)).is_allowed()
            );
        }
    }

    #[test]
    fn no_number_overflows(
        moments in prop::collection::vec(prop_oneof![any::<u64>(), Just(u64::MAX), Just(0)], 1..40),
        costs in prop::collection::vec(prop_oneof![0_u64..10, any::<u64>(), Just(u64::MAX)], 40),
        quick in any::<bool>(),
    ) {
        let (_, route) = if quick { one("1000000/1s", 1_000_000_000, 1_024) } else { one("1/31d", 11, 1_024) };
        for (now, cost) in moments.into_iter().zip(costs) {
            let decision = route.decide_cost(&from(Ipv4Addr::LOCALHOST), at(now), cost);
            let (_, charge) = decision.charges().next().unwrap();
            if charge.verdict() == Verdict::Allowed {
                prop_assert!(cost <= 1_000_000_000);
            }
            prop_assert!(charge.reset_after() <= Duration::from_secs(147 * 366 * 86_400));
        }
    }
}

#[test]
fn seeds_and_moments_are_what_they_are() {
    assert!(Moment::now() <= Moment::now());
    assert_eq!(format!("{SEED:?}"), "Seed([redacted])");
}
