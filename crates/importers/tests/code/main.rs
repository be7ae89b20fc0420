//! Settings in application code: what is read of them, compared with what the programs answer.
#![cfg(test)]

mod changed;
mod express;
mod forms;
mod guards;
mod handed;
mod hostile;
mod peers;
mod python;
mod random;
mod rust;
mod samples;
