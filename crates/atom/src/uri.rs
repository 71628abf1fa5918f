//! Atom URIs: `<repository>::<id>@<requirement>`.
