//! Fuzzes the guard of archives, behind every compression.
#![no_main]

#[path = "../archive.rs"]
mod archive;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| archive::archive(bytes));
