//! Bytes that Nix agrees on: NARs, hashes, store paths.
