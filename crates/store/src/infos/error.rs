//! Why the database of paths did not do what it was asked.

use std::path::PathBuf;

use miette::Diagnostic;
use nix_format::StorePath;
use thiserror::Error;

/// Why paths could not be read, registered or deleted.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum InfosError {
    /// A path refers to others that are not registered, or are not any more.
    #[error(
        "`{path}` refers to {}, which the store does not have",
        listed(missing)
    )]
    #[diagnostic(
        code(eka::store::missing_references),
        help("bring what it refers to first, or together with it")
    )]
    MissingReferences {
        /// The path that was to be registered.
        path: StorePath,
        /// What it refers to and is not there; never empty.
        missing: Vec<StorePath>,
    },

    /// Another path has the same hash part.
    #[error("`{path}` has the hash part of `{present}`, which the store has")]
    #[diagnostic(
        code(eka::store::hash_taken),
        help("one of the two is forged: a hash part depends on the name too")
    )]
    HashTaken {
        /// The path that was to be registered.
        path: StorePath,
        /// The one that is.
        present: StorePath,
    },

    /// A number is beyond what the database holds.
    #[error("`{path}` would have {size} bytes")]
    #[diagnostic(code(eka::store::too_large))]
    TooLarge {
        /// The path.
        path: StorePath,
        /// The size that it claims.
        size: u64,
    },

    /// What stands in the database is not what was written there.
    #[error("the database `{}` is damaged: {what}", file.display())]
    #[diagnostic(
        code(eka::store::database_damaged),
        help("move the store aside, and bring its paths again")
    )]
    Damaged {
        /// The database.
        file: PathBuf,
        /// What was found.
        what: String,
    },

    /// A newer version of the program wrote the database.
    #[error("the database `{}` has version {version}, and {known} is known", file.display())]
    #[diagnostic(
        code(eka::store::database_newer),
        help("use the version of the program that wrote it, or a newer one")
    )]
    Newer {
        /// The database.
        file: PathBuf,
        /// Its version.
        version: i64,
        /// The newest that is known here.
        known: i64,
    },

    /// The disk is full.
    #[error("no space is left for the database `{}`", file.display())]
    #[diagnostic(
        code(eka::store::full),
        help(
            "free space on this disk, by collecting garbage or otherwise, and run the command again"
        )
    )]
    Full {
        /// The database.
        file: PathBuf,
    },

    /// Another process kept the database to itself for too long.
    #[error("the database `{}` was in use for {seconds} s", file.display())]
    #[diagnostic(
        code(eka::store::database_busy),
        help("run the command again when the other process is done")
    )]
    Busy {
        /// The database.
        file: PathBuf,
        /// How long was waited, in seconds.
        seconds: u64,
    },

    /// The database cannot be read or written.
    #[error("the database `{}` cannot be used", file.display())]
    #[diagnostic(
        code(eka::store::database),
        help("check that the folder it lies in is there, and yours to write")
    )]
    Database {
        /// The database.
        file: PathBuf,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
}

/// The first few, and how many more.
fn listed(paths: &[StorePath]) -> String {
    const N_SHOWN: usize = 3;
    let mut text = String::new();
    for (at, path) in paths.iter().take(N_SHOWN).enumerate() {
        let before = if at == 0 { "" } else { ", " };
        text.push_str(&format!("{before}`{path}`"));
    }
    if paths.len() > N_SHOWN {
        text.push_str(&format!(" and {} more", paths.len() - N_SHOWN));
    }
    text
}
