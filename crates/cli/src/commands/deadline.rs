//! Work that may take too long.
//!
//! What reads a configuration is a pure function, which nothing stops from outside. So it works
//! in a thread of its own; whoever waits too long leaves it behind. It works on within its own
//! bounds until the program ends, and so only a few may be left behind at a time.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use corsac_diagnostics::duration_text;

use crate::load::LoadError;

/// Most threads that are left behind and still work.
const MAX_LEFT_BEHIND: usize = 4;

/// As much as the main thread has on most systems.
const STACK: usize = 8 << 20;

/// Runs work with a time limit each.
#[derive(Debug)]
pub(crate) struct Deadline {
    limit: Duration,
    left_behind: Vec<JoinHandle<()>>,
}

impl Deadline {
    pub(crate) fn new(limit: Duration) -> Self {
        Self { limit, left_behind: Vec::new() }
    }

    /// What `work` gives, which may fail by itself.
    ///
    /// # Errors
    /// What `work` fails with, or that it took too long.
    pub(crate) fn done<T: Send + 'static>(
        mut self,
        work: impl FnOnce() -> Result<T, LoadError> + Send + 'static,
    ) -> Result<T, LoadError> {
        let failed = |reason| LoadError {
            reason: format!("failed to finish: {reason}"),
            hint: "a smaller part of the configuration may be quicker".to_owned(),
        };
        self.run(work).map_err(failed)?
    }

    /// What `work` gives.
    ///
    /// # Errors
    /// Why there is nothing, as a fragment.
    pub(crate) fn run<T: Send + 'static>(
        &mut self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, String> {
        self.left_behind.retain(|worker| !worker.is_finished());
        if self.left_behind.len() >= MAX_LEFT_BEHIND {
            return Err(format!("{MAX_LEFT_BEHIND} files before it took too long, and still do"));
        }
        let (send, receive) = mpsc::sync_channel(1);
        let work = move || {
            // Nobody waits any more if this fails.
            let _ = send.send(work());
        };
        let worker = Builder::new().stack_size(STACK).spawn(work).map_err(|error| error.to_string())?;
        match receive.recv_timeout(self.limit) {
            Ok(done) => Ok(done),
            Err(RecvTimeoutError::Timeout) => {
                self.left_behind.push(worker);
                Err(format!("it took longer than {}; --timeout gives it more", duration_text(self.limit)))
            }
            // It panicked, and has said so.
            Err(RecvTimeoutError::Disconnected) => {
                Err("corsac failed on it: please report this file".to_owned())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_ends_is_done_and_work_that_does_not_is_left() {
        let mut deadline = Deadline::new(Duration::from_millis(20));
        assert_eq!(Deadline::new(Duration::from_secs(60)).run(|| 7), Ok(7));
        let (hold, held) = mpsc::channel::<()>();
        let held = std::sync::Arc::new(std::sync::Mutex::new(held));
        for _ in 0..MAX_LEFT_BEHIND {
            let held = std::sync::Arc::clone(&held);
            // Until the other end is dropped.
            let stuck = deadline.run(move || held.lock().map(|held| held.recv().is_ok()).is_ok());
            assert!(stuck.unwrap_err().contains("longer than 20ms"));
        }
        assert!(deadline.run(|| 7).unwrap_err().contains("still do"));
        drop(hold);
        for worker in deadline.left_behind.drain(..) {
            worker.join().unwrap();
        }
        assert_eq!(Deadline { limit: Duration::from_secs(60), ..deadline }.run(|| 7), Ok(7));
    }

    #[test]
    fn a_panic_is_told_and_not_spread() {
        let failed = Deadline::new(Duration::from_secs(60)).run(|| -> u8 { panic!("a bug") });
        assert!(failed.unwrap_err().contains("please report"));
    }
}
