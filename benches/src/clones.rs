//! A clone of the layer with its service, which axum makes for every request.

use corsac_middleware::cors::CorsLayer;
use tower::Layer;

use crate::measure::{Case, Figure, Table, cell, measure};
use crate::requests::policy;
use crate::tower_http_cors;

pub(crate) fn run() -> Table {
    let mut table =
        Table::new("Clone of the service (time, allocations)", &["origins", "corsac", "tower-http"]);
    for count in [1, 1_000, 100_000] {
        let Some(policy) = policy(count) else { continue };
        let ours = CorsLayer::new(policy).layer(());
        let theirs = tower_http_cors::layer(count).layer(());
        let mut cases = [
            Case::new(|| (), |()| drop(std::hint::black_box(ours.clone()))),
            Case::new(|| (), |()| drop(std::hint::black_box(theirs.clone()))),
        ];
        let figures: Vec<Figure> = measure(&mut cases);
        let mut row = vec![count.to_string()];
        row.extend(figures.into_iter().map(cell));
        table.row(row);
    }
    table
}
