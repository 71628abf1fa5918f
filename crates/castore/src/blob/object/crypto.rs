//! What signs requests to S3: SHA-256 and HMAC, by the crate that hashes everything else.

use hmac::{Hmac, KeyInit as _, Mac as _};
use object_store::client::{
    CryptoProvider, DigestAlgorithm, DigestContext, HmacContext, Signer, SigningAlgorithm,
};
use object_store::{Error, Result};
use sha2::{Digest as _, Sha256};

/// SHA-256 and HMAC of it.
#[derive(Debug)]
pub(super) struct Crypto;

struct Hash(Sha256, [u8; 32]);

struct Keyed(Hmac<Sha256>, [u8; 32]);

fn unknown<T>(what: &impl std::fmt::Debug) -> Result<T> {
    let source = format!("no algorithm `{what:?}`").into();
    Err(Error::NotSupported { source })
}

impl CryptoProvider for Crypto {
    fn digest(&self, algorithm: DigestAlgorithm) -> Result<Box<dyn DigestContext>> {
        match algorithm {
            DigestAlgorithm::Sha256 => Ok(Box::new(Hash(Sha256::new(), [0; 32]))),
            other => unknown(&other),
        }
    }

    fn hmac(&self, algorithm: DigestAlgorithm, secret: &[u8]) -> Result<Box<dyn HmacContext>> {
        match algorithm {
            DigestAlgorithm::Sha256 => {
                let keyed = Hmac::new_from_slice(secret).expect("any length is a key");
                Ok(Box::new(Keyed(keyed, [0; 32])))
            }
            other => unknown(&other),
        }
    }

    /// Only Google's stores ask for it.
    fn sign(&self, algorithm: SigningAlgorithm, _: &[u8]) -> Result<Box<dyn Signer>> {
        unknown(&algorithm)
    }
}

impl DigestContext for Hash {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn finish(&mut self) -> Result<&[u8]> {
        self.1 = self.0.finalize_reset().into();
        Ok(&self.1)
    }
}

impl HmacContext for Keyed {
    fn update(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn finish(&mut self) -> Result<&[u8]> {
        self.1 = self.0.clone().finalize().into_bytes().into();
        Ok(&self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test case 2 of RFC 4231.
    #[test]
    fn a_message_is_signed_as_the_rfc_says() {
        let mut keyed = Crypto.hmac(DigestAlgorithm::Sha256, b"Jefe").unwrap();
        keyed.update(b"what do ya want ");
        keyed.update(b"for nothing?");
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let printed: String = (keyed.finish().unwrap().iter())
            .map(|it| format!("{it:02x}"))
            .collect();
        assert_eq!(printed, expected);
    }
}
