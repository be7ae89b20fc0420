//! What an event costs the request that it is about.

use std::io;
use std::time::{Duration, SystemTime};

use corsac_events::{
    Address, AddressDetail, Event, Guard, IdentityKey, Limits, PrincipalId, Recorder, Sink, Text, Verdict,
    Writer, write_line,
};
use http::StatusCode;

use crate::measure::{Case, Table, cell, measure};

/// Takes events and does nothing, so that queues are seldom full.
struct Discard;

impl Writer for Discard {
    fn write(&mut self, _: &[Event]) -> io::Result<()> {
        Ok(())
    }
}

/// Never comes back before the program ends.
struct Hang;

impl Writer for Hang {
    fn write(&mut self, _: &[Event]) -> io::Result<()> {
        loop {
            std::thread::park();
        }
    }
}

pub(crate) fn run() -> Table {
    let mut table = Table::new("One event (time, allocations)", &["step", "cost"]);
    let key = IdentityKey::new([7; 16]);
    let (Some((sink, recorder)), Some((_, full))) = (start(Discard, 65_536), start(Hang, 1)) else {
        return table;
    };
    let made = || Some(event(&key));
    let mut line = Vec::with_capacity(1 << 16);
    let mut cases = [
        Case::new(|| None, |_| drop(std::hint::black_box(event(&key)))),
        Case::new(made, |event| event.into_iter().for_each(|event| recorder.record(event))),
        Case::new(made, |event| event.into_iter().for_each(|event| full.record(event))),
        Case::new(made, |event| {
            line.clear();
            if let Some(event) = &event {
                write_line(&mut line, event);
            }
        }),
    ];
    let figures = measure(&mut cases);
    let steps =
        ["made and freed, all members", "recorded", "dropped: the queue is full", "written as a line"];
    for (step, figure) in steps.into_iter().zip(figures) {
        table.row(vec![step.to_owned(), cell(figure)]);
    }
    let counts = sink.close(Duration::from_secs(5)).counts;
    let shown = format!("{}, {}", counts.written, counts.dropped);
    table.row(vec!["of the recorded: written, dropped".to_owned(), shown]);
    table
}

fn start(writer: impl Writer, queue: usize) -> Option<(Sink, Recorder)> {
    let (sink, recorders) = Sink::start(writer, Limits { recorders: 1, queue }).ok()?;
    Some((sink, recorders.into_iter().next()?))
}

fn event(key: &IdentityKey) -> Event {
    let mut event = Event::new(SystemTime::UNIX_EPOCH, Guard::RateLimit, Verdict::Denied, "quota-exceeded");
    event.request_id = Text::new("bae115a0f59960cd");
    event.client = Address::of([203, 0, 113, 7].into(), AddressDetail::Network);
    event.path = Text::path("/api/items/7?page=2");
    event.origin = Some(Text::of_bytes(b"https://app.example.com"));
    event.principal = Some(PrincipalId::hashed(key, "idp", "alice"));
    event.status = Some(StatusCode::TOO_MANY_REQUESTS);
    event.duration = Some(Duration::from_micros(16));
    event
}
