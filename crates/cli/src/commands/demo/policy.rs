//! The demo's policy and its addresses.

use std::net::SocketAddr;

use super::pages::Role;

/// The policy's name, as the pages show it.
pub(super) const FILE: &str = "demo.toml";

/// The host of the gateway, a neighbour of the application's page.
pub(super) const API_HOST: &str = "api.corsac.localhost";

/// Where the parts of the demo listen.
#[derive(Debug)]
pub(super) struct Addresses {
    pub(super) gateway: u16,
    pub(super) api: SocketAddr,
    pub(super) down: SocketAddr,
    pub(super) app: SocketAddr,
    pub(super) foreign: SocketAddr,
}

impl Addresses {
    /// The URL of a page. Browsers resolve `*.localhost` to loopback (RFC 6761).
    pub(super) fn page(&self, role: Role) -> String {
        match role {
            Role::App => format!("http://app.corsac.localhost:{}/", self.app.port()),
            Role::Foreign => format!("http://foreign.localhost:{}/", self.foreign.port()),
        }
    }

    /// The policy that the demo runs and prints.
    pub(super) fn policy(&self) -> String {
        let Self { gateway, api, down, .. } = self;
        let app = self.page(Role::App);
        let app = app.trim_end_matches('/');
        format!(
            r#"[gateway]
listen     = "127.0.0.1:{gateway}"
access_log = "off"

[upstreams.api]
url              = "http://{api}"
response_timeout = "1s"

[upstreams.down]
url = "http://{down}"

[cors.app]
origins         = ["{app}"]
methods         = ["GET", "POST", "PUT"]
request_headers = ["content-type"]
exposed_headers = ["x-request-id"]
credentials     = true
max_age         = "10m"

[[routes]]
path     = "/down"
upstream = "down"
cors     = "app"
rules    = [{{ methods = ["*"], anyone = true }}]

[[routes]]
path     = "/{{call}}"
upstream = "api"
cors     = "app"
rules    = [{{ methods = ["*"], anyone = true }}]

[[routes]]
path     = "/items/{{id}}"
upstream = "api"
cors     = "app"
rules    = [{{ methods = ["*"], anyone = true }}]
"#
        )
    }
}
