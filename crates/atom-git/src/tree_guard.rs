//! Refuses hostile trees before anything is written or rendered.
