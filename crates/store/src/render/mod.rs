//! A tree out as a NAR: by offset, or all of it in order.

mod error;
mod frame;
mod layout;
mod cursor;
mod file;
mod reader;

pub use error::RenderError;
pub use layout::Layout;
pub use reader::NarReader;
