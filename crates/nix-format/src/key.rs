//! Keys that sign store paths, their signatures, and the text that is signed.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use miette::Diagnostic;
use thiserror::Error;

use crate::hash::{Hash, Sha256};
use crate::store_dir::StoreDir;
use crate::store_path::StorePath;

/// A key that signs, read as `<name>:<64 bytes in base64>`, the seed and the public key
/// (`nix-store --generate-binary-cache-key`).
///
/// Its seed is shown by [`SecretKey::print`] alone: neither by `Debug` nor by any error.
#[derive(Clone)]
pub struct SecretKey {
    name: String,
    key: SigningKey,
}

/// A key that checks signatures, printed and read as `<name>:<32 bytes in base64>`, as in Nix's
/// setting `trusted-public-keys`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    key: VerifyingKey,
}

/// An Ed25519 signature and the name of its key, printed and read as `<name>:<64 bytes in base64>`.
///
/// Signatures are in the order of their texts, as in Nix.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature {
    text: String,
    n_name: usize,
}

/// Why a text is no key, or no signature.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum KeyError {
    /// The text is no secret key. It is not repeated here, as it may be most of one.
    #[error("a secret key that is not `<name>:<64 bytes in base64>`")]
    #[diagnostic(
        code(eka::key::secret),
        help("`nix-store --generate-binary-cache-key` makes one")
    )]
    Secret,
    /// The second half of a secret key is not the public key of the first.
    #[error("the halves of the secret key `{name}` do not belong together")]
    #[diagnostic(
        code(eka::key::halves),
        help("restore the file from where it was made; its signatures would not verify")
    )]
    Halves {
        /// The name before the key.
        name: String,
    },
    /// The text is no public key, or one by which anything verifies.
    #[error("`{text}` is not a public key")]
    #[diagnostic(
        code(eka::key::public),
        help(
            "it is `<name>:` and 32 bytes in base64, such as `nix key convert-secret-to-public` prints"
        )
    )]
    Public {
        /// What was given.
        text: String,
    },
    /// The text is no signature.
    #[error("`{text}` is not a signature")]
    #[diagnostic(
        code(eka::key::signature),
        help("it is `<name>:` and 64 bytes in base64")
    )]
    Signature {
        /// What was given.
        text: String,
    },
    /// The name of a key is empty, too long, or holds what no name may.
    #[error("`{name}` cannot be the name of a key")]
    #[diagnostic(
        code(eka::key::name),
        help("a name has 1 to 255 bytes without spaces, control characters and `:`")
    )]
    Name {
        /// What was given.
        name: String,
    },
}

/// The text that a signature of a store path is of: `1;<path>;sha256:<base32 of the NAR's
/// hash>;<size of the NAR in bytes>;<references as full paths, by commas>`
/// (`libstore/path-info.cc`, `ValidPathInfo::fingerprint`).
#[must_use]
pub fn fingerprint(
    store: &StoreDir,
    path: &StorePath,
    nar_hash: &Sha256,
    nar_size: u64,
    references: &BTreeSet<StorePath>,
) -> String {
    let (path, hash) = (store.print(path), Hash::from(*nar_hash));
    let references: Vec<String> = references.iter().map(|it| store.print(it)).collect();
    format!("1;{path};{hash};{nar_size};{}", references.join(","))
}

impl SecretKey {
    /// The key of a name and 32 random bytes.
    ///
    /// # Errors
    ///
    /// [`KeyError::Name`].
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        if !is_name(name) {
            return Err(KeyError::Name {
                name: name.to_owned(),
            });
        }
        Ok(Self {
            name: name.to_owned(),
            key: SigningKey::from_bytes(seed),
        })
    }

    /// The name, which goes before each signature.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key that checks what this one signs.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey {
            name: self.name.clone(),
            key: self.key.verifying_key(),
        }
    }

    /// Signs a text, such as a [`fingerprint`]. The same text always gets the same signature.
    #[must_use]
    pub fn sign(&self, text: &str) -> Signature {
        let bytes = self.key.sign(text.as_bytes()).to_bytes();
        Signature {
            text: print(&self.name, &bytes),
            n_name: self.name.len(),
        }
    }

    /// Prints the key, secret and all, for the file that it is kept in.
    #[must_use]
    pub fn print(&self) -> String {
        print(&self.name, &self.key.to_keypair_bytes())
    }
}

impl PublicKey {
    /// The name, by which signatures say that they are of this key.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the signature is one of `text` by this key, of this name.
    #[must_use]
    pub fn verifies(&self, text: &str, signature: &Signature) -> bool {
        let is_by_key = || {
            let bytes = ed25519_dalek::Signature::from_bytes(&signature.bytes());
            self.key.verify_strict(text.as_bytes(), &bytes).is_ok()
        };
        self.name == signature.name() && is_by_key()
    }

    /// Whether any of the signatures is one of `text` by this key.
    #[must_use]
    pub fn verifies_any<'s>(
        &self,
        text: &str,
        signatures: impl IntoIterator<Item = &'s Signature>,
    ) -> bool {
        signatures.into_iter().any(|it| self.verifies(text, it))
    }
}

impl Signature {
    /// The name of the key that it claims to be by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.text[..self.n_name]
    }

    /// The bytes of Ed25519.
    #[must_use]
    #[expect(
        clippy::missing_panics_doc,
        reason = "the text was checked when it was read"
    )]
    pub fn bytes(&self) -> [u8; 64] {
        let base64 = &self.text[self.n_name + 1..];
        let bytes = BASE64.decode(base64.as_bytes()).ok();
        let bytes = bytes.and_then(|it| it.try_into().ok());
        bytes.expect("a signature holds 64 bytes in base64")
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&print(&self.name, self.key.as_bytes()))
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for SecretKey {
    type Err = KeyError;

    /// Reads the text of a key's file; line feeds at its end do not count.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, bytes) = split(text.trim_end_matches('\n')).ok_or(KeyError::Secret)?;
        let halves = || KeyError::Halves {
            name: name.to_owned(),
        };
        let key = SigningKey::from_keypair_bytes(&bytes).map_err(|_| halves())?;
        Ok(Self {
            name: name.to_owned(),
            key,
        })
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    /// Reads the text of a key; line feeds at its end do not count.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        split(text.trim_end_matches('\n'))
            .and_then(|(name, bytes)| {
                let key = VerifyingKey::from_bytes(&bytes).ok()?;
                let name = name.to_owned();
                (!key.is_weak()).then_some(Self { name, key })
            })
            .ok_or_else(|| KeyError::Public {
                text: text.to_owned(),
            })
    }
}

impl FromStr for Signature {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, _) = split::<64>(text).ok_or_else(|| KeyError::Signature {
            text: text.to_owned(),
        })?;
        Ok(Self {
            text: text.to_owned(),
            n_name: name.len(),
        })
    }
}

fn print(name: &str, bytes: &[u8]) -> String {
    format!("{name}:{}", BASE64.encode(bytes))
}

fn split<const N: usize>(text: &str) -> Option<(&str, [u8; N])> {
    let (name, base64) = text.split_once(':')?;
    // Four characters for three bytes: longer texts are not decoded at all.
    let fits = base64.len() == N.div_ceil(3) * 4;
    let bytes = fits.then(|| BASE64.decode(base64.as_bytes()).ok())??;
    is_name(name).then_some((name, bytes.try_into().ok()?))
}

fn is_name(text: &str) -> bool {
    let foreign = |it: char| it == ':' || it.is_whitespace() || it.is_control();
    (1..=255).contains(&text.len()) && !text.contains(foreign)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Test 2 of RFC 8032, section 7.1: its seed and public key, and the signature of `r`.
    const SECRET: &str = "rfc8032-2:TM0Imyj/ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U+4pvs9QBfD6EOJWpK3CqdNG368nJgszy7ElozAzVXxKvRmDA==";
    const PUBLIC: &str = "rfc8032-2:PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=";
    const SIGNATURE: &str = "rfc8032-2:kqAJqfDUyrhyDoILX2QlQKKye1QWUD+Ps3YiI+vbadoIWsHkPhWZbkWPNhPQ8R2MOHsurrQwKu6wDSkWErsMAA==";

    #[test]
    fn keys_sign_as_the_standard_says() {
        let secret: SecretKey = SECRET.parse().unwrap();
        let public: PublicKey = PUBLIC.parse().unwrap();
        let signature: Signature = SIGNATURE.parse().unwrap();
        assert_eq!(secret.sign("r"), signature);
        assert_eq!(secret.public(), public);
        assert!(public.verifies("r", &signature));
        assert_eq!(secret.print(), SECRET);
        assert_eq!(public.to_string(), PUBLIC);
        assert_eq!(signature.to_string(), SIGNATURE);
        assert_eq!(
            format!("{SECRET}\n").parse::<SecretKey>().unwrap().print(),
            SECRET
        );
        assert_eq!(format!("{PUBLIC}\n").parse(), Ok(public));
    }

    #[test]
    fn another_text_key_or_name_does_not_verify() {
        let ours = SecretKey::from_seed("ours-1", &[1; 32]).unwrap();
        let signature = ours.sign("text");
        assert!(ours.public().verifies("text", &signature));
        assert!(!ours.public().verifies("texts", &signature));
        for (name, seed) in [("ours-1", 2), ("ours-2", 1)] {
            let other = SecretKey::from_seed(name, &[seed; 32]).unwrap();
            assert!(!other.public().verifies("text", &signature), "{name}");
        }
        for at in 0..64 {
            let mut bytes = signature.bytes();
            bytes[at] ^= 1;
            let changed = print("ours-1", &bytes).parse().unwrap();
            assert!(!ours.public().verifies("text", &changed), "{at}");
        }
    }

    #[test]
    fn a_secret_is_shown_nowhere() {
        let secret: SecretKey = SECRET.parse().unwrap();
        assert_eq!(
            format!("{secret:?}"),
            r#"SecretKey { name: "rfc8032-2", .. }"#
        );
        let (name, base64) = SECRET.split_once(':').unwrap();
        for text in [
            base64.to_owned(),
            format!("{name}:{base64}="),
            format!("{name}:{}", &base64[1..]),
            format!(":{base64}"),
            format!("{name}:U{}", &base64[1..]),
            format!("a b:{base64}"),
            format!("{name}:{}*==", &base64[..85]),
        ] {
            let error = text.parse::<SecretKey>().expect_err(&text);
            let help = error.help().map(|it| it.to_string());
            let shown = format!("{error}{error:?}{help:?}");
            assert!(!shown.contains(&base64[10..30]), "{shown}");
        }
    }

    #[test]
    fn halves_of_two_keys_are_no_key() {
        let mut bytes = SigningKey::from_bytes(&[1; 32]).to_keypair_bytes();
        bytes[32..].copy_from_slice(SigningKey::from_bytes(&[2; 32]).verifying_key().as_bytes());
        let error = print("k", &bytes).parse::<SecretKey>().err();
        let name = "k".to_owned();
        assert_eq!(error, Some(KeyError::Halves { name }));
    }

    #[test]
    fn a_key_by_which_anything_verifies_is_none() {
        // The neutral element of the group, and a point that is not on the curve.
        let mut weak = [0; 32];
        weak[0] = 1;
        let mut outside = [0; 32];
        outside[0] = 2;
        for bytes in [weak, outside] {
            assert!(print("k", &bytes).parse::<PublicKey>().is_err());
        }
    }

    #[test]
    fn what_is_no_signature_is_refused() {
        let (name, base64) = SIGNATURE.split_once(':').unwrap();
        let long = "n".repeat(256);
        for text in [
            "",
            ":",
            base64,
            &format!("{name}:"),
            &format!(":{base64}"),
            &format!("{name}:{base64}\n"),
            &format!("{name}:{}", base64.trim_end_matches('=')),
            &format!("{name}:{}", base64.replace("AA==", "AB==")),
            &format!("{name}:x:{base64}"),
            &format!("a b:{base64}"),
            &format!("a\u{1b}:{base64}"),
            &format!("{long}:{base64}"),
        ] {
            assert!(text.parse::<Signature>().is_err(), "{text}");
        }
        assert!(
            format!("{}:{base64}", &long[1..])
                .parse::<Signature>()
                .is_ok()
        );
        for name in ["", "a:b", " ", &long] {
            assert!(SecretKey::from_seed(name, &[0; 32]).is_err(), "{name}");
        }
    }

    proptest! {
        #[test]
        fn what_is_signed_verifies(seed: [u8; 32], text: String) {
            let secret = SecretKey::from_seed("key", &seed).unwrap();
            let read: SecretKey = secret.print().parse().unwrap();
            let signature = read.sign(&text);
            prop_assert!(secret.public().verifies(&text, &signature));
            prop_assert_eq!(signature.to_string().parse(), Ok(signature));
            prop_assert_eq!(secret.public().to_string().parse(), Ok(secret.public()));
        }
    }
}
