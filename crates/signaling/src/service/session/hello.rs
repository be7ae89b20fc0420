//! The first message: who comes, and who comes back.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use corsac_events::Verdict;
use tokio::time::timeout;

use super::transport::{Received, Transport};
use super::{Line, Unwelcome, not_text, receive};
use crate::code::{Code, Refusal};
use crate::message::{First, server};
use crate::service::admission::Admission;
use crate::service::hub::{Refused, Seat};
use crate::service::observe::audit::Told;
use crate::service::random;
use crate::service::shared::Shared;
use crate::ticket::{Hello, NONCE_BYTES, Proof, verify_hello};

impl From<Refusal> for Unwelcome {
    fn from(told: Refusal) -> Self {
        Self::Refused(told.into())
    }
}

/// Challenges the peer and lets it in.
pub(super) async fn greet<T: Transport>(
    shared: &Shared,
    line: &mut Line<T>,
    admission: &Admission,
) -> Result<Seat, Unwelcome> {
    let nonce = random::bytes::<NONCE_BYTES>()?;
    let challenge = server::challenge(&URL_SAFE_NO_PAD.encode(nonce), shared.clock.now_ms());
    line.outlet.send(challenge.into());
    let text = first(shared, line).await?;
    // Signatures are verified here, where nobody waits for it but this connection.
    let seat = admit(shared, line, admission, (&nonce, &text)).map_err(Unwelcome::Refused)?;
    Ok(seat)
}

async fn first<T: Transport>(shared: &Shared, line: &mut Line<T>) -> Result<String, Unwelcome> {
    let mut stopping = shared.stopping.subscribe();
    let received = tokio::select! {
        biased;
        _ = stopping.wait_for(|stopping| *stopping) => {
            return Err(Refusal::new(Code::Drain, "the server shuts down: connect again").into());
        }
        received = timeout(shared.limits.hello_time, receive(line)) => received,
    };
    match received {
        Err(_) => Err(Refusal::new(Code::HelloTimeout, "no `hello` came in time").into()),
        Ok(Received::Text(text)) => Ok(text),
        Ok(Received::NotText) => Err(not_text().into()),
        Ok(gone) => Err(Unwelcome::Gone(gone)),
    }
}

fn admit<T: Transport>(
    shared: &Shared,
    line: &Line<T>,
    admission: &Admission,
    (nonce, text): (&[u8; NONCE_BYTES], &str),
) -> Result<Seat, Refused> {
    let now = shared.clock.now();
    let joined = |sub: &str, reason| {
        let told = Told::new(admission.client, admission.path, Verdict::Allowed, reason).sub(sub);
        shared.audit.record(line.outlet.connection.0, told);
    };
    match First::parse(text)? {
        First::Hello { token, assertion, pop } => {
            let hello = Hello { token: &token, assertion: &assertion, proof: Proof { pop: &pop, nonce } };
            let caller = verify_hello(&hello, &shared.rules, &shared.keys.load(), now)?;
            let seat = shared.hub.join(&caller, &line.outlet)?;
            joined(&caller.access.sub, "joined");
            Ok(seat)
        }
        First::Resume { sid, ticket, pop, last_seq } => {
            let caller = shared.hub.resumable(&sid, &ticket);
            let caller = caller.ok_or_else(|| Refusal::new(Code::Token, "not accepted"))?;
            caller.verify_pop(&Proof { pop: &pop, nonce }, &shared.rules, now)?;
            let seat = shared.hub.resume((&sid, &ticket), &caller, &last_seq, &line.outlet)?;
            joined(&caller.access.sub, "resumed");
            Ok(seat)
        }
    }
}
