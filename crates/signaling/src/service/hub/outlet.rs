//! What waits to be written to one connection: bounded, whoever fills it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use futures_util::task::AtomicWaker;

use crate::code::{Code, Refusal};
use crate::room::Connection;
use crate::service::observe::metrics::Gauge;

/// Bytes that wait for one connection. Who reads nothing costs no more: the next message ends the
/// connection with `E_SLOW`.
pub const MAX_QUEUED: usize = 1 << 20;

/// Slots of an empty queue that are kept.
const KEPT_SLOTS: usize = 8;

/// One connection's queue.
#[derive(Debug)]
pub(crate) struct Outlet {
    pub(crate) connection: Connection,
    queue: Mutex<Queue>,
    waker: AtomicWaker,
    /// Bytes that wait in all queues.
    total: Gauge,
}

#[derive(Debug, Default)]
struct Queue {
    texts: VecDeque<Arc<str>>,
    bytes: usize,
    /// Why the connection is closed, after what waits.
    end: Option<Refusal>,
}

impl Outlet {
    pub(crate) fn new(connection: Connection, total: Gauge) -> Self {
        Self { connection, queue: Mutex::default(), waker: AtomicWaker::new(), total }
    }

    /// Lets a message wait. One too many ends the connection, and nothing waits any more.
    pub(crate) fn send(&self, text: Arc<str>) {
        {
            let mut queue = self.lock();
            if queue.end.is_some() {
                return;
            }
            if queue.bytes + text.len() > MAX_QUEUED {
                self.total.sub(queue.bytes);
                let end = Some(Refusal::new(Code::Slow, "too much waits to be read"));
                *queue = Queue { end, ..Queue::default() };
            } else {
                queue.bytes += text.len();
                self.total.add(text.len());
                queue.texts.push_back(text);
            }
        }
        self.waker.wake();
    }

    /// Ends the connection after what waits. The first reason counts.
    pub(crate) fn close(&self, refusal: Refusal) {
        self.lock().end.get_or_insert(refusal);
        self.waker.wake();
    }

    /// Who is woken when there is something to do; ask afterwards whether there is.
    pub(crate) fn register(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    /// Why the connection is to be closed.
    pub(crate) fn end(&self) -> Option<Refusal> {
        self.lock().end.clone()
    }

    /// Takes the next message.
    pub(crate) fn pop(&self) -> Option<Arc<str>> {
        let mut queue = self.lock();
        let text = queue.texts.pop_front()?;
        queue.bytes -= text.len();
        self.total.sub(text.len());
        if queue.texts.is_empty() && queue.texts.capacity() > KEPT_SLOTS {
            queue.texts = VecDeque::new();
        }
        Some(text)
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        self.total.sub(self.lock().bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::{Code, Connection, Gauge, MAX_QUEUED, Outlet, Refusal};

    #[test]
    fn a_queue_takes_its_bound_and_not_a_byte_more() {
        let total = Gauge::default();
        let outlet = Outlet::new(Connection(1), total.clone());
        let half: std::sync::Arc<str> = "x".repeat(MAX_QUEUED / 2).into();
        outlet.send(half.clone());
        outlet.send(half.clone());
        assert_eq!((outlet.end(), total.value()), (None, MAX_QUEUED as u64));
        // What was read makes room.
        assert_eq!(outlet.pop(), Some(half.clone()));
        outlet.send(half.clone());
        assert_eq!((outlet.end(), total.value()), (None, MAX_QUEUED as u64));
        outlet.send("y".into());
        assert_eq!(outlet.end().map(|end| end.code), Some(Code::Slow));
        assert_eq!((outlet.pop(), total.value()), (None, 0));
        outlet.send("y".into());
        assert_eq!((outlet.pop(), total.value()), (None, 0));
    }

    #[test]
    fn what_waits_is_read_before_the_end() {
        let total = Gauge::default();
        let outlet = Outlet::new(Connection(1), total.clone());
        outlet.send("a".into());
        outlet.close(Refusal::new(Code::Kicked, ""));
        outlet.close(Refusal::new(Code::Drain, ""));
        outlet.send("b".into());
        assert_eq!(outlet.end().map(|end| end.code), Some(Code::Kicked));
        assert_eq!(outlet.pop().as_deref(), Some("a"));
        assert_eq!(outlet.pop(), None);
        outlet.close(Refusal::new(Code::Drain, ""));
        drop(outlet);
        assert_eq!(total.value(), 0);
    }
}
