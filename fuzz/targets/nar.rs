//! Fuzzes the NAR decoder.
#![no_main]

#[path = "../nar.rs"]
mod nar;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| nar::nar(bytes));
