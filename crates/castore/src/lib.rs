//! Blobs and directories by their content, wherever they are kept: nothing here knows what for.

mod digest;
mod name;
mod node;
mod directory;
mod closure;
mod blob;
mod files;
mod blocking;

pub use blob::{BlobError, BlobReader, BlobWriter, Blobs, Disk, Listed, Memory};
#[cfg(feature = "object")]
pub use blob::{Login, Objects, S3};
pub use closure::{Arriving, Closure, ClosureError, Limits, closure};
pub use digest::{Digest, DigestError};
pub use directory::{Directory, DirectoryError, Entry};
pub use files::{ExportError, ImportError, Progress, export, import};
pub use name::{Name, NameFault, Target};
pub use node::Node;
