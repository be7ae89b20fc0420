//! Flags of `corsac signal`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args as ClapArgs;
use corsac_signaling::service::Limits;

use super::duration;

const TOKENS: &str = "Who may come in";
const TURN: &str = "TURN";
const RECORDS: &str = "Records";
const LIMITS: &str = "Limits";

#[derive(Debug, ClapArgs)]
#[command(after_help = HELP)]
pub(crate) struct Signal {
    /// Where to listen, TCP and UDP; with port 0 the system gives a port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8443")]
    pub(crate) listen: SocketAddr,
    /// The server's certificate and what it is signed by, in PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_cert: PathBuf,
    /// Its private key, in PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_key: PathBuf,
    /// Serve WebSocket alone, without a UDP port
    #[arg(long)]
    pub(crate) no_webtransport: bool,
    /// A page that may connect, by scheme and host as browsers send them; may be given again
    #[arg(long = "origin", value_name = "ORIGIN", required = true, num_args = 1.., help_heading = TOKENS)]
    pub(crate) origins: Vec<String>,
    /// The JWK set of who issues tokens; read again when it changes, and on SIGHUP
    #[arg(long, value_name = "FILE", help_heading = TOKENS)]
    pub(crate) jwks: PathBuf,
    /// What access tokens say in `aud`
    #[arg(long, value_name = "NAME", help_heading = TOKENS)]
    pub(crate) audience: String,
    /// What tokens say in `iss`; any, unless it is given
    #[arg(long, value_name = "NAME", help_heading = TOKENS)]
    pub(crate) issuer: Option<String>,
    /// The text that users consent to, instead of a plain one
    #[arg(long, value_name = "FILE", help_heading = TOKENS)]
    pub(crate) notice: Option<PathBuf>,
    /// A TURN server, as in turns:turn.example.com:443; may be given again
    #[arg(long = "turn-url", value_name = "URL", num_args = 1.., requires = "turn_secret", help_heading = TURN)]
    pub(crate) turn_urls: Vec<String>,
    /// The secret that the TURN server shares with this one
    #[arg(long, value_name = "FILE", requires = "turn_urls", help_heading = TURN)]
    pub(crate) turn_secret: Option<PathBuf>,
    /// How long a credential opens allocations, 10m at most
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = duration, help_heading = TURN)]
    pub(crate) turn_ttl: Duration,
    /// A command that deletes what the TURN server has for a user name, its only argument
    #[arg(long, value_name = "COMMAND", requires = "turn_urls", help_heading = TURN)]
    pub(crate) turn_delete_hook: Option<PathBuf>,
    /// Append what happens in rooms to this ledger
    #[arg(long, value_name = "FILE", help_heading = RECORDS)]
    pub(crate) ledger: Option<PathBuf>,
    /// Append security events to this file, one JSON object a line; `-` is standard error
    #[arg(long, value_name = "FILE", help_heading = RECORDS)]
    pub(crate) events: Option<PathBuf>,
    /// Where counters are told to Prometheus, in the clear
    #[arg(long, value_name = "ADDRESS", help_heading = RECORDS)]
    pub(crate) metrics_listen: Option<SocketAddr>,
    /// This server's name among its counters
    #[arg(long, value_name = "NAME", default_value = "node", help_heading = RECORDS)]
    pub(crate) node: String,
    /// Connections in all; more wait
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().connections, help_heading = LIMITS)]
    pub(crate) max_connections: usize,
    /// Connections in all that have not said who they are; the oldest goes
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().unauthenticated, help_heading = LIMITS)]
    pub(crate) max_unauthenticated: usize,
    /// The same of one IPv4 address or IPv6 /64
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().unauthenticated_per_network, help_heading = LIMITS)]
    pub(crate) max_unauthenticated_per_address: usize,
}

const HELP: &str = "\
The first line on standard output is {\"port\":N}. Pages connect to wss://HOST:N/v1/ws and, with
WebTransport, to https://HOST:N/v1/wt. SIGTERM and SIGINT tell all peers to connect elsewhere and
wait 5 s for them at most; SIGHUP reads the JWK set again.

Example:
  corsac signal --listen 0.0.0.0:443 --tls-cert chain.pem --tls-key key.pem --jwks jwks.json \\
    --audience https://calls.example.com --origin https://app.example.com --ledger calls.jsonl";
