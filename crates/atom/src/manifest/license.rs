//! The form of an SPDX licence expression (SPDX 2.3, annex D); which identifiers exist is not asked.

/// Whether `text` is an expression: identifiers, `+`, `WITH`, `AND`, `OR` and brackets.
pub(super) fn is_expression(text: &str) -> bool {
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let mut open = 0_usize;
    let mut wants_term = true;
    let mut after_with = false;
    for word in spaced.split_ascii_whitespace() {
        match (word, wants_term) {
            ("(", true) if !after_with => open += 1,
            (")", false) if open > 0 => open -= 1,
            ("AND" | "OR", false) => (wants_term, after_with) = (true, false),
            ("WITH", false) if !after_with => (wants_term, after_with) = (true, true),
            ("AND" | "OR" | "WITH" | "(" | ")", _) | (_, false) => return false,
            (id, true) if is_identifier(id) => wants_term = false,
            _ => return false,
        }
    }
    open == 0 && !wants_term
}

/// Whether `word` is a licence's or an exception's identifier, or a reference of one's own.
fn is_identifier(word: &str) -> bool {
    let word = word.strip_suffix('+').unwrap_or(word);
    let word = word
        .strip_prefix("DocumentRef-")
        .and_then(|it| it.split_once(':'))
        .filter(|(document, _)| !document.is_empty())
        .map_or(word, |(_, license)| license);
    let allowed = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '.';
    !word.is_empty() && word.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::is_expression;

    #[test]
    fn expressions_are_told_by_their_form() {
        for text in [
            "MIT",
            "MIT OR Apache-2.0",
            "GPL-2.0-only WITH Classpath-exception-2.0 AND (MIT OR BSD-3-Clause)",
            "((MIT))",
            "GPL-2.0+",
            "LicenseRef-Proprietary",
            "DocumentRef-spdx:LicenseRef-x",
        ] {
            assert!(is_expression(text), "{text}");
        }
        for text in [
            "",
            " ",
            "MIT/Apache-2.0",
            "MIT Apache-2.0",
            "MIT OR",
            "OR MIT",
            "(MIT",
            "MIT)",
            "MIT WITH (x)",
            "MIT WITH a WITH b",
            "All rights reserved",
            "© me",
        ] {
            assert!(!is_expression(text), "{text}");
        }
    }
}
