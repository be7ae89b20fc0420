//! What a console text needs to know beside the failure.

/// The exchange as the console tells it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Context<'e> {
    /// The URL of the hop that failed.
    pub(crate) url: &'e str,
    /// The URL that the script asked for.
    pub(crate) first_url: &'e str,
    /// The page's origin.
    pub(crate) origin: &'e str,
    /// How many redirects came before.
    pub(crate) hop: usize,
    /// Whether an `XMLHttpRequest` asked.
    pub(crate) is_xml_http_request: bool,
}
