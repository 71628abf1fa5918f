//! A tree written to a folder, under a directory handle.
