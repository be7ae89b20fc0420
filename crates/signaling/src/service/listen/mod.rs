//! A port of the service's own: TLS over TCP for WebSocket, QUIC over UDP, with the same number, for WebTransport,
//! and another for counters. There is no port without TLS but the last.

mod metrics;
mod quic;
mod tcp;
pub(crate) mod tls;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpSocket};
use web_transport_quinn::quinn::Endpoint;

use super::Service;
use tls::Identity;

/// Connections that wait in the kernel.
const BACKLOG: u32 = 1_024;

/// Free ports that are tried until one is free for both TCP and UDP.
const TRIES: u32 = 16;

/// Where a service is served.
#[derive(Clone, Debug)]
pub struct ListenConfig {
    /// With port 0 the system gives one.
    pub address: SocketAddr,
    /// The certificate.
    pub identity: Identity,
    /// Whether WebTransport is served too, on the UDP port of the same number.
    pub webtransport: bool,
    /// Where counters are told, in the clear. Default: nowhere.
    pub metrics: Option<SocketAddr>,
}

/// Ports that are open, and not served yet.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    tcp: TcpListener,
    tls: Arc<ServerConfig>,
    quic: Option<Endpoint>,
    metrics: Option<TcpListener>,
}

impl Listener {
    /// Opens the ports. It has to be called in a runtime.
    ///
    /// # Errors
    ///
    /// A port is not free, or the system has no socket.
    pub fn bind(config: &ListenConfig) -> io::Result<Self> {
        let tls = Arc::new(config.identity.server_config(b"http/1.1").map_err(io::Error::other)?);
        let metrics = config.metrics.map(tcp_listener).transpose()?;
        let mut tries = 0;
        loop {
            tries += 1;
            let tcp = tcp_listener(config.address)?;
            let address = tcp.local_addr()?;
            if !config.webtransport {
                return Ok(Self { address, tcp, tls, quic: None, metrics });
            }
            match quic::endpoint(address, &config.identity) {
                Ok(quic) => return Ok(Self { address, tcp, tls, quic: Some(quic), metrics }),
                // Another program has the UDP port of this number: the system gives another.
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && config.address.port() == 0 => {
                    if tries == TRIES {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where counters are told.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// Accepts connections, in tasks of their own, until the service drains.
    pub fn serve(self, service: &Service) {
        let shared = || Arc::clone(&service.0);
        if let Some(metrics) = self.metrics {
            tokio::spawn(metrics::serve(shared(), metrics));
        }
        if let Some(endpoint) = self.quic {
            tokio::spawn(quic::serve(shared(), endpoint));
        }
        tokio::spawn(tcp::serve(shared(), self.tcp, self.tls));
    }
}

fn tcp_listener(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
