//! The lines that git leaves in a text where a merge did not go through, and the two texts between
//! them.

use std::ops::Range;

/// How many characters a marker has at least; git takes more where merges nest, or where the
/// attribute `conflict-marker-size` says so.
const MIN_LENGTH: usize = 7;

/// Finds the first line that opens or closes a conflict: `<<<<<<< ours`, `>>>>>>> theirs`.
/// (`=======` alone is not asked for: the other two stand around it.)
pub(crate) fn first_marker(text: &str) -> Option<Range<usize>> {
    let found = |(at, line): (usize, &str)| match marker(line) {
        Some((kind @ ('<' | '>'), length)) => Some((kind, at..at + length)),
        _ => None,
    };
    lines(text).find_map(found).map(|it| it.1)
}

/// Takes the two sides of a text apart; none where no line opens a conflict.
///
/// A side is as long as the text: what is not of it is blank, so that a place in a side is the same
/// place in the text. What `diff3` shows of the ancestor is of neither side.
///
/// # Errors
///
/// The place of a marker that has no partner.
pub(crate) fn sides(text: &str) -> Option<Result<[String; 2], Range<usize>>> {
    first_marker(text)?;
    Some(split(text))
}

/// Where a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Common,
    Ours,
    Ancestor,
    Theirs,
}

fn split(text: &str) -> Result<[String; 2], Range<usize>> {
    let mut sides = [const { String::new() }; 2];
    let mut part = Part::Common;
    // The marker that opened the conflict, and how long all markers of it are.
    let mut open = 0..0;
    for (at, line) in lines(text) {
        let found = marker(line).filter(|it| part == Part::Common || it.1 == open.len());
        let next = match (part, found.map(|it| it.0)) {
            (Part::Common, Some('<')) => Part::Ours,
            (Part::Ours, Some('|')) => Part::Ancestor,
            (Part::Ours | Part::Ancestor, Some('=')) => Part::Theirs,
            (Part::Theirs, Some('>')) => Part::Common,
            // Where merges nest the ancestor has conflicts of its own.
            (Part::Ancestor, Some('<' | '|')) | (_, None) => {
                let belongs = match part {
                    Part::Common => [true, true],
                    Part::Ours => [true, false],
                    Part::Ancestor => [false, false],
                    Part::Theirs => [false, true],
                };
                take(line, &mut sides, belongs);
                continue;
            }
            (Part::Common, Some('|' | '=')) => {
                take(line, &mut sides, [true, true]);
                continue;
            }
            (_, Some(_)) => return Err(at..at + found.map_or(0, |it| it.1)),
        };
        if part == Part::Common {
            open = at..at + found.map_or(0, |it| it.1);
        }
        part = next;
        take(line, &mut sides, [false, false]);
    }
    match part {
        Part::Common => Ok(sides),
        _ => Err(open),
    }
}

/// Adds a line to the sides that it belongs to, and a blank one of its length to the others.
fn take(line: &str, sides: &mut [String; 2], belongs: [bool; 2]) {
    for (side, belongs) in sides.iter_mut().zip(belongs) {
        if belongs {
            side.push_str(line);
        } else {
            let content = without_end(line);
            side.extend(std::iter::repeat_n(' ', content.len()));
            side.push_str(&line[content.len()..]);
        }
    }
}

/// The lines of a text with their ends, and where each begins.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start, line)
    })
}

fn without_end(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

/// The character of a marker and how often it stands: then nothing follows, or a blank and a label.
fn marker(line: &str) -> Option<(char, usize)> {
    let line = without_end(line);
    let kind = line.chars().next().filter(|it| "<|=>".contains(*it))?;
    let rest = line.trim_start_matches(kind);
    let length = line.len() - rest.len();
    let whole = rest.is_empty() || rest.starts_with(' ');
    (length >= MIN_LENGTH && whole).then_some((kind, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the two sides, whose blank lines are left out here.
    fn check(text: &str, ours: &str, theirs: &str) {
        let shown = |it: &String| {
            assert_eq!(it.len(), text.len());
            let lines = it.lines().filter(|it| !it.trim().is_empty());
            lines.collect::<Vec<_>>().join(" ")
        };
        let found = sides(text).expect("there are markers");
        let found = found.map(|it| it.each_ref().map(shown));
        assert_eq!(found, Ok([ours.to_owned(), theirs.to_owned()]), "{text}");
    }

    fn refused(text: &str, at: Range<usize>) {
        assert_eq!(sides(text), Some(Err(at)), "{text}");
    }

    #[test]
    fn two_ways_and_three() {
        check(
            "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> x y\nd\n",
            "a b d",
            "a c d",
        );
        check(
            "<<<<<<< ours\nb\n||||||| 1234567\no\n=======\nc\n>>>>>>> theirs",
            "b",
            "c",
        );
        check(
            "<<<<<<<\n=======\nc\n>>>>>>>\na\n<<<<<<< λ\nb\n=======\n>>>>>>> λ\n",
            "a b",
            "c a",
        );
        check(
            "a\r\n<<<<<<< HEAD\r\nb\r\n=======\r\nc\r\n>>>>>>> x\r\n",
            "a b",
            "a c",
        );
    }

    #[test]
    fn an_ancestor_with_conflicts_of_its_own() {
        check(
            "<<<<<<< HEAD\nb\n||||||| merged common ancestors\n<<<<<<<<< Temporary merge branch 1\n\
             o\n=========\np\n>>>>>>>>> Temporary merge branch 2\n=======\nc\n>>>>>>> x\n",
            "b",
            "c",
        );
    }

    #[test]
    fn markers_without_partners() {
        refused("a\n<<<<<<< HEAD\nb\n", 2..9);
        refused("<<<<<<< HEAD\nb\n=======\nc\n", 0..7);
        refused("b\n>>>>>>> x\n", 2..9);
        refused("<<<<<<< HEAD\n<<<<<<< HEAD\n", 13..20);
        refused("<<<<<<< HEAD\n>>>>>>> x\n", 13..20);
        refused("<<<<<<<< HEAD\n=======\n>>>>>>>> x\n", 22..30);
    }

    #[test]
    fn what_is_no_marker() {
        for text in ["", "=======\n", " <<<<<<< a\n", "<<<<<< a\n", "<<<<<<<a\n"] {
            assert_eq!(sides(text), None, "{text}");
        }
    }
}
