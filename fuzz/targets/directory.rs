//! Fuzzes the canonical bytes of directories.
#![no_main]

#[path = "../castore.rs"]
mod castore_properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| castore_properties::directory(bytes));
