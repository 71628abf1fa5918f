//! The golden files of the project, as these tests read them.

use std::path::PathBuf;

use serde_json::Value;

/// The bytes of a file under `tests/vectors/`.
pub(crate) fn bytes(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors");
    let path = path.join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A JSON file under `tests/vectors/`.
pub(crate) fn json(name: &str) -> Value {
    serde_json::from_slice(&bytes(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The list that a JSON file is, or has under `key`; never an empty one, which would test nothing.
pub(crate) fn list(value: &Value, key: Option<&str>) -> Vec<Value> {
    let list = key.map_or(value, |key| &value[key]).as_array();
    let list = list.expect("the file holds a list").clone();
    assert!(!list.is_empty(), "the list is empty");
    list
}

/// A field that is a text.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("`{key}` is no text in {value}"))
}
