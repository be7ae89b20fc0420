//! The server's own words: a repair as the configuration of the software that answers.

mod applications;
mod grant;
mod proxies;

use corsac_browser::HeaderList;

use super::exchange::{Answered, RecordedExchange};
use super::repair::Repair;
use grant::Grant;

/// Software whose words are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// Apache HTTP Server.
    Apache,
    /// ASP.NET Core.
    AspNet,
    /// Caddy.
    Caddy,
    /// Corsac.
    Corsac,
    /// Django, with django-cors-headers.
    Django,
    /// Envoy, and what is built on it.
    Envoy,
    /// Express, with the package `cors`.
    Express,
    /// `FastAPI` and Starlette.
    FastApi,
    /// Flask, with Flask-CORS.
    Flask,
    /// `HAProxy`.
    HaProxy,
    /// nginx and `OpenResty`.
    Nginx,
    /// Amazon S3.
    S3,
    /// Spring Security.
    Spring,
    /// tower-http, under axum and others.
    TowerHttp,
    /// Traefik.
    Traefik,
}

/// How servers call themselves, in `Server` or `X-Powered-By`. An application stands before
/// the proxies, since it is what knows who may read.
const NAMES: [(&str, Server); 12] = [
    ("express", Server::Express),
    ("uvicorn", Server::FastApi),
    ("hypercorn", Server::FastApi),
    ("werkzeug", Server::Flask),
    ("kestrel", Server::AspNet),
    ("asp.net", Server::AspNet),
    ("amazons3", Server::S3),
    ("caddy", Server::Caddy),
    ("envoy", Server::Envoy),
    ("nginx", Server::Nginx),
    ("openresty", Server::Nginx),
    ("apache", Server::Apache),
];

impl Server {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Apache,
        Self::AspNet,
        Self::Caddy,
        Self::Corsac,
        Self::Django,
        Self::Envoy,
        Self::Express,
        Self::FastApi,
        Self::Flask,
        Self::HaProxy,
        Self::Nginx,
        Self::S3,
        Self::Spring,
        Self::TowerHttp,
        Self::Traefik,
    ];

    /// Its name, as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Apache => "Apache",
            Self::AspNet => "ASP.NET Core",
            Self::Caddy => "Caddy",
            Self::Corsac => "Corsac",
            Self::Django => "Django",
            Self::Envoy => "Envoy",
            Self::Express => "Express",
            Self::FastApi => "FastAPI",
            Self::Flask => "Flask",
            Self::HaProxy => "HAProxy",
            Self::Nginx => "nginx",
            Self::S3 => "Amazon S3",
            Self::Spring => "Spring",
            Self::TowerHttp => "tower-http",
            Self::Traefik => "Traefik",
        }
    }

    /// Its name in one lower-case word, for command lines.
    pub fn id(self) -> &'static str {
        match self {
            Self::Apache => "apache",
            Self::AspNet => "asp.net",
            Self::Caddy => "caddy",
            Self::Corsac => "corsac",
            Self::Django => "django",
            Self::Envoy => "envoy",
            Self::Express => "express",
            Self::FastApi => "fastapi",
            Self::Flask => "flask",
            Self::HaProxy => "haproxy",
            Self::Nginx => "nginx",
            Self::S3 => "s3",
            Self::Spring => "spring",
            Self::TowerHttp => "tower-http",
            Self::Traefik => "traefik",
        }
    }

    /// What the responses call themselves; nothing where they say nothing known.
    pub fn of(exchange: &RecordedExchange) -> Option<Self> {
        let hops = exchange.hops.iter();
        let answers = hops.flat_map(|hop| hop.preflight.iter().chain([&hop.actual]));
        let named = answers.filter_map(|answered| match answered {
            Answered::Response(response) => named(&response.headers),
            Answered::NetworkError => None,
        });
        named.min_by_key(|&(rank, _)| rank).map(|(_, server)| server)
    }

    /// The configuration that makes `repair`: complete, for the place that it names in its
    /// first line. `None` where no response field is lacking.
    pub fn words(self, exchange: &RecordedExchange, repair: &Repair) -> Option<String> {
        let grant = Grant::of(exchange, repair)?;
        Some(match self {
            Self::Apache => proxies::apache(&grant),
            Self::AspNet => applications::asp_net(&grant),
            Self::Caddy => proxies::caddy(&grant),
            Self::Corsac => proxies::corsac(&grant),
            Self::Django => applications::django(&grant),
            Self::Envoy => proxies::envoy(&grant),
            Self::Express => applications::express(&grant),
            Self::FastApi => applications::fast_api(&grant),
            Self::Flask => applications::flask(&grant),
            Self::HaProxy => proxies::ha_proxy(&grant),
            Self::Nginx => proxies::nginx(&grant),
            Self::S3 => proxies::s3(&grant),
            Self::Spring => applications::spring(&grant),
            Self::TowerHttp => applications::tower_http(&grant),
            Self::Traefik => proxies::traefik(&grant),
        })
    }
}

fn named(headers: &HeaderList) -> Option<(usize, Server)> {
    let said = ["server", "x-powered-by"].into_iter().filter_map(|name| headers.get(name));
    let said: Vec<String> = said.map(|value| String::from_utf8_lossy(&value).to_ascii_lowercase()).collect();
    let is_said = |name: &str| said.iter().any(|value| value.contains(name));
    NAMES.iter().enumerate().find(|(_, (name, _))| is_said(name)).map(|(rank, (_, server))| (rank, *server))
}
