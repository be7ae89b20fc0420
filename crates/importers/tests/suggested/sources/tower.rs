use tower_http::cors::{CorsLayer, Any};
use http::Method;
fn main() {
    let cors = CorsLayer::new()
        .allow_methods([Method::GET, Method::PATCH])
        .allow_origin(Any);
    let app = Router::new().layer(cors);
}
