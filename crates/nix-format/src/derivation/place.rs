//! Which store a derivation is of, as its own text tells.

use super::Derivation;
use super::cursor::Cursor;
use super::parse::DerivationError;
use crate::store_dir::StoreDir;

impl Derivation {
    /// Returns the folder of the first store path in the text of a derivation: an output's or an
    /// input's. A text without one is the same in every store.
    ///
    /// The text may still be no derivation, and hold paths of other stores.
    #[must_use]
    pub fn store_dir_of(text: &[u8]) -> Option<StoreDir> {
        let mut found = None;
        // Reading ends at the first path.
        drop(first_path(&mut Cursor::new(text), &mut found));
        let path = found?;
        let (store_dir, _) = path.rsplit_once('/')?;
        store_dir.parse().ok()
    }
}

fn first_path(cursor: &mut Cursor<'_>, found: &mut Option<String>) -> Result<(), DerivationError> {
    let mut path = |cursor: &mut Cursor<'_>| {
        let text = cursor.plain()?.as_str().into_owned();
        if found.is_none() && !text.is_empty() {
            *found = Some(text);
        }
        Ok(())
    };
    cursor.token("Derive(")?;
    cursor.list(|cursor| {
        cursor.token("(")?;
        cursor.plain()?;
        cursor.token(",")?;
        path(cursor)?;
        for _ in 0..2 {
            cursor.token(",")?;
            cursor.plain()?;
        }
        cursor.token(")")
    })?;
    cursor.token(",")?;
    cursor.list(|cursor| {
        cursor.token("(")?;
        path(cursor)?;
        cursor.token(",")?;
        cursor.list(|cursor| cursor.plain().map(drop))?;
        cursor.token(")")
    })?;
    cursor.token(",")?;
    cursor.list(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let found = Derivation::store_dir_of(text.as_bytes());
        assert_eq!(found.as_ref().map(StoreDir::as_str), expected, "{text}");
    }

    #[test]
    fn the_first_path_tells_the_store() {
        check(
            r#"Derive([("out","/a/b/c-d","","")],[],["/x/y"],"#,
            Some("/a/b"),
        );
        check(
            r#"Derive([("out","","","")],[("/a/b",["out"])],[]"#,
            Some("/a"),
        );
        check(r#"Derive([("out","","","")],[],["/a/b/c"]"#, Some("/a/b"));
        check(r#"Derive([("out","","","")],[],[],"x","/a/b/c","#, None);
        check(r#"Derive([("out","/a","","")],"#, None);
        check(r#"Derive([("out","c-d","","")],"#, None);
        check("", None);
    }
}
