//! A tree out as a NAR: by offset, or all of it in order.

mod error;
mod frame;
mod layout;
mod cursor;
mod file;
mod reader;
mod ahead;
mod stream;

pub use error::RenderError;
pub use layout::Layout;
pub use reader::NarReader;
pub use stream::NarStream;

use std::sync::Arc;

use castore::{Limits, Node};

use crate::store::Store;

impl Store {
    /// Returns the NAR of a tree, to be read from any offset.
    ///
    /// # Errors
    ///
    /// As [`Layout::read`].
    pub async fn nar_reader(&self, root: &Node) -> Result<NarReader, RenderError> {
        let layout = self.layout(root).await?;
        Ok(NarReader::new(Arc::clone(self.blobs()), layout))
    }

    /// Returns the NAR of a tree, all of it in order.
    ///
    /// # Errors
    ///
    /// As [`Layout::read`].
    pub async fn nar_stream(&self, root: &Node) -> Result<NarStream, RenderError> {
        let layout = self.layout(root).await?;
        Ok(NarStream::new(Arc::clone(self.blobs()), layout))
    }

    /// Reads where everything of a tree stands in its NAR.
    ///
    /// # Errors
    ///
    /// As [`Layout::read`].
    pub async fn layout(&self, root: &Node) -> Result<Arc<Layout>, RenderError> {
        let layout = Layout::read(&**self.blobs(), root, Limits::default()).await?;
        Ok(Arc::new(layout))
    }
}
