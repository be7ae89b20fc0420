//! The rooms of this process and who sits in them: what happens is brought to a room, and what the
//! room wants done is carried out, in its order and before anything else happens in it.
//!
//! Locks are taken in this order, and held for microseconds: a room, then one of the rest (rooms by
//! name, sessions, used tokens, the schedule, the ledger). Nothing waits for a peer under a lock.

mod cell;
pub(crate) mod ledger_file;
pub(crate) mod outlet;
mod schedule;
pub(crate) mod turn;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::clock::Clock;
use super::observe::metrics::Metrics;
use super::random;
use crate::code::{Code, Refusal};
use crate::digest::Digest;
use crate::message::{ClientMessage, Seen};
use crate::room::{Connection, Effect, Entrance, Moment, Names, Notice, Room};
use crate::ticket::{Access, Caller, Denial, Jtis};
use cell::{Cell, State};
use ledger_file::LedgerFile;
use outlet::Outlet;
use schedule::Schedule;
use turn::Turn;

/// Where a session sits.
#[derive(Clone, Debug)]
pub(crate) struct Seat {
    cell: Arc<Cell>,
    pub(crate) id: Arc<str>,
    connection: Connection,
}

/// Why somebody does not come in.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) told: Refusal,
    /// For the log.
    pub(crate) reason: String,
}

impl From<Refusal> for Refused {
    fn from(told: Refusal) -> Self {
        let reason = told.to_string();
        Self { told, reason }
    }
}

impl From<Denial> for Refused {
    fn from(denial: Denial) -> Self {
        Self { told: denial.told(), reason: format!("{}: {denial}", denial.code) }
    }
}

/// What a hub is made of.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) notice: Notice,
    pub(crate) ledger: LedgerFile,
    pub(crate) turn: Option<Turn>,
    pub(crate) clock: Clock,
    pub(crate) metrics: Arc<Metrics>,
}

/// All rooms.
#[derive(Debug)]
pub(crate) struct Hub {
    rooms: Mutex<HashMap<Arc<str>, Arc<Cell>>>,
    /// By `sid`.
    sessions: Mutex<HashMap<Arc<str>, Arc<Cell>>>,
    jtis: Mutex<Jtis>,
    schedule: Schedule,
    /// Numbers of connections and rooms.
    next: AtomicU64,
    draining: AtomicBool,
    parts: Parts,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub {
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            rooms: Mutex::default(),
            sessions: Mutex::default(),
            jtis: Mutex::default(),
            schedule: Schedule::default(),
            next: AtomicU64::new(1),
            draining: AtomicBool::new(false),
            parts,
        }
    }

    /// A queue for a connection that nobody else has.
    pub(crate) fn outlet(&self) -> Arc<Outlet> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        Arc::new(Outlet::new(Connection(number), self.parts.metrics.queued_bytes.clone()))
    }

    /// A caller with a verified token comes in.
    ///
    /// # Errors
    ///
    /// The token was used, or the room does not admit the caller.
    pub(crate) fn join(&self, caller: &Caller, outlet: &Arc<Outlet>) -> Result<Seat, Refused> {
        self.check_open()?;
        let now = self.parts.clock.now();
        lock(&self.jtis).spend(&caller.access, now)?;
        let names = Names { id: random::name::<12>()?.into(), sid: random::name::<24>()?.into() };
        let entrance = self.entrance(caller, outlet)?;
        let room: Arc<str> = caller.access.room.as_str().into();
        // A room that is forgotten at this moment has to be made anew.
        loop {
            let cell = self.cell(&room);
            let mut state = cell.lock();
            if state.gone {
                continue;
            }
            self.check_open()?;
            state.outlets.push(Arc::clone(outlet));
            let joined = self.act(&cell, &mut state, |room, moment| {
                room.join(names.clone(), caller.clone(), &entrance, moment)
            });
            if let Err(refusal) = joined {
                state.remove_outlet(outlet.connection);
                self.forget_if_over(&cell, &mut state);
                return Err(refusal.into());
            }
            lock(&self.sessions).insert(Arc::clone(&names.sid), Arc::clone(&cell));
            self.parts.metrics.joins.increment();
            self.parts.metrics.sessions.add(1);
            drop(state);
            return Ok(Seat { cell, id: names.id, connection: outlet.connection });
        }
    }

    /// The caller of a session that this ticket resumes.
    pub(crate) fn resumable(&self, sid: &str, ticket: &str) -> Option<Caller> {
        let cell = lock(&self.sessions).get(sid).map(Arc::clone)?;
        let state = cell.lock();
        state.room.resumable(sid, Digest::of(ticket.as_bytes()).as_bytes()).cloned()
    }

    /// A session goes on at another connection; the proof was verified.
    ///
    /// # Errors
    ///
    /// The ticket was used meanwhile, or the session is over.
    pub(crate) fn resume(
        &self,
        (sid, ticket): (&str, &str),
        caller: &Caller,
        seen: &Seen<'_>,
        outlet: &Arc<Outlet>,
    ) -> Result<Seat, Refused> {
        let over = || Refusal::new(Code::Token, "not accepted");
        self.check_open()?;
        let entrance = self.entrance(caller, outlet)?;
        let cell = lock(&self.sessions).get(sid).map(Arc::clone).ok_or_else(over)?;
        let mut state = cell.lock();
        self.check_open()?;
        // Two may have come with one ticket: it opens once.
        if state.gone || state.room.resumable(sid, Digest::of(ticket.as_bytes()).as_bytes()).is_none() {
            return Err(over().into());
        }
        state.outlets.push(Arc::clone(outlet));
        let resumed = self.act(&cell, &mut state, |room, moment| room.resume(sid, &entrance, seen, moment));
        let id = resumed.inspect_err(|_| drop(state.remove_outlet(outlet.connection)))?;
        drop(state);
        self.parts.metrics.resumes.increment();
        self.parts.metrics.sessions.add(1);
        Ok(Seat { cell, id, connection: outlet.connection })
    }

    fn check_open(&self) -> Result<(), Refusal> {
        if self.draining.load(Ordering::SeqCst) {
            return Err(Refusal::new(Code::Drain, "the server shuts down: connect again"));
        }
        self.parts.ledger.check()
    }

    fn entrance(&self, caller: &Caller, outlet: &Outlet) -> Result<Entrance, Refusal> {
        let ticket = random::name::<32>()?;
        let turn = self.parts.turn.as_ref();
        Ok(Entrance {
            connection: outlet.connection,
            ticket_hash: *Digest::of(ticket.as_bytes()).as_bytes(),
            ticket: ticket.into(),
            turn: turn.and_then(|turn| turn.credentials(&caller.access, self.parts.clock.now())),
        })
    }

    fn cell(&self, name: &Arc<str>) -> Arc<Cell> {
        let mut rooms = lock(&self.rooms);
        if let Some(cell) = rooms.get(name) {
            return Arc::clone(cell);
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let cell = Arc::new(Cell::new(Arc::clone(name), number, self.parts.notice.clone()));
        rooms.insert(Arc::clone(name), Arc::clone(&cell));
        self.parts.metrics.rooms.add(1);
        cell
    }

    /// A message of a session.
    pub(crate) fn handle(&self, seat: &Seat, text: &str, message: &ClientMessage<'_>) {
        self.with(seat, |room, moment| room.handle(&seat.id, text, message, moment));
    }

    /// A message that was refused before it came here.
    pub(crate) fn refuse(&self, seat: &Seat, refusal: &Refusal, seq: Option<u64>) {
        self.with(seat, |room, moment| room.refuse_message(&seat.id, refusal, seq, moment));
    }

    /// Who sits there, to verify another token.
    pub(crate) fn caller(&self, seat: &Seat) -> Option<Caller> {
        self.with(seat, |room, _| room.caller(&seat.id).cloned())?
    }

    /// Another token of a session, verified; it is used up.
    ///
    /// # Errors
    ///
    /// It was used before.
    pub(crate) fn refreshed(
        &self,
        seat: &Seat,
        (text, message): (&str, &ClientMessage<'_>),
        access: Access,
    ) -> Result<(), Denial> {
        lock(&self.jtis).spend(&access, self.parts.clock.now())?;
        self.with(seat, |room, moment| {
            // Its number counts like any other message's.
            if room.handle(&seat.id, text, message, moment) {
                room.refreshed(&seat.id, access, moment);
            }
        });
        Ok(())
    }

    /// A session is over for what its peer did.
    pub(crate) fn end(&self, seat: &Seat, refusal: &Refusal) {
        self.with(seat, |room, moment| room.end(&seat.id, refusal, moment));
    }

    /// A connection is gone; `closed` where its peer said so.
    pub(crate) fn gone(&self, seat: &Seat, closed: bool) {
        self.with(seat, |room, moment| room.disconnected(&seat.id, seat.connection, closed, moment));
        let mut state = seat.cell.lock();
        state.remove_outlet(seat.connection);
        self.forget_if_over(&seat.cell, &mut state);
        self.parts.metrics.sessions.sub(1);
    }

    /// Does something for who sits there, unless the room has ended that connection: what such
    /// a connection still says is nobody's.
    fn with<R>(&self, seat: &Seat, act: impl FnOnce(&mut Room, &mut Moment<'_>) -> R) -> Option<R> {
        let mut state = seat.cell.lock();
        state.outlet(seat.connection)?;
        Some(self.act(&seat.cell, &mut state, act))
    }

    fn act<R>(
        &self,
        cell: &Arc<Cell>,
        state: &mut State,
        act: impl FnOnce(&mut Room, &mut Moment<'_>) -> R,
    ) -> R {
        let mut journal = &self.parts.ledger;
        let mut moment = Moment { now_ms: self.parts.clock.now_ms(), journal: &mut journal };
        let result = act(&mut state.room, &mut moment);
        for effect in state.room.effects() {
            self.carry_out(state, effect);
        }
        let due_ms = state.room.due_ms();
        if due_ms != state.due_ms && !state.gone {
            self.schedule.set(cell, state.due_ms, due_ms);
            state.due_ms = due_ms;
        }
        self.forget_if_over(cell, state);
        result
    }

    fn carry_out(&self, state: &mut State, effect: Effect) {
        match effect {
            Effect::Send(connection, text) => {
                if let Some(outlet) = state.outlet(connection) {
                    self.parts.metrics.sent.increment();
                    outlet.send(text);
                }
            }
            Effect::Close(connection, refusal) => {
                if let Some(outlet) = state.remove_outlet(connection) {
                    outlet.close(refusal);
                }
            }
            Effect::Forget(sid) => drop(lock(&self.sessions).remove(&sid)),
            Effect::DeleteTurn(user) => {
                if let Some(turn) = &self.parts.turn {
                    turn.delete(user);
                }
            }
        }
    }

    fn forget_if_over(&self, cell: &Arc<Cell>, state: &mut State) {
        let is_over = state.outlets.is_empty() && state.room.is_over(self.parts.clock.now());
        if state.gone || !is_over {
            return;
        }
        state.gone = true;
        self.schedule.set(cell, state.due_ms.take(), None);
        lock(&self.rooms).remove(&cell.name);
        self.parts.metrics.rooms.sub(1);
    }

    /// Does what is due.
    pub(crate) fn tick(&self) {
        for cell in self.schedule.due(self.parts.clock.now_ms()) {
            self.act(&cell, &mut cell.lock(), Room::tick);
        }
    }

    /// Milliseconds until something is due.
    pub(crate) fn wait_ms(&self) -> Option<u64> {
        Some(self.schedule.first_ms()?.saturating_sub(self.parts.clock.now_ms()))
    }

    /// Says when [`Self::wait_ms`] has become less.
    pub(crate) fn hurry(&self) -> Arc<Notify> {
        Arc::clone(&self.schedule.changed)
    }

    /// Tells all to come again, elsewhere. Nobody comes in any more.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
        let cells: Vec<Arc<Cell>> = lock(&self.rooms).values().map(Arc::clone).collect();
        for cell in cells {
            self.act(&cell, &mut cell.lock(), Room::drain);
        }
    }

    /// Says when records of the ledger were lost.
    pub(crate) fn lost(&self) -> Arc<Notify> {
        Arc::clone(&self.parts.ledger.lost)
    }

    /// Makes sure that the records are on the disk.
    pub(crate) fn close(&self) {
        self.parts.ledger.sync();
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        // Who keeps time for it has nothing to wait for.
        self.schedule.changed.notify_one();
    }
}
