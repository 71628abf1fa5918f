//! Problems without an answer, and what is said of them.
