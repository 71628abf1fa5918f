//! `atom.toml`, typed.
