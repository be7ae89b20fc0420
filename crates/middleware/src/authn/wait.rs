//! One errand for many: who waits for what somebody else already asks.
//!
//! A flight ends once: with what came, or because it took too long. Everybody who waits
//! is woken then; who goes away before leaves nothing behind and takes nothing along, for
//! the errand is a task of its own.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use corsac_credentials::{Principal, Refusal, Timestamp};

/// Requests that wait for one errand; one more is refused. Each holds its connection.
pub(super) const MAX_WAITERS: usize = 1_024;

/// What came of an errand.
#[derive(Clone, Debug)]
pub(super) enum Outcome {
    /// An answer about one token.
    Answered(Result<Arc<Principal>, Refusal>),
    /// Ask again: keys came, or did not.
    Landed,
}

/// An errand that is under way.
pub(super) struct Flight {
    /// When it has taken too long.
    deadline: Timestamp,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    outcome: Option<Outcome>,
    waiters: BTreeMap<u64, Option<Waker>>,
    next: u64,
}

impl fmt::Debug for Flight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flight").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}

impl Flight {
    pub(super) fn new(deadline: Timestamp) -> Arc<Self> {
        Arc::new(Self { deadline, state: Mutex::default() })
    }

    pub(super) fn is_overdue(&self, now: Timestamp) -> bool {
        self.deadline <= now
    }

    /// Ends it; what comes later is not heard.
    pub(super) fn finish(&self, outcome: Outcome) {
        let mut state = self.lock();
        if state.outcome.is_some() {
            return;
        }
        state.outcome = Some(outcome);
        let waiters = std::mem::take(&mut state.waiters);
        // Whoever is woken may ask at once.
        drop(state);
        waiters.into_values().flatten().for_each(Waker::wake);
    }

    /// Waits for its end; `None`: too many do.
    pub(super) fn wait(self: &Arc<Self>) -> Option<Waiting> {
        let has_room = self.lock().waiters.len() < MAX_WAITERS;
        has_room.then(|| self.attend())
    }

    /// Waits for its end, however many do.
    fn attend(self: &Arc<Self>) -> Waiting {
        let mut state = self.lock();
        let place = state.next;
        state.next = place.wrapping_add(1);
        state.waiters.insert(place, None);
        drop(state);
        Waiting { flight: Arc::clone(self), place }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What `errand` gives, unless the flight is ended first; then the errand is dropped.
pub(super) async fn unless_over<T>(flight: &Arc<Flight>, errand: impl Future<Output = T>) -> Option<T> {
    let mut errand = pin!(errand);
    let mut end = flight.attend();
    std::future::poll_fn(|context| match errand.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => Pin::new(&mut end).poll(context).map(|_| None),
    })
    .await
}

/// A place among those who wait for one flight.
pub(super) struct Waiting {
    flight: Arc<Flight>,
    place: u64,
}

impl Future for Waiting {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        let mut state = self.flight.lock();
        if let Some(outcome) = &state.outcome {
            return Poll::Ready(outcome.clone());
        }
        state.waiters.insert(self.place, Some(context.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.flight.lock().waiters.remove(&self.place);
    }
}

/// Resolves when there is a point in asking again: [`super::Group::check_again`]. Dropping it
/// stops nothing that others wait for.
#[must_use = "nothing is decided yet"]
pub struct Wait {
    pub(super) waiting: Waiting,
    pub(super) method: usize,
    pub(super) token: [u8; 32],
    pub(super) round: u8,
}

impl Future for Wait {
    type Output = Waited;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Waited> {
        let (method, token, round) = (self.method, self.token, self.round);
        Pin::new(&mut self.waiting).poll(context).map(|outcome| Waited { outcome, method, token, round })
    }
}

impl fmt::Debug for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait").field("round", &self.round).finish_non_exhaustive()
    }
}

/// What came of waiting.
#[must_use = "nothing is decided yet"]
pub struct Waited {
    outcome: Outcome,
    method: usize,
    token: [u8; 32],
    pub(super) round: u8,
}

impl Waited {
    /// The answer that was waited for, if it is about this token of this method.
    pub(super) fn answer(&self, method: usize, token: &[u8; 32]) -> Option<Result<Arc<Principal>, Refusal>> {
        match &self.outcome {
            Outcome::Answered(answer) if self.method == method && self.token == *token => {
                Some(answer.clone())
            }
            Outcome::Answered(_) | Outcome::Landed => None,
        }
    }
}

impl fmt::Debug for Waited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waited").field("round", &self.round).finish_non_exhaustive()
    }
}
