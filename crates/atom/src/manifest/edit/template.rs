//! The manifest that a new atom begins with.

use crate::Id;

/// Returns the commented manifest of a new atom: its id, version `0.1.0`, and a line on each thing
/// that it may say.
#[must_use]
pub fn template(id: &Id) -> String {
    format!(
        r#"# What this folder is, as an atom. All files beside this one are its content.

[atom]
id = "{id}"
version = "0.1.0"
# description = "One line on what it is for."
# license = "MIT OR Apache-2.0"
# homepage = "https://example.org/{id}"
# tags = ["cli"]

# Where dependencies come from: each repository, by a name of your own.
# `eka add gh:owner/repo::zlib@^1` writes such a line, and the dependency below, for you.
[sets]
# core = "https://github.com/owner/repo"
# here = "::"                           # this repository

# What it depends on: a table for each set.
[deps]
# [deps.core]
# zlib = "^1.3"

# Inputs that are not atoms.
# [pins.nixpkgs]
# git = "https://github.com/NixOS/nixpkgs"
# ref = "nixos-unstable"

# How it is built; without it the atom is source alone.
# [build]
# builder = "/bin/sh"
# args = ["-eu", "build.sh"]
"#
    )
}
