//! The small nouns: each text is read as one value, which prints that text again.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use atom::{Digest, Name, NarHash, ObjectId, Requirement, Root, Version};
use proptest::prelude::*;

/// Reads a text, and holds a value that comes of it to printing the same.
fn check<T: FromStr + Display>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        assert_eq!(value.to_string(), text);
    }
}

/// Prints a value, and reads it back.
fn print<T: FromStr<Err: Debug> + Display + PartialEq + Debug>(value: &T) {
    let text = value.to_string();
    assert_eq!(&text.parse::<T>().expect("it was printed"), value);
}

#[test]
fn names_are_short_and_plain() {
    let long = "a".repeat(64);
    for text in ["a", "core", "nixpkgs-24", "a--", &long] {
        assert!(text.parse::<Name>().is_ok(), "{text}");
    }
    let longer = "a".repeat(65);
    for text in [
        "", "1a", "-a", "A", "a_b", "a.b", "ä", "a b", "a/b", "a\n", &longer,
    ] {
        assert!(text.parse::<Name>().is_err(), "{text}");
    }
}

#[test]
fn an_object_id_is_sha1_in_lower_case() {
    let sha1 = "4abbd2644bc3585e9be95deb277ccf48f6ed26ac";
    assert!(sha1.parse::<ObjectId>().is_ok());
    assert!(sha1.to_uppercase().parse::<ObjectId>().is_err());
    assert!(sha1[..39].parse::<ObjectId>().is_err());
    assert!(sha1.repeat(2)[..64].parse::<ObjectId>().is_err());
}

#[test]
fn versions_differ_in_build_metadata_alone_or_in_more() {
    let differ = |a: &str, b: &str| {
        let (a, b): (Version, Version) = (a.parse().unwrap(), b.parse().unwrap());
        a.same_but_build(&b)
    };
    assert!(differ("1.0.0+a", "1.0.0+b"));
    assert!(differ("1.0.0", "1.0.0+b"));
    assert!(!differ("1.0.0+a", "1.0.0+a"));
    assert!(!differ("1.0.0-a", "1.0.0"));
    assert!(!differ("1.0.1+a", "1.0.0+a"));
}

#[test]
fn a_requirement_prints_as_semver_does() {
    let check = |text: &str, printed: &str| {
        let read: Requirement = text.parse().unwrap();
        assert_eq!(read.to_string(), printed);
        print(&read);
    };
    check("1.2", "^1.2");
    check("^1", "^1");
    check(">=1, <3", ">=1, <3");
    check(">=1,<3", ">=1, <3");
    check("=1.0.0-rc.1", "=1.0.0-rc.1");
    check("1.*", "1.*");
    check("*", "*");
    assert_eq!(Requirement::any().to_string(), "*");
}

proptest! {
    #[test]
    fn any_text_is_read_as_itself_or_refused(text in ".{0,60}|[0-9a-f]{38,42}|[0-9a-v]{50,54}|sha256-[A-Za-z0-9+/]{42,44}=?") {
        check::<Name>(&text);
        check::<ObjectId>(&text);
        check::<Root>(&text);
        check::<Digest>(&text);
        check::<NarHash>(&text);
        check::<Version>(&text);
    }

    #[test]
    fn versions_are_read_as_themselves(text in "[0-9]{1,2}\\.[0-9]{1,2}\\.[0-9]{1,2}(-[0-9a-zA-Z.-]{1,6})?(\\+[0-9a-zA-Z.-]{1,6})?") {
        check::<Version>(&text);
    }

    #[test]
    fn requirements_are_printed_to_be_read(text in "[\\^~=<>]{0,2}[0-9*]{1,2}(\\.[0-9*x]{1,2}){0,2}(-[a-z0-9.]{1,4})?(, ?[<>]=?[0-9]{1,2})?") {
        if let Ok(requirement) = text.parse::<Requirement>() {
            print(&requirement);
        }
    }

    #[test]
    fn every_value_is_printed_to_be_read(object: [u8; 20], hash: [u8; 32]) {
        print(&ObjectId::new(object));
        print(&Root(ObjectId::new(object)));
        print(&NarHash(hash));
        print(&Digest(hash));
    }
}
