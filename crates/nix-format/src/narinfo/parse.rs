//! Reading narinfos: strictly, within bounds, each fault with its line.

use std::collections::BTreeSet;

use super::{NarInfo, NarInfoError, NarInfoFault, NarUrl, Word};
use crate::content_address::ContentAddress;
use crate::hash::{Hash, Sha256};
use crate::key::Signature;
use crate::store_dir::StoreDir;
use crate::store_path::StorePath;

impl NarInfo {
    /// Reads a narinfo of a store.
    ///
    /// Fields may come in any order. Those that are unknown are passed over, and not printed again,
    /// as with Nix; so are an empty `Compression`, `System` or `CA`, and the `Deriver`
    /// `unknown-deriver`. What Nix takes and this does not: a field again, signatures that are none,
    /// a [`NarUrl`] that leads elsewhere, sizes with a sign or leading zeros, hashes other than
    /// SHA-256, empty lines, a value right behind the colon.
    ///
    /// # Errors
    ///
    /// Each variant of [`NarInfoError`], the first that is met.
    pub fn parse(store: &StoreDir, bytes: &[u8]) -> Result<Self, NarInfoError> {
        if bytes.len() > Self::MAX_BYTES {
            let length = bytes.len();
            return Err(NarInfoError::Length { length });
        }
        let mut draft = Draft::new(store);
        for (at, line) in bytes.split_inclusive(|it| *it == b'\n').enumerate() {
            let line_number = at + 1;
            let (field, value) = split(line).ok_or(NarInfoError::Line { line: line_number })?;
            draft.take(field, value).map_err(|it| it.at(line_number))?;
        }
        draft.finish()
    }
}

/// A field and its value.
fn split(line: &[u8]) -> Option<(&str, &str)> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (field, value) = line.split_once(": ")?;
    let well_formed = !field.is_empty() && !field.contains(':') && !line.contains(char::is_control);
    well_formed.then_some((field, value))
}

/// A fault whose line is not known yet.
enum Fault {
    Repeated(&'static str),
    TooMany(&'static str, usize),
    Value(&'static str, NarInfoFault),
}

impl Fault {
    fn at(self, line: usize) -> NarInfoError {
        match self {
            Self::Repeated(field) => NarInfoError::Repeated { line, field },
            Self::TooMany(field, limit) => NarInfoError::TooMany { line, field, limit },
            Self::Value(field, fault) => NarInfoError::Value { line, field, fault },
        }
    }
}

/// The fields met so far; a field met without a value is `Some(None)`.
struct Draft<'a> {
    store: &'a StoreDir,
    path: Option<StorePath>,
    url: Option<NarUrl>,
    compression: Option<Option<Word>>,
    file_hash: Option<Sha256>,
    file_size: Option<u64>,
    nar_hash: Option<Sha256>,
    nar_size: Option<u64>,
    references: Option<BTreeSet<StorePath>>,
    deriver: Option<Option<StorePath>>,
    system: Option<Option<Word>>,
    signatures: BTreeSet<Signature>,
    ca: Option<Option<ContentAddress>>,
}

impl<'a> Draft<'a> {
    const fn new(store: &'a StoreDir) -> Self {
        Self {
            store,
            path: None,
            url: None,
            compression: None,
            file_hash: None,
            file_size: None,
            nar_hash: None,
            nar_size: None,
            references: None,
            deriver: None,
            system: None,
            signatures: BTreeSet::new(),
            ca: None,
        }
    }

    fn take(&mut self, field: &str, value: &str) -> Result<(), Fault> {
        let store = self.store;
        match field {
            "StorePath" => set(&mut self.path, "StorePath", || Ok(store.parse(value)?)),
            "URL" => set(&mut self.url, "URL", || Ok(value.parse::<NarUrl>()?)),
            "Compression" => set(&mut self.compression, "Compression", || {
                filled(value).map(|it| Ok(it.parse()?)).transpose()
            }),
            "FileHash" => set(&mut self.file_hash, "FileHash", || hash(value)),
            "FileSize" => set(&mut self.file_size, "FileSize", || size(value)),
            "NarHash" => set(&mut self.nar_hash, "NarHash", || hash(value)),
            "NarSize" => set(&mut self.nar_size, "NarSize", || nar_size(value)),
            "References" => {
                if words(value).nth(NarInfo::MAX_REFERENCES).is_some() {
                    return Err(Fault::TooMany("References", NarInfo::MAX_REFERENCES));
                }
                set(&mut self.references, "References", || references(value))
            }
            "Deriver" => set(&mut self.deriver, "Deriver", || {
                let deriver = Some(value).filter(|it| *it != "unknown-deriver");
                deriver.map(|it| Ok(it.parse()?)).transpose()
            }),
            "System" => set(&mut self.system, "System", || {
                filled(value).map(|it| Ok(it.parse()?)).transpose()
            }),
            "Sig" => self.sign(value),
            "CA" => set(&mut self.ca, "CA", || {
                filled(value).map(|it| Ok(it.parse()?)).transpose()
            }),
            _ => Ok(()),
        }
    }

    fn sign(&mut self, value: &str) -> Result<(), Fault> {
        if self.signatures.len() == NarInfo::MAX_SIGNATURES {
            return Err(Fault::TooMany("Sig", NarInfo::MAX_SIGNATURES));
        }
        let signature = value.parse().map_err(NarInfoFault::Signature);
        let signature = signature.map_err(|it| Fault::Value("Sig", it))?;
        self.signatures.insert(signature);
        Ok(())
    }

    fn finish(self) -> Result<NarInfo, NarInfoError> {
        let missing = |field| NarInfoError::Missing { field };
        Ok(NarInfo {
            path: self.path.ok_or(missing("StorePath"))?,
            url: self.url.ok_or(missing("URL"))?,
            compression: self.compression.flatten().unwrap_or_else(Word::bzip2),
            file_hash: self.file_hash,
            file_size: self.file_size.unwrap_or_default(),
            nar_hash: self.nar_hash.ok_or(missing("NarHash"))?,
            nar_size: self.nar_size.ok_or(missing("NarSize"))?,
            references: self.references.unwrap_or_default(),
            deriver: self.deriver.flatten(),
            system: self.system.flatten(),
            signatures: self.signatures,
            ca: self.ca.flatten(),
        })
    }
}

fn set<T>(
    slot: &mut Option<T>,
    field: &'static str,
    read: impl FnOnce() -> Result<T, NarInfoFault>,
) -> Result<(), Fault> {
    if slot.is_some() {
        return Err(Fault::Repeated(field));
    }
    *slot = Some(read().map_err(|it| Fault::Value(field, it))?);
    Ok(())
}

fn filled(value: &str) -> Option<&str> {
    Some(value).filter(|it| !it.is_empty())
}

fn hash(value: &str) -> Result<Sha256, NarInfoFault> {
    Ok(Hash::parse(value)?.try_into()?)
}

fn size(value: &str) -> Result<u64, NarInfoFault> {
    let size = value.parse::<u64>().ok();
    size.filter(|it| it.to_string() == value)
        .ok_or_else(|| NarInfoFault::Size {
            text: value.to_owned(),
        })
}

fn nar_size(value: &str) -> Result<u64, NarInfoFault> {
    let size = Some(size(value)?).filter(|it| *it != 0);
    size.ok_or_else(|| NarInfoFault::Size {
        text: value.to_owned(),
    })
}

fn references(value: &str) -> Result<BTreeSet<StorePath>, NarInfoFault> {
    words(value).map(|it| Ok(it.parse()?)).collect()
}

/// The words of a line; Nix does not count the spaces between them either.
fn words(value: &str) -> impl Iterator<Item = &str> {
    value.split(' ').filter(|it| !it.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "0ccnxa25whszw7mgbgyzdm4nqc0zwnm8-source";
    const HASH: &str = "sha256:0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73";
    const SIGNATURE: &str = "k:kqAJqfDUyrhyDoILX2QlQKKye1QWUD+Ps3YiI+vbadoIWsHkPhWZbkWPNhPQ8R2MOHsurrQwKu6wDSkWErsMAA==";

    fn least() -> String {
        format!("StorePath: /nix/store/{BASE}\nURL: nar/a.nar\nNarHash: {HASH}\nNarSize: 1\n")
    }

    fn parse(text: &str) -> Result<NarInfo, NarInfoError> {
        NarInfo::parse(&StoreDir::default(), text.as_bytes())
    }

    /// Lines behind the least that there must be, and the text that Nix prints of all.
    fn check(more: &str, expected: &str) {
        let read = parse(&format!("{}{more}", least())).unwrap();
        let printed = read.print(&StoreDir::default());
        assert_eq!(printed, expected, "{more}");
        assert_eq!(parse(&printed), Ok(read));
    }

    fn refused(more: &str, expected: impl Fn(&NarInfoError) -> bool) {
        let error = parse(&format!("{}{more}", least())).expect_err(more);
        assert!(expected(&error), "{more}: {error:?}");
    }

    #[test]
    fn what_is_left_out_is_as_nix_has_it() {
        let expected = format!(
            "StorePath: /nix/store/{BASE}\nURL: nar/a.nar\nCompression: bzip2\n\
             NarHash: {HASH}\nNarSize: 1\nReferences: \n"
        );
        check("", &expected);
        check(
            "Compression: \nSystem: \nCA: \nDeriver: unknown-deriver\n",
            &expected,
        );
        check("Unknown: a\nFile-Hash: b:c\n", &expected);
        let sized = expected.replace("NarHash", "FileSize: 7\nNarHash");
        check("FileSize: 7\n", &sized);
    }

    #[test]
    fn any_order_prints_in_one() {
        let expected = format!(
            "StorePath: /nix/store/{BASE}\nURL: nar/a.nar\nCompression: xz\nFileHash: {HASH}\n\
             FileSize: 0\nNarHash: {HASH}\nNarSize: 1\nReferences: {BASE} {BASE}0\n\
             Deriver: {BASE}.drv\nSystem: x86_64-linux\nSig: Z{SIGNATURE}\nSig: {SIGNATURE}\n\
             CA: fixed:r:{HASH}\n"
        );
        check(
            &format!(
                "CA: fixed:r:{HASH}\nSig: {SIGNATURE}\nSig: Z{SIGNATURE}\nSystem: x86_64-linux\n\
                 References:  {BASE}0 {BASE} \nFileHash: {HASH}\nCompression: xz\nDeriver: {BASE}.drv\n"
            ),
            &expected,
        );
    }

    #[test]
    fn what_must_be_there_is_asked_for() {
        for field in ["StorePath", "URL", "NarHash", "NarSize"] {
            let text: Vec<String> = least().lines().map(str::to_owned).collect();
            let left = text.iter().filter(|it| !it.starts_with(field));
            let text: String = left.map(|it| format!("{it}\n")).collect();
            assert_eq!(parse(&text), Err(NarInfoError::Missing { field }));
        }
        let field = "StorePath";
        assert_eq!(parse(""), Err(NarInfoError::Missing { field }));
    }

    #[test]
    fn lines_are_held_to_their_form() {
        for more in [
            "\n",
            "Foo",
            "Foo: x",
            "Foo\n",
            "Foo:x\n",
            "References:\n",
            ": x\n",
            "a:b: c\n",
            "Foo: x\r\n",
            "Foo: \u{1b}[m\n",
            "Foo: \0\n",
            "\nFoo: x\n",
        ] {
            refused(more, |it| *it == NarInfoError::Line { line: 5 });
        }
        let bytes = [least().as_bytes(), b"Foo: \xff\n"].concat();
        let error = NarInfo::parse(&StoreDir::default(), &bytes);
        assert_eq!(error, Err(NarInfoError::Line { line: 5 }));
    }

    #[test]
    fn no_field_stands_there_twice() {
        for (field, value) in [
            ("StorePath", format!("/nix/store/{BASE}")),
            ("URL", "nar/a.nar".to_owned()),
            ("NarHash", HASH.to_owned()),
            ("NarSize", "1".to_owned()),
        ] {
            refused(&format!("{field}: {value}\n"), |it| {
                *it == NarInfoError::Repeated { line: 5, field }
            });
        }
        for (field, value) in [
            ("References", ""),
            ("Compression", ""),
            ("FileHash", HASH),
            ("FileSize", "0"),
            ("Deriver", "unknown-deriver"),
            ("System", ""),
            ("CA", ""),
        ] {
            refused(&format!("{field}: {value}\n{field}: {value}\n"), |it| {
                *it == NarInfoError::Repeated { line: 6, field }
            });
        }
    }

    #[test]
    fn values_are_held_to_their_fields() {
        let sri = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        check(
            &format!("FileHash: {sri}\n"),
            &parse(&format!("{}FileHash: {HASH}\n", least()))
                .unwrap()
                .print(&StoreDir::default()),
        );
        for more in [
            "FileHash: sha1:kpcd173cq987hw957sx6m0868wv3x6d9",
            "FileHash: ",
            "FileSize: ",
            "FileSize: +7",
            "FileSize: 07",
            "FileSize: -1",
            "FileSize: 7 ",
            "FileSize: 18446744073709551616",
            "References: source",
            &format!("References: /nix/store/{BASE}"),
            &format!("References: {BASE},{BASE}"),
            "Deriver: ",
            &format!("Deriver: /nix/store/{BASE}"),
            "Compression: x z",
            "System: ../x",
            "Sig: ",
            "Sig: a:b",
            "CA: fixed:r",
        ] {
            let field = more.split(':').next().unwrap();
            refused(
                &format!("{more}\n"),
                |it| matches!(it, NarInfoError::Value { line: 5, field: it, .. } if *it == field),
            );
        }
        for (from, to) in [
            ("NarSize: 1", "NarSize: 0"),
            ("/nix/store/", "/gnu/store/"),
            ("/nix/store/", ""),
            (BASE, "../../etc"),
            (BASE, &format!("{BASE}/..")),
            ("nar/a.nar", "../a"),
            ("nar/a.nar", "http://host/a.nar"),
            ("nar/a.nar", ""),
            ("sha256:", ""),
        ] {
            let text = least().replace(from, to);
            let error = parse(&text).expect_err(&text);
            assert!(matches!(error, NarInfoError::Value { .. }), "{text}");
        }
    }

    #[test]
    fn what_there_may_be_of_each_has_a_bound() {
        let many = |n: usize| format!("References: {}\n", vec![BASE; n].join(" "));
        let (field, limit) = ("References", NarInfo::MAX_REFERENCES);
        assert!(parse(&format!("{}{}", least(), many(limit))).is_ok());
        refused(&many(limit + 1), |it| {
            *it == NarInfoError::TooMany {
                line: 5,
                field,
                limit,
            }
        });
        let many = |n| {
            (0..n)
                .map(|it| format!("Sig: {it}{SIGNATURE}\n"))
                .collect::<String>()
        };
        let (field, limit) = ("Sig", NarInfo::MAX_SIGNATURES);
        assert!(parse(&format!("{}{}", least(), many(limit))).is_ok());
        refused(&many(limit + 1), |it| {
            *it == NarInfoError::TooMany {
                line: 5 + limit,
                field,
                limit,
            }
        });
        let length = NarInfo::MAX_BYTES + 1;
        let long = vec![b'a'; length];
        let error = NarInfo::parse(&StoreDir::default(), &long);
        assert_eq!(error, Err(NarInfoError::Length { length }));
        let error = NarInfo::parse(&StoreDir::default(), &long[1..]);
        assert_eq!(error, Err(NarInfoError::Line { line: 1 }));
    }
}
