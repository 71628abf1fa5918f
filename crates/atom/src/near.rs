//! The nearest of some words, for a did-you-mean.

/// Returns the word that is nearest to `word`, where one is near enough to be a likely slip:
/// by Damerau–Levenshtein distance over characters, at most a third of the longer word.
///
/// Of words equally near the first is taken, so that the answer does not depend on chance.
pub fn nearest<'a>(word: &str, among: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut best: Option<(usize, &str)> = None;
    for candidate in among {
        let allowed = word.chars().count().max(candidate.chars().count()) / 3;
        let distance = strsim::damerau_levenshtein(word, candidate);
        if distance <= allowed.max(1) && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: &str, expected: Option<&str>) {
        let known = ["gh", "gl", "description", "duplicates", "version"];
        assert_eq!(nearest(word, known.into_iter()), expected, "{word}");
    }

    #[test]
    fn a_slip_finds_its_word_and_a_stranger_none() {
        check("versoin", Some("version"));
        check("desciption", Some("description"));
        check("ghh", Some("gh"));
        check("gx", Some("gh"));
        check("license", None);
        check("", None);
    }
}
