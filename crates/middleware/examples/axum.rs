//! An axum application whose pages at `https://app.example.com` may call it with
//! cookies. Run it, and ask as a browser would:
//!
//! ```sh
//! cargo run -p corsac-middleware --example axum
//! curl -i -H 'Origin: https://app.example.com' http://127.0.0.1:3000/items
//! curl -i -H 'Origin: https://evil.example' http://127.0.0.1:3000/items
//! curl -i -X OPTIONS -H 'Origin: https://app.example.com' \
//!      -H 'Access-Control-Request-Method: PUT' http://127.0.0.1:3000/items/7
//! ```
#![forbid(unsafe_code)]

use std::time::Duration;

use axum::Router;
use axum::routing::{get, put};
use corsac_cors::{Policy, PolicyConfig};
use corsac_middleware::cors::CorsLayer;
use tower_http::catch_panic::CatchPanicLayer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let policy = Policy::compile(&PolicyConfig {
        origins: vec!["https://app.example.com".into()],
        methods: vec!["PUT".into()],
        request_headers: vec!["content-type".into()],
        credentials: true,
        max_age: Some(Duration::from_secs(600)),
        ..PolicyConfig::default()
    })?;
    let app = Router::new()
        .route("/items", get(|| async { "[7]\n" }))
        .route("/items/{id}", put(|| async { "saved\n" }))
        // Layers added later are further out: CORS comes last, so that a page can
        // read a panic's 500 as well.
        .layer(CatchPanicLayer::new())
        .layer(CorsLayer::new(policy));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app).await?;
    Ok(())
}
