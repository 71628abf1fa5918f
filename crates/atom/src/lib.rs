//! What an atom is: ids, versions, references, commits, manifests and locks, as values.
//!
//! Pure: text and bytes in, values and errors out.

mod id;
mod name;
mod object_id;
mod root;
mod nar_hash;
mod atom_id;
mod version;
mod bucket;
mod atom_path;
mod confusable;
pub mod near;
mod git_ref;

pub use atom_id::{AtomId, Digest, DigestError};
pub use atom_path::{AtomPath, AtomPathError};
pub use bucket::Bucket;
pub use confusable::{Confusable, confusable, confusable_pairs};
pub use id::{Id, IdError, UNICODE_VERSION};
pub use name::{Name, NameError};
pub use nar_hash::{NarHash, NarHashError};
pub use object_id::{ObjectId, ObjectIdError};
pub use root::Root;
pub use version::{Requirement, Version, VersionError};

pub mod refname;
pub mod commit;
pub mod notice;
pub mod url;
pub mod uri;
mod authority;
mod repository;
mod alias;
mod uri_error;
pub mod download;
pub mod document;
pub mod manifest;
pub mod lock;
pub mod source;
