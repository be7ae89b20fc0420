//! The service on somebody else's route: `Service::upgrade` behind a plain HTTP server of a test's.

use std::convert::Infallible;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

use corsac_signaling::service::Service;
use futures_util::StreamExt;

use crate::world::{ORIGIN, World};

async fn mount(service: Service) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, client)) = listener.accept().await {
            let service = service.clone();
            let answers = service_fn(move |mut request: Request<Incoming>| {
                let response = service.upgrade(&mut request, client.ip());
                async move { Ok::<_, Infallible>(response) }
            });
            tokio::spawn(
                http1::Builder::new().serve_connection(TokioIo::new(stream), answers).with_upgrades(),
            );
        }
    });
    address
}

#[tokio::test]
async fn a_route_of_another_server_has_the_same_rules_but_for_its_path() {
    let world = World::new();
    let address = mount(world.service.clone()).await;
    for (origin, subprotocol, refused) in [
        (ORIGIN, "corsac.signal.v1", None),
        ("https://other.example", "corsac.signal.v1", Some(403)),
        (ORIGIN, "chat", Some(400)),
    ] {
        let mut request = format!("ws://{address}/calls/socket").into_client_request().unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        request.headers_mut().insert("sec-websocket-protocol", subprotocol.parse().unwrap());
        let stream = TcpStream::connect(address).await.unwrap();
        match (tokio_tungstenite::client_async(request, stream).await, refused) {
            (Ok((mut socket, _)), None) => {
                let Some(Ok(Message::Text(challenge))) = socket.next().await else { panic!("no challenge") };
                assert!(challenge.contains("\"challenge\""), "{challenge}");
            }
            (Err(Error::Http(response)), Some(status)) => assert_eq!(response.status(), status),
            (answer, _) => panic!("{origin} {subprotocol}: {:?}", answer.map(|_| ())),
        }
    }
}

#[tokio::test]
async fn there_are_as_many_connections_as_there_may_be() {
    let world = World::with(|config| config.limits.connections = 1);
    let address = mount(world.service.clone()).await;
    let open = async || {
        let mut request = format!("ws://{address}/").into_client_request().unwrap();
        request.headers_mut().insert("origin", ORIGIN.parse().unwrap());
        request.headers_mut().insert("sec-websocket-protocol", "corsac.signal.v1".parse().unwrap());
        let stream = TcpStream::connect(address).await.unwrap();
        tokio_tungstenite::client_async(request, stream).await
    };
    let first = open().await.unwrap();
    assert!(matches!(open().await, Err(Error::Http(response)) if response.status() == 503));
    drop(first);
    while world.counter("corsac_signal_connections{transport=\"websocket\"}") > 0 {
        tokio::task::yield_now().await;
    }
    assert!(open().await.is_ok());
}
