//! A client that goes away: there is no answer to be looked at, but everything else is.
//!
//! A preflight cannot be aborted: it is answered before anybody could go away.

use super::site::Site;
use super::wire::{Content, Lane, Sent};
use super::{Page, block_on};
use crate::support::PATIENCE;

fn held(page: Page) -> Sent<'static> {
    let fields = page.origin().map(|origin| ("origin", origin.to_owned())).into_iter().collect();
    Sent { method: "GET", target: "/held", fields, content: Content::Nothing }
}

async fn until_held(site: &Site) {
    loop {
        match site.upstream.held.try_recv() {
            Ok(began) => return assert!(began),
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

async fn aborts(lane: Lane) {
    let site = Site::start(lane);
    let pages = [Page::Allowed, Page::Foreign, Page::None, Page::Null];
    for (page, cors) in pages.into_iter().zip(["allowed", "denied", "not-cors", "denied"]) {
        let cell = format!("{lane:?} / client abort / {page:?}");
        // While the one place is taken nobody else gets it, so that whoever gets it below
        // has got this one.
        let taken = async {
            until_held(&site).await;
            let second = site.caller.send(&held(page)).await.unwrap();
            assert_eq!(second.status, 429, "{cell}");
            assert_eq!(site.events.recv_timeout(PATIENCE).unwrap().status, 429, "{cell}");
        };
        site.caller.abort(&held(page), taken).await;
        let seen = site.events.recv_timeout(PATIENCE).unwrap();
        assert_eq!((seen.status, seen.problem, seen.cors), (499, None, Some(cors)), "{cell}");
        assert_eq!(seen.guards, ["rate-limit allowed within-limits"], "{cell}");
        assert!(!site.upstream.next_held(), "{cell}: the upstream's connection is closed");
    }
    assert_eq!(site.upstream.requests(), pages.len(), "each page has got the place");
    let lines = site.stop();
    let of = |status: u16| lines.iter().filter(|line| line["status"] == status).count();
    assert_eq!((of(499), of(429), lines.len()), (4, 4, 8), "{lane:?}");
}

#[test]
fn a_client_that_goes_away_leaves_a_line_and_nothing_else() {
    for lane in [Lane::Http1, Lane::Http1Tls, Lane::Http2, Lane::Http2Tls] {
        block_on(aborts(lane));
    }
}
