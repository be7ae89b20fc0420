//! See `corsac_fuzz::candidate`, which has the properties.
//!
//! Nothing else stands here: `fuzz_target!` expands to a symbol that is not mangled, which
//! is unsafe, and `forbid` does not see into the macro of another crate.
#![no_main]
#![forbid(unsafe_code)]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| corsac_fuzz::candidate(bytes));
