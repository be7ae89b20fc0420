//! Gateways that are configured by YAML, JSON or TOML.
//!
//! Each reader finds its parts by what they are called, wherever they stand, so that a list of
//! Kubernetes objects, the values of a chart and a fragment of a configuration are read
//! alike. What is opaque in the [`Tree`](crate::tree::Tree) becomes opaque in the model where
//! it decides, and is listed.

pub(crate) mod apisix;
mod draft;
pub(crate) mod envoy;
mod field;
pub(crate) mod gateway_api;
pub(crate) mod ingress_nginx;
pub(crate) mod istio;
pub(crate) mod kong;
pub(crate) mod krakend;
mod kubernetes;
pub(crate) mod traefik;

/// Whether a file's name may be one of data: programs and prose that name the same words are not.
fn is_data(name: &str) -> bool {
    const ENDINGS: [&str; 14] = [
        "conf", "dist", "example", "gotmpl", "j2", "json", "jsonc", "sample", "template", "tmpl", "toml",
        "tpl", "yaml", "yml",
    ];
    let file = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let ending = file.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_none_or(|ending| ENDINGS.contains(&ending.as_str()))
}

/// Whether a file of data is called after a system; what lies in a folder that is has to speak of
/// CORS, too.
fn is_called(name: &str, text: &str, system: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let file = name.rsplit('/').next().unwrap_or_default();
    let speaks = || {
        let text = text.to_ascii_lowercase();
        ["cors", "access-control-", "allow_origin"].iter().any(|word| text.contains(word))
    };
    file.contains('.') && (file.contains(system) || name.contains(system) && speaks())
}
