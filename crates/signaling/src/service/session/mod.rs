//! One session over one connection: the first message, then all others, then the end.

mod hello;
pub(crate) mod transport;

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use corsac_events::Verdict;
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};

use super::admission::Admission;
use super::hub::outlet::Outlet;
use super::hub::{Refused, Seat};
use super::observe::audit::Told;
use super::shared::Shared;
use crate::code::{Code, Refusal};
use crate::message::{Body, ClientMessage, server};
use crate::pace::Pace;
use hello::greet;
use transport::{Ending, Lost, Received, TOO_LONG, Transport};

/// How long a peer has to take the last messages and to answer the end of a connection.
const END_TIME: Duration = Duration::from_secs(2);

/// Time between two looks whether a peer is still there; who misses two has gone.
const BEAT: Duration = Duration::from_secs(30);

/// Serves a connection to its end.
pub(crate) async fn serve<T: Transport>(shared: Arc<Shared>, transport: T, admission: Arc<Admission>) {
    let outlet = shared.hub.outlet();
    let mut line = Line { transport, outlet, is_unflushed: false };
    let greeted = tokio::select! {
        biased;
        () = admission.evicted() => return,
        greeted = Box::pin(greet(&shared, &mut line, &admission)) => greeted,
    };
    match greeted {
        Ok(seat) => {
            admission.authenticated();
            Session { shared, line, seat, admission }.run().await;
        }
        Err(end) => Box::pin(refuse(&shared, line, end, &admission)).await,
    }
}

/// How a connection ends that has no session.
#[derive(Debug)]
pub(crate) enum Unwelcome {
    Gone(Received),
    Refused(Refused),
}

async fn refuse<T: Transport>(shared: &Shared, line: Line<T>, end: Unwelcome, admission: &Admission) {
    let refused = match end {
        Unwelcome::Refused(refused) => refused,
        Unwelcome::Gone(Received::Closed) => return line.end(None, Ending::Answer).await,
        Unwelcome::Gone(Received::TooLong) => return line.end_for(shared, &too_long(), TOO_LONG).await,
        Unwelcome::Gone(_) => return,
    };
    let told = Told::new(admission.client, admission.path, Verdict::Denied, "hello-refused");
    shared.audit.record(line.outlet.connection.0, told.detail(&refused.reason));
    line.end_for(shared, &refused.told, close(refused.told.code)).await;
}

/// What does not close by itself, such as a locked room, closes a connection without a session like
/// any refused `hello`.
fn close(code: Code) -> u16 {
    const REFUSED: u16 = 4003;
    code.close().unwrap_or(REFUSED)
}

fn too_long() -> Refusal {
    Refusal::new(Code::Json, "a message has at most 65536 bytes")
}

/// A connection and what waits for it.
struct Line<T> {
    transport: T,
    outlet: Arc<Outlet>,
    is_unflushed: bool,
}

impl<T: Transport> Line<T> {
    /// Writes what waits, as far as the peer takes it.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Lost>> {
        loop {
            ready!(self.transport.poll_ready(cx))?;
            let Some(text) = self.outlet.pop() else { break };
            self.transport.write(&text)?;
            self.is_unflushed = true;
        }
        if self.is_unflushed {
            ready!(self.transport.poll_flush(cx))?;
            self.is_unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    /// The next message, while what waits is written.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Received> {
        if let Poll::Ready(Err(Lost)) = self.poll_write(cx) {
            return Poll::Ready(Received::Lost);
        }
        self.transport.poll_receive(cx)
    }

    /// Writes what waits and a last message, and ends the connection.
    async fn end(mut self, last: Option<String>, ending: Ending<'_>) {
        let ends = async {
            let written = poll_fn(|cx| self.poll_write(cx)).await;
            if let (Ok(()), Some(last)) = (written, last)
                && self.transport.write(&last).is_ok()
            {
                // It ends all the same.
                let _ = poll_fn(|cx| self.transport.poll_flush(cx)).await;
            }
        };
        // A peer that does not read gets no more time for what it did not read.
        let _ = timeout(END_TIME, ends).await;
        let _ = timeout(END_TIME, self.transport.end(ending)).await;
    }

    /// Tells the peer why, and closes.
    async fn end_for(self, shared: &Shared, refusal: &Refusal, close: u16) {
        shared.metrics.closed(refusal.code);
        let last = Some(server::error(refusal, None));
        self.end(last, Ending::Close(close, refusal.code.as_str())).await;
    }
}

/// A session that has begun.
struct Session<T> {
    shared: Arc<Shared>,
    line: Line<T>,
    seat: Seat,
    admission: Arc<Admission>,
}

/// What a session does next.
enum Step {
    Beat,
    End(Refusal),
    Received(Received),
}

/// Why a session's connection ends.
enum Over {
    /// The peer closed it.
    Closed,
    /// It broke, or the peer does not answer.
    Lost,
    /// What the peer did ends the session; the close code.
    Misbehaved(Refusal, u16),
    /// The room has ended the connection.
    Refused(Refusal),
}

impl Over {
    fn misbehaved(refusal: Refusal) -> Self {
        let close = close(refusal.code);
        Self::Misbehaved(refusal, close)
    }

    fn ended(refusal: Refusal) -> Self {
        // The room does not know who reads.
        if refusal.code == Code::Slow { Self::misbehaved(refusal) } else { Self::Refused(refusal) }
    }
}

impl<T: Transport> Session<T> {
    async fn run(mut self) {
        let mut pace = Pace::new(self.shared.clock.now_ms());
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first tick is at once.
        beat.reset();
        let over = loop {
            let step = poll_fn(|cx| self.poll_step(&mut beat, cx)).await;
            let over = match step {
                Step::Beat => (!self.line.transport.beat()).then_some(Over::Lost),
                Step::End(refusal) => Some(Over::ended(refusal)),
                Step::Received(received) => self.take(&mut pace, received).err(),
            };
            if let Some(over) = over {
                break over;
            }
        };
        drop(beat);
        Box::pin(self.finish(over)).await;
    }

    fn poll_step(&mut self, beat: &mut Interval, cx: &mut Context<'_>) -> Poll<Step> {
        // The waker first: an end that comes after the question wakes it.
        self.line.outlet.register(cx.waker());
        if let Some(refusal) = self.line.outlet.end() {
            return Poll::Ready(Step::End(refusal));
        }
        if let Poll::Ready(received) = self.line.poll_receive(cx) {
            return Poll::Ready(Step::Received(received));
        }
        beat.poll_tick(cx).map(|_| {
            self.line.is_unflushed = true;
            Step::Beat
        })
    }

    /// What came in.
    ///
    /// # Errors
    ///
    /// What ends the connection.
    fn take(&self, pace: &mut Pace, received: Received) -> Result<(), Over> {
        match received {
            Received::Closed => return Err(Over::Closed),
            Received::Lost => return Err(Over::Lost),
            Received::TooLong => return Err(Over::Misbehaved(too_long(), TOO_LONG)),
            _ if !pace.take(self.shared.clock.now_ms()) => {
                return Err(Over::misbehaved(Refusal::new(Code::Rate, "more than 50 messages a second")));
            }
            Received::Control => {}
            Received::NotText => return Err(Over::misbehaved(not_text())),
            Received::Text(text) => self.handle(&text).map_err(Over::misbehaved)?,
        }
        Ok(())
    }

    fn handle(&self, text: &str) -> Result<(), Refusal> {
        self.shared.metrics.received.increment();
        let message = match ClientMessage::parse(text) {
            Ok(message) => message,
            Err((refusal, _)) if refusal.code == Code::Json => return Err(refusal),
            Err((refusal, seq)) => {
                self.shared.hub.refuse(&self.seat, &refusal, seq);
                return Ok(());
            }
        };
        if let Body::TokenRefresh { token } = &message.body {
            self.refresh(text, token, &message);
        } else {
            self.shared.hub.handle(&self.seat, text, &message);
        }
        Ok(())
    }

    /// Another token: verified here, where nobody else waits for it.
    fn refresh(&self, text: &str, token: &str, message: &ClientMessage<'_>) {
        let shared = &self.shared;
        let Some(caller) = shared.hub.caller(&self.seat) else { return };
        let verified = caller.refresh(token, &shared.rules, &shared.keys.load(), shared.clock.now());
        if let Err(denial) =
            verified.and_then(|access| shared.hub.refreshed(&self.seat, (text, message), access))
        {
            let told =
                Told::new(self.admission.client, self.admission.path, Verdict::Denied, "token-refused");
            let told = told.detail(&denial).sub(&caller.access.sub);
            shared.audit.record(self.line.outlet.connection.0, told);
            shared.hub.refuse(&self.seat, &denial.told(), Some(message.seq));
        }
    }

    async fn finish(self, over: Over) {
        let Self { shared, line, seat, admission } = self;
        let (refusal, close) = match over {
            Over::Closed => {
                shared.hub.gone(&seat, true);
                return line.end(None, Ending::Answer).await;
            }
            Over::Lost => return shared.hub.gone(&seat, false),
            Over::Misbehaved(refusal, close) => {
                shared.hub.end(&seat, &refusal);
                (refusal, close)
            }
            Over::Refused(refusal) => {
                let close = close(refusal.code);
                (refusal, close)
            }
        };
        shared.hub.gone(&seat, false);
        let told = Told::new(admission.client, admission.path, Verdict::Denied, "session-ended");
        shared.audit.record(line.outlet.connection.0, told.detail(&refusal));
        line.end_for(&shared, &refusal, close).await;
    }
}

fn not_text() -> Refusal {
    Refusal::new(Code::Json, "a message is a text")
}

/// What comes in before there is a session, while what waits is written.
async fn receive<T: Transport>(line: &mut Line<T>) -> Received {
    // Browsers send nothing of the kind before they are asked.
    const MAX_CONTROLS: usize = 16;
    for _ in 0..MAX_CONTROLS {
        let received = poll_fn(|cx| {
            line.outlet.register(cx.waker());
            line.poll_receive(cx)
        });
        match received.await {
            Received::Control => {}
            received => return received,
        }
    }
    Received::Lost
}
