//! Registered paths: one contract, both backends; and what only a file can suffer.

mod contract;
mod model;
mod file;
