//! Fuzzes `derivation::drv`.
#![no_main]

#[path = "../derivation.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::drv(bytes));
