//! The sink under writers of every temper.

#![cfg(test)]

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use corsac_events::{Event, Guard, JsonLines, Limits, Sink, Verdict, Writer};

const LONG: Duration = Duration::from_secs(60);

fn event(number: u16) -> Event {
    let mut event = Event::new(SystemTime::UNIX_EPOCH, Guard::Cors, Verdict::Allowed, "allowed");
    event.request_id = number.to_string().as_str().into();
    event
}

/// Bytes that a test can look at after the sink is closed.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Says that it was called, and waits to be told to go on.
struct Waiting(Sender<()>, Receiver<io::Result<()>>);

impl Writer for Waiting {
    fn write(&mut self, _: &[Event]) -> io::Result<()> {
        // The test may be over.
        let _ = self.0.send(());
        self.1.recv().unwrap_or(Ok(()))
    }
}

fn waiting(queue: usize) -> (Sink, Vec<corsac_events::Recorder>, Receiver<()>, Sender<io::Result<()>>) {
    let (called, calls) = channel();
    let (go_on, orders) = channel();
    let (sink, recorders) = Sink::start(Waiting(called, orders), Limits { recorders: 1, queue }).unwrap();
    (sink, recorders, calls, go_on)
}

#[test]
fn every_accepted_event_is_one_line_in_its_recorders_order() {
    let out = Shared::default();
    let limits = Limits { recorders: 4, queue: 65_536 };
    let (sink, recorders) = Sink::start(JsonLines::new(out.clone()), limits).unwrap();
    thread::scope(|scope| {
        for (worker, recorder) in recorders.iter().enumerate() {
            scope.spawn(move || {
                for number in 0..5_000 {
                    let mut event = event(number);
                    event.path = worker.to_string().as_str().into();
                    recorder.record(event);
                }
            });
        }
    });
    let closed = sink.close(LONG);
    assert!(closed.drained);
    assert_eq!((closed.counts.accepted, closed.counts.written), (20_000, 20_000));
    assert_eq!((closed.counts.dropped, closed.counts.failed), (0, 0));
    let lines = String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
    for worker in 0..4 {
        let of_worker = lines.lines().filter(|line| line.contains(&format!("\"path\":\"{worker}\"")));
        let ids: Vec<String> = of_worker
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["request_id"].to_string())
            .collect();
        let expected: Vec<String> = (0..5_000).map(|number| format!("\"{number}\"")).collect();
        assert_eq!(ids, expected);
    }
}

#[test]
fn a_writer_that_hangs_costs_events_and_no_request_waits() {
    let (sink, recorders, calls, go_on) = waiting(8);
    recorders[0].record(event(0));
    calls.recv_timeout(LONG).unwrap();
    // The writer holds one event now and waits; the queue takes eight more.
    for number in 1..=1_000 {
        recorders[0].record(event(number));
    }
    let counts = sink.counts();
    assert_eq!((counts.accepted, counts.dropped, counts.written), (9, 992, 0));
    let closed = sink.close(Duration::from_millis(1));
    assert!(!closed.drained);
    drop(go_on);
}

#[test]
fn a_writer_that_fails_is_counted_and_the_next_batch_is_written() {
    let (sink, recorders, calls, go_on) = waiting(8);
    recorders[0].record(event(0));
    calls.recv_timeout(LONG).unwrap();
    go_on.send(Err(io::Error::other("disk full"))).unwrap();
    recorders[0].record(event(1));
    calls.recv_timeout(LONG).unwrap();
    go_on.send(Ok(())).unwrap();
    let closed = sink.close(LONG);
    assert!(closed.drained);
    assert_eq!((closed.counts.failed, closed.counts.written), (1, 1));
}

#[test]
fn after_closing_events_are_dropped_and_counted() {
    let (sink, recorders) = Sink::start(JsonLines::new(io::sink()), Limits::default()).unwrap();
    let counts = sink.counter();
    recorders[0].record(event(0));
    assert!(sink.close(LONG).drained);
    recorders[0].record(event(1));
    assert_eq!((counts().accepted, counts().written, counts().dropped), (1, 1, 1));
}

#[test]
fn closing_under_load_loses_nothing_that_was_accepted() {
    for _ in 0..50 {
        let limits = Limits { recorders: 2, queue: 64 };
        let (sink, recorders) = Sink::start(JsonLines::new(io::sink()), limits).unwrap();
        let counts = sink.counter();
        thread::scope(|scope| {
            for recorder in &recorders {
                scope.spawn(move || (0..2_000).for_each(|number| recorder.record(event(number))));
            }
            assert!(sink.close(LONG).drained);
        });
        let counts = counts();
        assert_eq!(counts.accepted, counts.written);
        assert_eq!(counts.accepted + counts.dropped, 4_000);
    }
}

#[test]
fn a_line_cut_by_a_full_disk_does_not_swallow_the_next() {
    struct Tearing(Shared, bool);
    impl io::Write for Tearing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if std::mem::take(&mut self.1) {
                return Err(io::Error::other("disk full"));
            }
            // Half of it, then an error at the next call.
            self.1 = self.0.0.lock().unwrap().is_empty();
            let count = if self.1 { bytes.len() / 2 } else { bytes.len() };
            io::Write::write(&mut self.0, &bytes[..count])
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let out = Shared::default();
    let mut lines = JsonLines::new(Tearing(out.clone(), false));
    assert!(lines.write(&[event(0)]).is_err());
    assert!(lines.write(&[event(1)]).is_ok());
    let text = String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
    let whole = text.lines().filter(|line| serde_json::from_str::<serde_json::Value>(line).is_ok());
    assert_eq!(whole.count(), 1, "{text}");
}

#[test]
fn recording_allocates_nothing() {
    let (sink, recorders) = Sink::start(JsonLines::new(io::sink()), Limits::default()).unwrap();
    let mut events: Vec<Event> = (0..64).map(event).collect();
    let allocations = allocation_counter::measure(|| {
        while let Some(event) = events.pop() {
            recorders[0].record(event);
        }
    });
    assert_eq!(allocations.count_total, 0);
    assert_eq!(sink.close(LONG).counts.written, 64);
}
