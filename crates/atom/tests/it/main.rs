//! The `atom` crate at its boundary: text in, value or error out.

mod uri;
mod manifest;
mod lock;
