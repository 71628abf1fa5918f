//! Placeholders replaced by the paths that they stand for.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// Texts to be replaced, each by another (`libutil/util.cc`, `rewriteStrings`).
#[derive(Debug, Clone, Default)]
pub(super) struct Rewrites(BTreeMap<String, String>);

impl Rewrites {
    pub(super) fn add(&mut self, from: String, to: String) {
        self.0.insert(from, to);
    }

    /// Replaces them all.
    pub(super) fn apply(&self, text: &[u8]) -> Vec<u8> {
        let mut text = Cow::Borrowed(text);
        for (from, to) in &self.0 {
            if let Some(replaced) = replace(&text, from.as_bytes(), to.as_bytes()) {
                text = Cow::Owned(replaced);
            }
        }
        text.into_owned()
    }
}

/// Replaces one text, where it occurs.
fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Option<Vec<u8>> {
    let mut at = memchr::memmem::find(text, from)?;
    let (mut out, mut rest) = (Vec::new(), text);
    let finder = memchr::memmem::Finder::new(from);
    loop {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
        match finder.find(rest) {
            Some(next) => at = next,
            None => break,
        }
    }
    out.extend_from_slice(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let mut rewrites = Rewrites::default();
        rewrites.add("/aa".to_owned(), "/long".to_owned());
        rewrites.add("/bb".to_owned(), String::new());
        let found = rewrites.apply(text.as_bytes());
        assert_eq!(String::from_utf8(found).unwrap(), expected);
    }

    #[test]
    fn all_of_all_are_replaced() {
        check("", "");
        check("/a/b", "/a/b");
        check("/aa", "/long");
        check("x/aa/aa/bby/bb/aaz", "x/long/longy/longz");
    }
}
