//! What a console text needs to know beside the failure.

use crate::fetch::exchange::Tainting;
use crate::request::PageKind;

/// The exchange as the console tells it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'e> {
    /// The URL of the hop that failed.
    pub(crate) url: &'e str,
    /// The URL of the hop before it; on the first hop its own.
    pub(crate) last_url: &'e str,
    /// The URL of the redirect that was refused, if one was.
    pub(crate) location: Option<&'e str>,
    /// The URL that the script asked for.
    pub(crate) first_url: &'e str,
    /// The page's origin.
    pub(crate) origin: &'e str,
    /// What the page is.
    pub(crate) kind: PageKind,
    /// What protected the response at that point.
    pub(crate) tainting: Tainting,
    /// How many redirects came before.
    pub(crate) hop: usize,
    /// Whether an `XMLHttpRequest` asked.
    pub(crate) is_xml_http_request: bool,
}
