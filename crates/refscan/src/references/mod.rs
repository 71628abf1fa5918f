//! Which store references occur: all that follows the path to the store and has its shape.

mod locate;
mod slice;
mod feed;

pub use feed::ReferenceFeed;
pub use slice::{Input, Offsets, References, references};
