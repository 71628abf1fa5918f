//! Names of git refs, as pins give them: held to git's own rule before any transport sees them.

/// Whether git would take `text` as the name of a ref, or the end of one
/// (`git help check-ref-format`), and it could not be taken for an option.
pub(crate) fn is_ref(text: &str) -> bool {
    let refused = |it: char| it.is_control() || " ~^:?*[\\".contains(it);
    let component = |it: &str| !it.is_empty() && !it.starts_with('.') && !it.ends_with(".lock");
    text.split('/').all(component)
        && !text.contains(refused)
        && !text.contains("..")
        && !text.contains("@{")
        && !text.starts_with('-')
        && !text.ends_with('.')
        && text != "@"
}

#[cfg(test)]
mod tests {
    use super::is_ref;

    #[test]
    fn names_that_git_refuses_are_refused() {
        for text in [
            "main",
            "v1.0",
            "refs/heads/a-b",
            "nixos-unstable",
            "λ",
            "HEAD",
        ] {
            assert!(is_ref(text), "{text}");
        }
        for text in [
            "", "-u", "a b", "a..b", "a/", "/a", "a//b", ".a", "a/.b", "a.lock", "a.lock/b", "a.",
            "@", "a@{1}", "a~1", "a^", "a:b", "a?", "a*", "a[", "a\\b", "a\nb", "a\u{7f}",
        ] {
            assert!(!is_ref(text), "{text:?}");
        }
    }
}
