//! A NAR and its hash straight from tree objects.
