//! Why a browser blocks a request, and the smallest safe change.

mod console_message;
mod exchange;
mod fix;
mod har;
mod pasted;
mod policy;
mod repair;
mod server;
mod strict;

pub use console_message::{ConsoleMessage, read_console_message};
pub use exchange::{Answered, ExchangeError, Hop, Judged, RecordedExchange, field_bytes, judge_line};
pub use fix::{Fix, Place, fix};
pub use har::{CredentialsBasis, HarCall, HarError, HarOutcome, HarSummary, Skipped, Unknown, read_har};
pub use pasted::{
    MAX_PASTE_BYTES, PasteError, PasteMistake, PastedBody, PastedCall, Remark, read_curl, read_fetch,
};
pub use policy::{PolicyAnswer, ask_policy};
pub use repair::{Repair, repair};
pub use server::Server;
