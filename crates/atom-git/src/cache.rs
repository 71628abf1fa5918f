//! The bare object cache where specs and atoms rest.
