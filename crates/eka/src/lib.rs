//! The workflows of eka: a request in, a report out.
