//! Fuzzes `properties::lock_merge`.
#![no_main]

#[path = "../properties.rs"]
#[expect(dead_code, reason = "a target runs one of them")]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::lock_merge(bytes));
