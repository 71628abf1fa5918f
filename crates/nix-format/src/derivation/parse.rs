//! The text of a derivation, read.

use std::collections::{BTreeMap, BTreeSet};

use data_encoding::HEXLOWER;
use miette::{Diagnostic, SourceSpan};
use thiserror::Error;

use super::cursor::{Cursor, Quoted};
use super::{Derivation, Output, OutputName, OutputNameError};
use crate::content_address::Method;
use crate::hash::{Algorithm, Hash};
use crate::store_dir::{StoreDir, StoreDirError};
use crate::store_path::StorePath;

/// Why a text is no derivation.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum DerivationError {
    /// The text does not go on as every derivation does, or ends too early.
    #[error("`{expected}` is missing at byte {}", at.offset())]
    #[diagnostic(code(eka::drv::expected))]
    Expected {
        /// What must stand there.
        expected: &'static str,
        /// Where.
        #[label("not `{expected}`")]
        at: SourceSpan,
    },
    /// Bytes follow the end.
    #[error("{} bytes follow the derivation, from byte {} on", at.len(), at.offset())]
    #[diagnostic(code(eka::drv::trailing))]
    Trailing {
        /// All of them.
        #[label("after the end")]
        at: SourceSpan,
    },
    /// A text between quotes does not end.
    #[error("the quote at byte {} is never closed", at.offset())]
    #[diagnostic(code(eka::drv::unfinished))]
    Unfinished {
        /// From the quote on.
        #[label("begins here")]
        at: SourceSpan,
    },
    /// A backslash stands before a byte that needs none.
    #[error("`\\{}` at byte {} is no escape", byte.escape_ascii(), at.offset())]
    #[diagnostic(
        code(eka::drv::escape),
        help(r#"Nix writes `\"`, `\\`, `\n`, `\r` and `\t`, and every other byte as it is"#)
    )]
    Escape {
        /// The byte after the backslash.
        byte: u8,
        /// Both.
        #[label("not an escape")]
        at: SourceSpan,
    },
    /// A line feed, a carriage return or a tab stands there bare.
    #[error("`{}` stands bare at byte {}", byte.escape_ascii(), at.offset())]
    #[diagnostic(
        code(eka::drv::bare),
        help(r"Nix writes these three as `\n`, `\r` and `\t`")
    )]
    Bare {
        /// Which.
        byte: u8,
        /// Where.
        #[label("bare")]
        at: SourceSpan,
    },
    /// A backslash stands in a text that has no escapes.
    #[error("a backslash in a text without escapes, at byte {}", at.offset())]
    #[diagnostic(
        code(eka::drv::backslash),
        help("names of outputs, paths, hashes and the system cannot hold one")
    )]
    Backslash {
        /// Where.
        #[label("here")]
        at: SourceSpan,
    },
    /// An entry does not come after the one before it.
    #[error("the entry at byte {} is out of order", at.offset())]
    #[diagnostic(
        code(eka::drv::order),
        help("outputs, inputs and variables ascend by their bytes, and none comes twice")
    )]
    Order {
        /// The entry's name.
        #[label("not above the one before")]
        at: SourceSpan,
    },
    /// A text is no path of the store.
    #[error("no store path at byte {}", at.offset())]
    #[diagnostic(code(eka::drv::path))]
    Path {
        /// The text.
        #[label("not a path of this store")]
        at: SourceSpan,
        /// What is wrong.
        #[source]
        source: StoreDirError,
    },
    /// A text is no name of an output.
    #[error("no name of an output at byte {}", at.offset())]
    #[diagnostic(code(eka::drv::output))]
    Output {
        /// The text.
        #[label("not a name of an output")]
        at: SourceSpan,
        /// What is wrong.
        #[source]
        source: OutputNameError,
    },
    /// Path, algorithm and hash of an output are not what any output has.
    #[error("the output `{output}` at byte {} is of no kind", at.offset())]
    #[diagnostic(
        code(eka::drv::address),
        help(
            "an output has a path; a path, an algorithm and a hash of base 16; an algorithm; an algorithm and `impure`; or nothing"
        )
    )]
    Address {
        /// Its name.
        output: OutputName,
        /// Path, algorithm and hash.
        #[label("do not belong together")]
        at: SourceSpan,
    },
}

impl Derivation {
    /// Reads the text of a `.drv` of the store at `store_dir`, and only a text that
    /// [`Derivation::print`] writes.
    ///
    /// # Errors
    ///
    /// [`DerivationError`], which tells the byte, for all else.
    pub fn parse(store_dir: &StoreDir, text: &[u8]) -> Result<Self, DerivationError> {
        Parser {
            store_dir,
            cursor: Cursor::new(text),
        }
        .derivation()
    }
}

/// A derivation under way.
struct Parser<'p, 't> {
    store_dir: &'p StoreDir,
    cursor: Cursor<'t>,
}

impl Parser<'_, '_> {
    fn derivation(mut self) -> Result<Derivation, DerivationError> {
        self.cursor.token("Derive(")?;
        let outputs = self.outputs()?;
        self.cursor.token(",")?;
        let input_drvs = self.input_drvs()?;
        self.cursor.token(",")?;
        let input_srcs = self.input_srcs()?;
        self.cursor.token(",")?;
        let system = self.cursor.plain()?.bytes.into_owned();
        self.cursor.token(",")?;
        let builder = self.cursor.quoted()?.bytes.into_owned();
        self.cursor.token(",")?;
        let mut args = Vec::new();
        self.cursor.list(|cursor| {
            args.push(cursor.quoted()?.bytes.into_owned());
            Ok(())
        })?;
        self.cursor.token(",")?;
        let env = self.env()?;
        self.cursor.token(")")?;
        self.cursor.end()?;
        Ok(Derivation {
            outputs,
            input_drvs,
            input_srcs,
            system,
            builder,
            args,
            env,
        })
    }

    fn outputs(&mut self) -> Result<BTreeMap<OutputName, Output>, DerivationError> {
        let store_dir = self.store_dir;
        let mut outputs = BTreeMap::new();
        self.cursor.list(|cursor| {
            cursor.token("(")?;
            let (name, at) = output_name(cursor)?;
            ascending(outputs.last_key_value().map(|(last, _)| last), &name, at)?;
            let output = output(cursor, store_dir, &name)?;
            cursor.token(")")?;
            outputs.insert(name, output);
            Ok(())
        })?;
        Ok(outputs)
    }

    fn input_drvs(&mut self) -> Result<BTreeMap<StorePath, BTreeSet<OutputName>>, DerivationError> {
        let store_dir = self.store_dir;
        let mut drvs = BTreeMap::new();
        self.cursor.list(|cursor| {
            cursor.token("(")?;
            let text = cursor.plain()?;
            let path = store_path(store_dir, &text)?;
            ascending(
                drvs.last_key_value().map(|(last, _)| last),
                &path,
                text.span(),
            )?;
            cursor.token(",")?;
            let mut names = BTreeSet::new();
            cursor.list(|cursor| {
                let (name, at) = output_name(cursor)?;
                ascending(names.last(), &name, at)?;
                names.insert(name);
                Ok(())
            })?;
            cursor.token(")")?;
            drvs.insert(path, names);
            Ok(())
        })?;
        Ok(drvs)
    }

    fn input_srcs(&mut self) -> Result<BTreeSet<StorePath>, DerivationError> {
        let store_dir = self.store_dir;
        let mut srcs = BTreeSet::new();
        self.cursor.list(|cursor| {
            let text = cursor.plain()?;
            let path = store_path(store_dir, &text)?;
            ascending(srcs.last(), &path, text.span())?;
            srcs.insert(path);
            Ok(())
        })?;
        Ok(srcs)
    }

    fn env(&mut self) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, DerivationError> {
        let mut env = BTreeMap::new();
        self.cursor.list(|cursor| {
            cursor.token("(")?;
            let name = cursor.quoted()?;
            let at = name.span();
            let name = name.bytes.into_owned();
            ascending(env.last_key_value().map(|(last, _)| last), &name, at)?;
            cursor.token(",")?;
            let value = cursor.quoted()?.bytes.into_owned();
            cursor.token(")")?;
            env.insert(name, value);
            Ok(())
        })?;
        Ok(env)
    }
}

/// Takes path, algorithm and hash (`libstore/derivations.cc`, `parseDerivationOutput`).
fn output(
    cursor: &mut Cursor<'_>,
    store_dir: &StoreDir,
    name: &OutputName,
) -> Result<Output, DerivationError> {
    cursor.token(",")?;
    let path = cursor.plain()?;
    cursor.token(",")?;
    let by = cursor.plain()?;
    cursor.token(",")?;
    let hash = cursor.plain()?;
    let by_text = by.as_str();
    let (method, algorithm) = match by_text.strip_prefix("r:") {
        Some(rest) => (Method::Recursive, rest),
        None => (Method::Flat, &*by_text),
    };
    let output = match (&*path.bytes, algorithm.parse(), &*hash.bytes) {
        (b"", _, b"") if by.bytes.is_empty() => Some(Output::Deferred),
        (_, _, b"") if by.bytes.is_empty() => {
            Some(Output::InputAddressed(store_path(store_dir, &path)?))
        }
        (b"", Ok(algorithm), b"") => Some(Output::Floating { method, algorithm }),
        (b"", Ok(algorithm), b"impure") => Some(Output::Impure { method, algorithm }),
        (b"", ..) | (_, _, b"") | (_, Err(_), _) => None,
        (_, Ok(algorithm), hash) => base16(algorithm, hash)
            .map(|hash| {
                let path = store_path(store_dir, &path)?;
                Ok(Output::Fixed { path, method, hash })
            })
            .transpose()?,
    };
    output.ok_or_else(|| DerivationError::Address {
        output: name.clone(),
        at: (path.at.start, hash.at.end - path.at.start).into(),
    })
}

/// Reads a hash as Nix writes it into derivations.
fn base16(algorithm: Algorithm, text: &[u8]) -> Option<Hash> {
    Hash::from_bytes(algorithm, &HEXLOWER.decode(text).ok()?)
}

fn output_name(cursor: &mut Cursor<'_>) -> Result<(OutputName, SourceSpan), DerivationError> {
    let text = cursor.plain()?;
    let at = text.span();
    match text.as_str().parse() {
        Ok(name) => Ok((name, at)),
        Err(source) => Err(DerivationError::Output { at, source }),
    }
}

fn store_path(store_dir: &StoreDir, text: &Quoted<'_>) -> Result<StorePath, DerivationError> {
    store_dir
        .parse(&text.as_str())
        .map_err(|source| DerivationError::Path {
            at: text.span(),
            source,
        })
}

/// Refuses what does not come after the last one.
fn ascending<T: Ord>(last: Option<&T>, new: &T, at: SourceSpan) -> Result<(), DerivationError> {
    if last.is_none_or(|last| last < new) {
        Ok(())
    } else {
        Err(DerivationError::Order { at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-a";
    const B: &str = "/nix/store/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb-b";
    const MD5: &str = "d41d8cd98f00b204e9800998ecf8427e";

    /// Checks a derivation of these parts: outputs, input derivations, sources, and the rest.
    /// Where it is refused, `expected` names the variant and the text that is pointed at.
    fn check(parts: [&str; 4], expected: Result<(), (&str, &str)>) {
        let [outputs, drvs, srcs, rest] = parts;
        let text = format!("Derive([{outputs}],[{drvs}],[{srcs}],{rest}");
        let store_dir = StoreDir::default();
        let found = match Derivation::parse(&store_dir, text.as_bytes()) {
            Ok(found) => {
                assert_eq!(found.print(&store_dir), text.as_bytes());
                Ok(())
            }
            Err(error) => {
                let at = error.labels().unwrap().next().unwrap();
                let variant = format!("{error:?}").replace([' ', '{'], " ");
                let variant = variant.split(' ').next().unwrap().to_owned();
                Err((variant, text[at.offset()..][..at.len()].to_owned()))
            }
        };
        let expected = expected.map_err(|(variant, at)| (variant.to_owned(), at.to_owned()));
        assert_eq!(found, expected, "{text}");
    }

    const REST: &str = r#""","",[],[])"#;

    fn output(outputs: &str, expected: Result<(), (&str, &str)>) {
        check([outputs, "", "", REST], expected);
    }

    fn rest(rest: &str, expected: Result<(), (&str, &str)>) {
        check(["", "", "", rest], expected);
    }

    #[test]
    fn outputs_are_of_five_kinds() {
        output(&format!(r#"("out","{A}","","")"#), Ok(()));
        output(&format!(r#"("out","{A}","md5","{MD5}")"#), Ok(()));
        output(&format!(r#"("out","{A}","r:md5","{MD5}")"#), Ok(()));
        output(r#"("out","","sha1","")"#, Ok(()));
        output(r#"("out","","r:sha512","impure")"#, Ok(()));
        output(r#"("dev","","",""),("out","","","")"#, Ok(()));
        for fields in [
            format!(r#""{A}","","{MD5}""#),
            format!(r#""{A}","md5","""#),
            format!(r#""{A}","md5","impure""#),
            format!(r#""{A}","md4","{MD5}""#),
            format!(r#""{A}","r:","{MD5}""#),
            format!(r#""{A}","md5","{}""#, &MD5[1..]),
            format!(r#""{A}","md5","{}""#, MD5.to_uppercase()),
            format!(r#""","md5","{MD5}""#),
            r#""","","impure""#.to_owned(),
            r#""","r:",""#.to_owned() + "\"",
        ] {
            output(&format!(r#"("out",{fields})"#), Err(("Address", &fields)));
        }
    }

    #[test]
    fn names_and_paths_are_held_to_their_rules() {
        output(r#"("o t","","","")"#, Err(("Output", r#""o t""#)));
        output(r#"("","","","")"#, Err(("Output", r#""""#)));
        output(r#"("out","/a","","")"#, Err(("Path", r#""/a""#)));
        let lock = format!("\"{A}.lock/x\"");
        check(["", "", &lock, REST], Err(("Path", &lock)));
        check(
            ["", &format!("({lock},[])"), "", REST],
            Err(("Path", &lock)),
        );
        output(r#"("out\n","","","")"#, Err(("Backslash", r"\")));
    }

    #[test]
    fn entries_ascend() {
        let out = r#"("out","","","")"#;
        output(&format!("{out},{out}"), Err(("Order", r#""out""#)));
        output(
            &format!(r#"{out},("dev","","","")"#),
            Err(("Order", r#""dev""#)),
        );
        check(["", "", &format!("\"{A}\",\"{B}\""), REST], Ok(()));
        let a = format!("\"{A}\"");
        check(["", "", &format!("\"{B}\",{a}"), REST], Err(("Order", &a)));
        check(["", "", &format!("{a},{a}"), REST], Err(("Order", &a)));
        let drv = |names: &str| format!("({a},[{names}])");
        check(["", &drv(r#""dev","out""#), "", REST], Ok(()));
        let order = Err(("Order", r#""dev""#));
        check(["", &drv(r#""out","dev""#), "", REST], order);
        let twice = format!("{},{}", drv(""), drv(""));
        check(["", &twice, "", REST], Err(("Order", &a)));
        let env = |env: &str| format!(r#""","",[],[{env}])"#);
        rest(&env(r#"("a",""),("b","")"#), Ok(()));
        rest(&env(r#"("b",""),("a","")"#), Err(("Order", r#""a""#)));
        rest(&env(r#"("\"",""),("\"","")"#), Err(("Order", r#""\"""#)));
    }

    #[test]
    fn escapes_are_those_that_nix_writes() {
        rest(
            "\"a\nb\",\"\\\"\\\\\\n\\r\\t\0\u{7f}é\",[\"\\n\"],[(\"\\t\",\"\\r\")])",
            Ok(()),
        );
        rest(r#""a\b","",[],[])"#, Err(("Backslash", "\\")));
        rest(r#""","\a",[],[])"#, Err(("Escape", r"\a")));
        for byte in ["\n", "\r", "\t"] {
            rest(&format!("\"\",\"a{byte}\",[],[])"), Err(("Bare", byte)));
        }
        rest(r#""","a"#, Err(("Unfinished", r#""a"#)));
        rest(r#""","a\"#, Err(("Unfinished", r#""a\"#)));
        rest(r#""x"#, Err(("Unfinished", r#""x"#)));
    }

    #[test]
    fn nothing_is_left_out_or_put_in() {
        rest(r#""","",[],[])"#, Ok(()));
        rest(r#""","",["" ""],[])"#, Err(("Expected", " ")));
        rest(r#""","",["""#, Err(("Expected", "")));
        rest(r#""","",["",],[])"#, Err(("Expected", "]")));
        rest(r#""","",[,""],[])"#, Err(("Expected", ",")));
        rest(r#""","",[],[]) "#, Err(("Trailing", " ")));
        rest(r#""","",[],[]"#, Err(("Expected", "")));
        rest(r#""","", [],[])"#, Err(("Expected", " ")));
        rest(r#""","",[],[("a")])"#, Err(("Expected", ")")));
        let store_dir = StoreDir::default();
        let found = Derivation::parse(&store_dir, b"DrvWithVersion(\"xp-dyn-drv\",[");
        let at = (0, 1).into();
        let expected = "Derive(";
        assert_eq!(found, Err(DerivationError::Expected { expected, at }));
    }
}
