//! The sink: bounded queues, one for each recorder, and a thread that writes.
//!
//! A request hands its event over without waiting: where its queue is full, the event
//! is dropped and counted. The writer looks at the queues every [`PAUSE`] rather than
//! being woken, since waking a thread costs a request more than its event.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, channel, sync_channel};
use std::thread::{Builder, JoinHandle, Thread};
use std::time::Duration;

use crate::event::Event;

/// Recorders of one sink: as many as a machine has cores, and room to spare.
pub const MAX_RECORDERS: usize = 1_024;

/// Events that wait in one queue: 16 MiB, and their texts.
const MAX_QUEUE: usize = 1 << 16;

/// Events in one write: about 100 KB of lines.
const BATCH: usize = 256;

/// Between two looks at empty queues.
const PAUSE: Duration = Duration::from_millis(10);

/// How much a sink may hold.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Recorders, one for each worker thread; 1 to [`MAX_RECORDERS`].
    pub recorders: usize,
    /// Events that wait in each recorder's queue; 1 to 65,536.
    pub queue: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { recorders: 1, queue: 4_096 }
    }
}

/// Where events go.
pub trait Writer: Send + 'static {
    /// Writes a batch, in its order. Called on the sink's thread only, which may wait.
    ///
    /// # Errors
    /// All events of the batch count as failed; the sink goes on with the next.
    fn write(&mut self, batch: &[Event]) -> io::Result<()>;
}

/// What became of events since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Taken into a queue.
    pub accepted: u64,
    /// Refused: the queue was full, or the sink closed.
    pub dropped: u64,
    /// Handed to the writer without an error.
    pub written: u64,
    /// Handed to the writer, which failed.
    pub failed: u64,
}

/// How closing a sink ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed {
    /// Whether everything accepted reached the writer in time.
    pub drained: bool,
    /// What became of events.
    pub counts: Counts,
}

/// The writing side. Without [`Sink::close`] the thread ends by itself, once all
/// recorders are gone and their events written.
#[derive(Debug)]
pub struct Sink {
    shared: Arc<Shared>,
    ended: Receiver<()>,
    thread: JoinHandle<()>,
}

impl Sink {
    /// Starts the thread that writes, and gives the recorders. Limits out of bounds are
    /// taken at the bound.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(writer: impl Writer, limits: Limits) -> io::Result<(Self, Vec<Recorder>)> {
        let count = limits.recorders.clamp(1, MAX_RECORDERS);
        let shared = Arc::new(Shared {
            closing: AtomicBool::new(false),
            lanes: (0..count).map(|_| Lane::default()).collect(),
            written: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        });
        let queue = || sync_channel(limits.queue.clamp(1, MAX_QUEUE));
        let (senders, queues): (Vec<_>, Vec<_>) = (0..count).map(|_| queue()).unzip();
        let numbered = senders.into_iter().enumerate();
        let recorders =
            numbered.map(|(lane, queue)| Recorder { shared: Arc::clone(&shared), lane, queue }).collect();
        let (end, ended) = channel();
        let drain = Drain { shared: Arc::clone(&shared), queues, batch: Vec::with_capacity(BATCH) };
        let thread = Builder::new().name("events".into()).spawn(move || {
            drain.run(writer);
            // Nobody waits if the sink was dropped.
            let _ = end.send(());
        })?;
        Ok((Self { shared, ended, thread }, recorders))
    }

    /// What became of events so far.
    pub fn counts(&self) -> Counts {
        self.shared.counts()
    }

    /// Something that tells the counts after the sink is gone, for metrics.
    pub fn counter(&self) -> impl Fn() -> Counts + Send + Sync + 'static {
        let shared = Arc::clone(&self.shared);
        move || shared.counts()
    }

    /// Refuses further events and waits at most `within` until everything accepted is
    /// written. A writer that hangs is left behind.
    pub fn close(self, within: Duration) -> Closed {
        self.shared.close(self.thread.thread());
        let ended = self.ended.recv_timeout(within);
        // The thread says that it has ended only once it has had all that was accepted.
        let drained = ended.is_ok();
        let mut counts = self.shared.counts();
        if drained {
            // An event that comes now is counted for a moment before it is refused.
            counts.accepted = counts.written + counts.failed;
        }
        Closed { drained, counts }
    }
}

/// A request's side: one for each worker thread. It never waits.
#[derive(Debug)]
pub struct Recorder {
    shared: Arc<Shared>,
    lane: usize,
    queue: SyncSender<Event>,
}

impl Recorder {
    /// Hands `event` over, or drops and counts it.
    pub fn record(&self, event: Event) {
        let Some(lane) = self.shared.lanes.get(self.lane) else { return };
        // Counted before it is sent and before `closing` is read: the writer ends only
        // when it has had as many as were counted, so none is lost in between.
        lane.accepted.fetch_add(1, Ordering::SeqCst);
        if self.shared.closing.load(Ordering::SeqCst) || self.queue.try_send(event).is_err() {
            lane.accepted.fetch_sub(1, Ordering::SeqCst);
            lane.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[derive(Debug)]
struct Shared {
    closing: AtomicBool,
    lanes: Box<[Lane]>,
    written: AtomicU64,
    failed: AtomicU64,
}

/// One recorder's counters, on a cache line of their own.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Lane {
    accepted: AtomicU64,
    dropped: AtomicU64,
}

impl Shared {
    fn counts(&self) -> Counts {
        let sum = |counter: fn(&Lane) -> &AtomicU64| {
            self.lanes.iter().map(|lane| counter(lane).load(Ordering::SeqCst)).sum()
        };
        Counts {
            written: self.written.load(Ordering::SeqCst),
            failed: self.failed.load(Ordering::SeqCst),
            accepted: sum(|lane| &lane.accepted),
            dropped: sum(|lane| &lane.dropped),
        }
    }

    fn close(&self, writer: &Thread) {
        self.closing.store(true, Ordering::SeqCst);
        writer.unpark();
    }
}

struct Drain {
    shared: Arc<Shared>,
    queues: Vec<Receiver<Event>>,
    batch: Vec<Event>,
}

impl Drain {
    fn run(mut self, mut writer: impl Writer) {
        loop {
            // Read before the queues: what was accepted before it closed is seen below.
            let closing = self.shared.closing.load(Ordering::SeqCst);
            let (found, connected) = self.round(&mut writer);
            if found {
                continue;
            }
            let counts = self.shared.counts();
            if !connected || (closing && counts.accepted == counts.written + counts.failed) {
                return;
            }
            std::thread::park_timeout(PAUSE);
        }
    }

    /// Writes at most a batch from each queue. Whether there was any event, and whether
    /// any recorder is left.
    fn round(&mut self, writer: &mut impl Writer) -> (bool, bool) {
        let (mut found, mut connected) = (false, false);
        for queue in &self.queues {
            self.batch.extend(queue.try_iter().take(BATCH));
            if self.batch.is_empty() {
                match queue.try_recv() {
                    Ok(event) => self.batch.push(event),
                    Err(state) => {
                        connected |= state == TryRecvError::Empty;
                        continue;
                    }
                }
            }
            (found, connected) = (true, true);
            let count = u64::try_from(self.batch.len()).unwrap_or(u64::MAX);
            let counter = match writer.write(&self.batch) {
                Ok(()) => &self.shared.written,
                Err(_) => &self.shared.failed,
            };
            counter.fetch_add(count, Ordering::SeqCst);
            self.batch.clear();
        }
        (found, connected)
    }
}
