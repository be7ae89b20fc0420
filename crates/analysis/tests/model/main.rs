//! Models of servers: what one condition says of all origins is what trying says of each.
#![cfg(test)]

mod readers;
