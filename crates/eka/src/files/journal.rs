//! A change of two files, as one file says it.
//!
//! ```text
//! eka journal 1
//! atom.toml <length> <length>
//! <the old text><the new text>
//! atom.lock <length> <length>
//! <the old text><the new text>
//! end
//! ```
//!
//! A length is in bytes, or `-` for a file that is not there. The lines feed after each pair of
//! texts is no part of them.

use super::{LOCK, MANIFEST, Texts};

/// What is to become of both files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Journal {
    manifest: Change,
    lock: Change,
}

/// What is to become of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    /// Its name in the folder.
    pub(super) name: &'static str,
    /// What it held when it was read.
    pub(super) old: Option<String>,
    /// What it is to hold.
    pub(super) new: Option<String>,
}

impl Journal {
    /// The change from one pair of texts to another.
    pub(super) fn between(old: &Texts, new: &Texts) -> Self {
        Self {
            manifest: Change {
                name: MANIFEST,
                old: Some(old.manifest.clone()),
                new: Some(new.manifest.clone()),
            },
            lock: Change {
                name: LOCK,
                old: old.lock.clone(),
                new: new.lock.clone(),
            },
        }
    }

    /// Both files.
    pub(super) fn all(&self) -> impl Iterator<Item = &Change> {
        [&self.manifest, &self.lock].into_iter()
    }

    /// The files that change.
    pub(super) fn changes(&self) -> impl Iterator<Item = &Change> {
        self.all().filter(|it| it.old != it.new)
    }

    pub(super) fn print(&self) -> Vec<u8> {
        let mut out = String::from("eka journal 1\n");
        for change in self.all() {
            let length = |it: &Option<String>| match it {
                Some(text) => text.len().to_string(),
                None => "-".to_owned(),
            };
            out.push_str(change.name);
            out.push(' ');
            out.push_str(&length(&change.old));
            out.push(' ');
            out.push_str(&length(&change.new));
            out.push('\n');
            out.push_str(change.old.as_deref().unwrap_or_default());
            out.push_str(change.new.as_deref().unwrap_or_default());
            out.push('\n');
        }
        out.push_str("end\n");
        out.into_bytes()
    }

    /// Reads what [`Journal::print`] wrote; `None` for anything else.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let rest = text.strip_prefix("eka journal 1\n")?;
        let (manifest, rest) = change(MANIFEST, rest)?;
        let (lock, rest) = change(LOCK, rest)?;
        let journal = Self { manifest, lock };
        (rest == "end\n" && journal.print() == bytes).then_some(journal)
    }
}

fn change<'a>(name: &'static str, text: &'a str) -> Option<(Change, &'a str)> {
    let (head, rest) = text.split_once('\n')?;
    let (old, new) = head
        .strip_prefix(name)?
        .strip_prefix(' ')?
        .split_once(' ')?;
    let (old, rest) = take(old, rest)?;
    let (new, rest) = take(new, rest)?;
    Some((Change { name, old, new }, rest.strip_prefix('\n')?))
}

fn take<'a>(length: &str, text: &'a str) -> Option<(Option<String>, &'a str)> {
    if length == "-" {
        return Some((None, text));
    }
    let (taken, rest) = text.split_at_checked(length.parse().ok()?)?;
    Some((Some(taken.to_owned()), rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts() -> impl Strategy<Value = Texts> {
        (any::<String>(), any::<Option<String>>())
            .prop_map(|(manifest, lock)| Texts { manifest, lock })
    }

    proptest! {
        #[test]
        fn printed_and_parsed_is_the_same(old in texts(), new in texts(), cut in 0usize..64) {
            let journal = Journal::between(&old, &new);
            let bytes = journal.print();
            prop_assert_eq!(Journal::parse(&bytes), Some(journal));
            let cut = bytes.len().saturating_sub(cut + 1);
            prop_assert_eq!(Journal::parse(&bytes[..cut]), None);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in any::<Vec<u8>>(), tail in ".{0,80}") {
            let read = Journal::parse(&bytes);
            prop_assert!(read.is_none_or(|it| it.print() == bytes));
            let text = format!("eka journal 1\natom.toml {tail}");
            prop_assert_eq!(Journal::parse(text.as_bytes()), None);
        }
    }
}
