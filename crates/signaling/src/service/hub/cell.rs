//! A room with the connections of its peers, behind one lock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::outlet::Outlet;
use crate::room::{Connection, Notice, Room};

/// A room's place. Who holds its lock may take those of the hub, never the other way round.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(super) name: Arc<str>,
    /// Tells rooms apart that are due at one time.
    pub(super) number: u64,
    state: Mutex<State>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) room: Room,
    /// One for each peer with a connection: sixteen at most.
    pub(super) outlets: Vec<Arc<Outlet>>,
    /// What the schedule knows.
    pub(super) due_ms: Option<u64>,
    /// It is not among the rooms any more: who wants this room has to look again.
    pub(super) gone: bool,
}

impl Cell {
    pub(super) fn new(name: Arc<str>, number: u64, notice: Notice) -> Self {
        let room = Room::new(Arc::clone(&name), notice);
        let state = State { room, outlets: Vec::new(), due_ms: None, gone: false };
        Self { name, number, state: Mutex::new(state) }
    }

    /// A thread that panicked held it: the room is as good as it left it.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    pub(super) fn outlet(&self, connection: Connection) -> Option<&Arc<Outlet>> {
        self.outlets.iter().find(|outlet| outlet.connection == connection)
    }

    pub(super) fn remove_outlet(&mut self, connection: Connection) -> Option<Arc<Outlet>> {
        let at = self.outlets.iter().position(|outlet| outlet.connection == connection)?;
        Some(self.outlets.swap_remove(at))
    }
}
