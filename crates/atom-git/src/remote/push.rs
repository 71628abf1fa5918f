//! One atomic push a remote.
