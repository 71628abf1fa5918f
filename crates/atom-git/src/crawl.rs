//! Listings and specs as values, batched by remote, remotes in parallel.
