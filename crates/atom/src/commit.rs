//! The canonical bytes of atom and spec commits.
