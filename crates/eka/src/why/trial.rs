//! The resolver's words on a version that was tried: nobody requires it.

use atom::Version;

/// Words an explanation anew: where it says that the manifest requires the version that was tried,
/// it says that this was tried.
pub(crate) fn told(text: &str, id: &str, tried: &Version) -> Vec<String> {
    let mut plain = (**tried).clone();
    plain.build = Default::default();
    let (asked, bare) = (format!("`{id} ={plain}`"), format!("`={plain}`"));
    let taken = format!("`{id} {tried}` is tried");
    let line = |it: &str| {
        it.replace(
            &format!("the manifest requires {asked}, but also"),
            &format!("{taken}, but the manifest requires"),
        )
        .replace(&format!(", but also {asked}"), &format!(", and {taken}"))
        .replace(&format!("the manifest requires {asked}"), &taken)
        .replace(&format!("the manifest requires {bare}"), &taken)
        .replace(&asked, &format!("`{id} {tried}`"))
    };
    text.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let lines = told(text, "zlib", &"2.0.0".parse().unwrap());
        assert_eq!(lines.join("\n"), expected);
    }

    #[test]
    fn what_was_tried_is_not_what_the_manifest_requires() {
        check(
            "the manifest requires `zlib =2.0.0`, but also `zlib ^1`\n├─ the manifest requires `zlib =2.0.0`",
            "`zlib 2.0.0` is tried, but the manifest requires `zlib ^1`\n├─ `zlib 2.0.0` is tried",
        );
        check(
            "the manifest requires `zlib ^1`, but also `zlib =2.0.0`",
            "the manifest requires `zlib ^1`, and `zlib 2.0.0` is tried",
        );
        check(
            "`zlib@1.2.0` would do, but the manifest requires `=2.0.0`",
            "`zlib@1.2.0` would do, but `zlib 2.0.0` is tried",
        );
        check(
            "the manifest requires `a ^1` and `zlib =2.0.0`, which do not hold together",
            "the manifest requires `a ^1` and `zlib 2.0.0`, which do not hold together",
        );
    }
}
