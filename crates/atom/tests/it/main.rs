//! The `atom` crate at its boundary: text in, value or error out.

#[expect(
    clippy::disallowed_methods,
    reason = "golden files lie beside the crate"
)]
mod vectors;
#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stderr,
    reason = "git is the reference"
)]
mod git;
mod leaf;
mod id;
mod digest;
mod refname;
mod commit;
mod notice;
mod url;
mod alias;
mod uri;
mod hostile;
mod diagnostics;
#[path = "../../../../fuzz/properties.rs"]
mod properties;
mod fuzz;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod bounds;
#[cfg(test)]
mod manifest;
#[cfg(test)]
mod edit;
#[cfg(test)]
mod edit_pins;
#[cfg(test)]
mod lock;
#[cfg(test)]
mod lock_diff;
#[cfg(test)]
mod lock_merge;
#[cfg(test)]
mod sourced;
