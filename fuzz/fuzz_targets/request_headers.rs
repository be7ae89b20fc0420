//! See `corsac_fuzz::request_headers`, which has the properties.
//!
//! This file cannot say `forbid(unsafe_code)`: `fuzz_target!` expands to a symbol that is
//! not mangled, which counts as unsafe. So nothing else stands here.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| corsac_fuzz::request_headers(bytes));
