//! The systems whose configuration is read.

use std::fmt;

use corsac_analysis::model::Model;
use corsac_diagnostics::Source;

use crate::code::python_systems::{django, fastapi, flask_cors};
use crate::code::{express, rust_systems};
use crate::gateways::{apisix, envoy, gateway_api, ingress_nginx, istio, kong, krakend, traefik};
use crate::{Includes, Unreadable, apache, caddy, cloud, haproxy, nginx, spring};

/// A system whose configuration is read.
#[derive(Clone, Copy)]
pub struct System {
    /// Its name on the command line: `nginx`, `ingress-nginx`.
    pub id: &'static str,
    /// Its name in messages: `nginx`, `Express`.
    pub name: &'static str,
    /// How much a file (its path, its text) looks like this system's, from 0, not at all, to 100. A
    /// file's name alone is worth at most 50; looking costs little, whatever the text.
    pub(crate) likeness: fn(name: &str, text: &str) -> u8,
    /// The reader.
    pub(crate) read: fn(Source, &dyn Includes) -> Result<Model, Unreadable>,
}

impl System {
    /// All of them.
    pub fn all() -> &'static [Self] {
        SYSTEMS
    }

    /// Whether its configuration is code of an application: other files of it may change what one says,
    /// or answer by themselves.
    pub fn is_code(&self) -> bool {
        matches!(self.id, "django" | "express" | "fastapi" | "flask-cors" | "rust" | "spring")
    }

    /// The system with this id.
    pub fn by_id(id: &str) -> Option<Self> {
        SYSTEMS.iter().find(|system| system.id == id).copied()
    }
}

/// One line each, by id: `System { id, name, likeness: module::likeness, read: module::read },`
const SYSTEMS: &[System] = &[
    System { id: "apache", name: "Apache", likeness: apache::likeness, read: apache::read },
    System {
        id: "api-gateway",
        name: "API Gateway",
        likeness: cloud::likeness_api_gateway,
        read: cloud::read_api_gateway,
    },
    System { id: "apisix", name: "APISIX", likeness: apisix::likeness, read: apisix::read },
    System { id: "azure", name: "Azure", likeness: cloud::likeness_azure, read: cloud::read_azure },
    System { id: "caddy", name: "Caddy", likeness: caddy::likeness, read: caddy::read },
    System {
        id: "cloudformation",
        name: "CloudFormation",
        likeness: cloud::likeness_cloudformation,
        read: cloud::read_cloudformation,
    },
    System { id: "django", name: "Django", likeness: django::likeness, read: django::read },
    System { id: "envoy", name: "Envoy", likeness: envoy::likeness, read: envoy::read },
    System { id: "express", name: "Express", likeness: express::likeness, read: express::read },
    System { id: "fastapi", name: "FastAPI", likeness: fastapi::likeness, read: fastapi::read },
    System { id: "flask-cors", name: "Flask-CORS", likeness: flask_cors::likeness, read: flask_cors::read },
    System {
        id: "gateway-api",
        name: "Gateway API",
        likeness: gateway_api::likeness,
        read: gateway_api::read,
    },
    System { id: "gcs", name: "Cloud Storage", likeness: cloud::likeness_gcs, read: cloud::read_gcs },
    System { id: "haproxy", name: "HAProxy", likeness: haproxy::likeness, read: haproxy::read },
    System {
        id: "ingress-nginx",
        name: "ingress-nginx",
        likeness: ingress_nginx::likeness,
        read: ingress_nginx::read,
    },
    System { id: "istio", name: "Istio", likeness: istio::likeness, read: istio::read },
    System { id: "kong", name: "Kong", likeness: kong::likeness, read: kong::read },
    System { id: "krakend", name: "KrakenD", likeness: krakend::likeness, read: krakend::read },
    System { id: "nginx", name: "nginx", likeness: nginx::likeness, read: nginx::read },
    System { id: "rust", name: "Rust", likeness: rust_systems::likeness, read: rust_systems::read },
    System { id: "s3", name: "S3", likeness: cloud::likeness_s3, read: cloud::read_s3 },
    System { id: "spring", name: "Spring", likeness: spring::likeness, read: spring::read },
    System {
        id: "terraform",
        name: "Terraform",
        likeness: cloud::terraform::likeness,
        read: cloud::terraform::read,
    },
    System { id: "traefik", name: "Traefik", likeness: traefik::likeness, read: traefik::read },
];

impl fmt::Debug for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

impl PartialEq for System {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for System {}
