//! Fuzzes `cache::narinfo`.
#![no_main]

#[path = "../cache.rs"]
#[expect(dead_code, reason = "a target runs one of them")]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::narinfo(bytes));
