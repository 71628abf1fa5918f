//! Bytes that Nix agrees on: NARs, hashes, store paths, derivations, and what binary caches say.
//!
//! Pure: bytes in, bytes out. Of `std::io` there are two traits in it: [`std::io::Write`], as the
//! place that an encoder hands its bytes to, and [`std::io::Read`], as the place a decoder takes
//! them from.

mod base32;
mod json_text;
mod hash;
mod store_path;
mod store_dir;
mod content_address;
mod key;
pub mod narinfo;
mod cache_info;
pub mod derivation;
mod realisation;
pub mod nar;

pub use base32::{Base32Error, decode as decode_base32, encode as encode_base32};
pub use cache_info::{CacheInfo, CacheInfoError};
pub use content_address::{ContentAddress, ContentAddressError, Method, References};
pub use hash::{Algorithm, Hash, HashError, Hasher, Sha256, Sha256Error, Sha256Hasher};
pub use key::{KeyError, PublicKey, SecretKey, Signature, fingerprint};
pub use narinfo::NarInfo;
pub use realisation::{DrvOutput, Realisation, RealisationError};
pub use store_dir::{StoreDir, StoreDirError};
pub use store_path::{StoreName, StorePath, StorePathError};
