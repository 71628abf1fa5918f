//! Golden vectors, as values.

use std::path::Path;

use serde_json::Value;

/// Reads a file of `tests/vectors/castore`.
pub(crate) fn load(name: &str) -> Value {
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/castore");
    serde_json::from_slice(&std::fs::read(vectors.join(name)).unwrap()).unwrap()
}

/// Bytes that stand in a vector as characters, one a byte.
pub(crate) fn latin(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap().chars();
    text.map(|it| u8::try_from(u32::from(it)).unwrap())
        .collect()
}

/// Bytes that stand in a vector as hexadecimal digits.
pub(crate) fn hex(text: &Value) -> Vec<u8> {
    let digits = text.as_str().unwrap().as_bytes();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(pair).collect()
}

/// The first bytes of 0, 1, … 250, 0, 1, …
pub(crate) fn pattern(size: usize) -> Vec<u8> {
    let mut bytes = (0..=250).collect::<Vec<u8>>().repeat(size / 251 + 1);
    bytes.truncate(size);
    bytes
}
