//! The names to look for, a line each.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use miette::NamedSource;
use refscan::{NAME_MAX, StoreSpec};

use super::finder::Finder;
use super::{Input, RefsError};
use crate::context::Context;
use crate::error::Error;

/// The longest list that is read, in bytes: more than two million store paths.
const MAX_BYTES: u64 = 256 << 20;

/// Reads candidates: store paths, base names or hash parts; empty lines do not count.
pub(super) fn read<'s>(
    ctx: &Context<'_>,
    input: &Input,
    stdin: &mut dyn Read,
    spec: &StoreSpec<'s>,
) -> Result<Finder<'s>, Error> {
    let (path, bytes) = match input {
        Input::Stdin => (PathBuf::from("-"), bounded(stdin)),
        Input::Path(path) => (
            path.clone(),
            File::open(ctx.dir.join(path)).and_then(bounded),
        ),
    };
    let bytes = bytes.map_err(|source| RefsError::Read {
        path: path.clone(),
        source,
    })?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(RefsError::Large { path }.into());
    }
    let text = String::from_utf8_lossy(&bytes);
    let names = parse(&text, &path.display().to_string(), spec)?;
    Ok(Finder::known(spec, names))
}

/// All bytes, or one more than may be.
fn bounded(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The base names, each under its hash part.
fn parse(
    text: &str,
    file: &str,
    spec: &StoreSpec<'_>,
) -> Result<BTreeMap<String, String>, RefsError> {
    let mut names = BTreeMap::new();
    let mut start = 0;
    for (line, whole) in (1..).zip(text.split_inclusive('\n')) {
        let at = start;
        start += whole.len();
        let path = whole.trim();
        if path.is_empty() {
            continue;
        }
        let name = path.rsplit('/').next().unwrap_or(path);
        if !is_name(name.as_bytes(), spec) {
            return Err(RefsError::Candidate {
                line,
                hash_len: spec.hash_len(),
                text: NamedSource::new(file, text.to_owned()),
                at: (at, whole.trim_end().len()).into(),
            });
        }
        let hash = name[..spec.hash_len()].to_owned();
        let first = names.entry(hash).or_insert_with(|| name.to_owned());
        if first != name {
            return Err(RefsError::SameHash {
                first: first.clone(),
                second: name.to_owned(),
            });
        }
    }
    Ok(names)
}

fn is_name(name: &[u8], spec: &StoreSpec<'_>) -> bool {
    let Some((hash, rest)) = name.split_at_checked(spec.hash_len()) else {
        return false;
    };
    name.len() <= NAME_MAX
        && hash.iter().all(|&byte| spec.hash().contains(byte))
        && rest.iter().all(|&byte| spec.rest().contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "0123456789abcdfghijklmnpqrsvwxyz";

    fn check(text: &str, expected: Result<&[&str], (usize, usize, usize)>) {
        let found = parse(text, "known", &StoreSpec::NIX);
        let found = found.as_ref().map(|it| it.values().collect::<Vec<_>>());
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{text:?}"),
            (Err(RefsError::Candidate { line, at, .. }), Err(expected)) => {
                assert_eq!((*line, at.offset(), at.len()), expected, "{text:?}");
            }
            (found, _) => panic!("{text:?}: {found:?}"),
        }
    }

    #[test]
    fn a_line_is_a_path_a_name_or_a_hash() {
        check("", Ok(&[]));
        check(HASH, Ok(&[HASH]));
        let name = &*format!("{HASH}-a");
        check(&format!("\n{name}\r\n\n"), Ok(&[name]));
        check(&format!("/nix/store/{name}\n{name}\n"), Ok(&[name]));
        let other = &*HASH.replace('0', "1");
        check(&format!("{other}\n{name}"), Ok(&[name, other]));
    }

    #[test]
    fn any_other_line_is_pointed_at() {
        check("a\n", Err((1, 0, 1)));
        check(&format!("{HASH}\n{}\n", &HASH[1..]), Err((2, 33, 31)));
        check(&format!("{HASH}-a/bin"), Err((1, 0, 38)));
        check(&format!("{HASH} a"), Err((1, 0, 34)));
        check(&format!("{HASH}-é"), Err((1, 0, 35)));
        check(&HASH.replace('z', "e"), Err((1, 0, 32)));
        check(&format!("{HASH}{}", "a".repeat(224)), Err((1, 0, 256)));
    }

    #[test]
    fn two_names_of_one_hash_are_refused() {
        let text = format!("{HASH}-a\n{HASH}-b\n");
        let error = parse(&text, "known", &StoreSpec::NIX).unwrap_err();
        assert!(matches!(error, RefsError::SameHash { .. }), "{error:?}");
    }
}
