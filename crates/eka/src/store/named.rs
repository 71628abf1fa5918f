//! Paths of the store, as one names them.

use ::store::PathInfo;
use nix_format::{StoreDir, StorePath};

use super::{Opened, StoreError};
use crate::context::Context;
use crate::error::Error;

/// Reads the full path of something in the store, or only its base name; and what stands behind
/// that, which is empty or begins with a slash.
pub(super) fn within<'t>(
    dir: &StoreDir,
    text: &'t str,
) -> Result<(StorePath, &'t str), StoreError> {
    if text.starts_with('/') {
        return Ok(dir.parse_within(text)?);
    }
    let end = text.find('/').unwrap_or(text.len());
    let (base, rest) = text.split_at(end);
    Ok((base.parse()?, rest))
}

/// Reads paths of the store; a slash may follow, and nothing else.
pub(super) fn paths(dir: &StoreDir, texts: &[String]) -> Result<Vec<StorePath>, StoreError> {
    let one = |text: &String| match within(dir, text.trim_end_matches('/'))? {
        (path, "") => Ok(path),
        // What stands behind it makes it a path in one.
        _ => Ok(dir.parse(text)?),
    };
    texts.iter().map(one).collect()
}

/// What is registered of a path.
pub(super) fn info(
    ctx: &Context<'_>,
    opened: &Opened,
    path: &StorePath,
) -> Result<PathInfo, Error> {
    let found = opened.run(ctx, opened.store.infos().get(path))?;
    Ok(found.ok_or_else(|| StoreError::NotThere {
        path: opened.print(path),
    })?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "0ccnxa25whszw7mgbgyzdm4nqc0zwnm8-source";

    #[test]
    fn full_paths_and_base_names() {
        let dir = StoreDir::default();
        for (before, rest) in [
            ("", ""),
            ("/nix/store/", ""),
            ("", "/a/b"),
            ("/nix/store/", "/a"),
        ] {
            let text = format!("{before}{BASE}{rest}");
            let (path, behind) = within(&dir, &text).unwrap();
            assert_eq!((path.to_string().as_str(), behind), (BASE, rest));
            let whole = paths(&dir, &[format!("{before}{BASE}/")]).unwrap();
            assert_eq!(whole, [path]);
            assert_eq!(paths(&dir, &[text]).is_ok(), rest.is_empty());
        }
        for text in ["", "/", "source", "/gnu/store/x", "/nix/store", "./x"] {
            assert!(within(&dir, text).is_err(), "{text}");
        }
    }
}
