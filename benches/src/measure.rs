//! The least time of many batches, and exact allocations.

use std::io::Write;
use std::time::{Duration, Instant};

/// Calls in a batch: few enough that their inputs stay in the processor's cache, as a
/// request just read from its socket does.
const BATCH: usize = 64;

/// All batches of one case take about this long, or [`FEWEST`] batches.
const CASE_TIME: Duration = Duration::from_millis(250);

const FEWEST: usize = 20;

/// One case's figures.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figure {
    /// Nanoseconds a call.
    pub(crate) nanos: f64,
    /// Allocations a call.
    pub(crate) allocations: u64,
}

/// Measures `cases` in turn, batch by batch, so that the machine's moods hit all alike.
/// `prepare` makes the input of one call outside the time measured.
pub(crate) fn measure<I>(cases: &mut [Case<'_, I>]) -> Vec<Figure> {
    let mut best = vec![f64::INFINITY; cases.len()];
    let started = Instant::now();
    let mut batches = 0;
    while batches < FEWEST || started.elapsed() < CASE_TIME * u32::try_from(cases.len()).unwrap_or(1) {
        for (case, best) in cases.iter_mut().zip(&mut best) {
            *best = best.min(batch(case));
        }
        batches += 1;
    }
    let figures = cases.iter_mut().zip(best);
    figures.map(|(case, nanos)| Figure { nanos, allocations: allocations(case) }).collect()
}

/// What is measured.
pub(crate) struct Case<'c, I> {
    pub(crate) prepare: Box<dyn FnMut() -> I + 'c>,
    pub(crate) call: Box<dyn FnMut(I) + 'c>,
}

impl<'c, I> Case<'c, I> {
    pub(crate) fn new(prepare: impl FnMut() -> I + 'c, call: impl FnMut(I) + 'c) -> Self {
        Self { prepare: Box::new(prepare), call: Box::new(call) }
    }
}

fn batch<I>(case: &mut Case<'_, I>) -> f64 {
    let inputs: Vec<I> = (0..BATCH).map(|_| (case.prepare)()).collect();
    let started = Instant::now();
    for input in inputs {
        (case.call)(input);
    }
    nanos(started.elapsed(), BATCH)
}

fn allocations<I>(case: &mut Case<'_, I>) -> u64 {
    let input = (case.prepare)();
    allocation_counter::measure(|| (case.call)(input)).count_total
}

fn nanos(time: Duration, calls: usize) -> f64 {
    time.as_secs_f64() * 1e9 / f64::from(u32::try_from(calls).unwrap_or(u32::MAX))
}

/// A Markdown table.
pub(crate) struct Table {
    title: String,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(title: &str, header: &[&str]) -> Self {
        let header = header.iter().map(|&cell| cell.to_owned()).collect();
        Self { title: title.to_owned(), rows: vec![header] }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    pub(crate) fn print(&self) {
        let mut out = std::io::stdout().lock();
        // A closed pipe ends the program anyway.
        let _ = writeln!(out, "\n## {}\n", self.title);
        for (number, row) in self.rows.iter().enumerate() {
            let _ = writeln!(out, "| {} |", row.join(" | "));
            if number == 0 {
                let _ = writeln!(out, "|{}", "---|".repeat(row.len()));
            }
        }
    }
}

/// `123 ns, 2`: time and allocations.
pub(crate) fn cell(figure: Figure) -> String {
    format!("{:.0} ns, {}", figure.nanos, figure.allocations)
}
