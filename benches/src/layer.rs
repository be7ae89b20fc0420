//! The layer around a service that does nothing.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll, Waker};

use corsac_middleware::cors::CorsLayer;
use http::{Request, Response};
use tower::{Layer, Service};

use crate::measure::{Case, Figure, Table, cell, measure};
use crate::requests::{Head, SIZES, hostile, ordinary, policy};
use crate::{actix, tower_http_cors};

#[derive(Clone)]
struct NoOp;

impl Service<Request<()>> for NoOp {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Ok(Response::new(())))
    }
}

pub(crate) fn run() -> Table {
    let header = ["request", "origins", "corsac", "tower-http", "actix-cors", "corsac / tower-http"];
    let mut table = Table::new("Layer over a no-op service (ns above the service, allocations)", &header);
    for count in SIZES {
        for (name, head) in ordinary(count) {
            compare(&mut table, name, count, &head);
        }
    }
    for (name, head) in hostile() {
        compare(&mut table, &name, 1, &head);
    }
    table
}

fn compare(table: &mut Table, name: &str, count: usize, head: &Head) {
    let Some(policy) = policy(count) else { return };
    let prepare = || {
        let mut request = Request::new(());
        *request.method_mut() = head.method.clone();
        request.headers_mut().clone_from(&head.headers);
        request
    };
    let ours = CorsLayer::new(policy).layer(NoOp);
    let theirs = tower_http_cors::layer(count).layer(NoOp);
    let mut cases = [case(prepare, NoOp), case(prepare, ours), case(prepare, theirs)];
    let [bare, ours, theirs] = figures(&mut cases);
    let mut actix_cases: Vec<_> =
        [false, true].into_iter().filter_map(|with_cors| actix::case(count, head, with_cors)).collect();
    let actix = match measure(&mut actix_cases).as_slice() {
        [bare, actix] => above(*actix, *bare),
        _ => Figure::default(),
    };
    let (ours, theirs) = (above(ours, bare), above(theirs, bare));
    table.row(vec![
        name.to_owned(),
        count.to_string(),
        cell(ours),
        cell(theirs),
        cell(actix),
        format!("{:.2}", ours.nanos / theirs.nanos),
    ]);
}

fn case<'c, S>(prepare: impl Fn() -> Request<()> + 'c, mut service: S) -> Case<'c, Request<()>>
where
    S: Service<Request<()>> + 'c,
{
    Case::new(prepare, move |request| {
        let mut future = std::pin::pin!(service.call(request));
        let mut context = Context::from_waker(Waker::noop());
        let polled = future.as_mut().poll(&mut context);
        std::hint::black_box(polled.is_ready());
    })
}

fn figures(cases: &mut [Case<'_, Request<()>>; 3]) -> [Figure; 3] {
    let measured = measure(cases);
    std::array::from_fn(|index| measured.get(index).copied().unwrap_or_default())
}

fn above(figure: Figure, bare: Figure) -> Figure {
    Figure {
        nanos: (figure.nanos - bare.nanos).max(0.0),
        allocations: figure.allocations.saturating_sub(bare.allocations),
    }
}
