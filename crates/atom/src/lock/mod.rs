//! `atom.lock`, typed.
