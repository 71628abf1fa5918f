//! Bytes piece by piece to a hash, by whichever algorithm.

use std::io;

use sha2::Digest as _;

use super::{Algorithm, Hash, Sha256};

/// Takes bytes piece by piece, and gives their [`enum@Hash`].
#[derive(Debug, Clone)]
pub struct Hasher(State);

#[derive(Debug, Clone)]
enum State {
    Md5(md5::Md5),
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
    Sha512(sha2::Sha512),
}

impl Hasher {
    /// Starts with no bytes.
    #[must_use]
    pub fn new(algorithm: Algorithm) -> Self {
        Self(match algorithm {
            Algorithm::Md5 => State::Md5(md5::Md5::new()),
            Algorithm::Sha1 => State::Sha1(sha1::Sha1::new()),
            Algorithm::Sha256 => State::Sha256(sha2::Sha256::new()),
            Algorithm::Sha512 => State::Sha512(sha2::Sha512::new()),
        })
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Md5(it) => it.update(bytes),
            State::Sha1(it) => it.update(bytes),
            State::Sha256(it) => it.update(bytes),
            State::Sha512(it) => it.update(bytes),
        }
    }

    /// The hash of all bytes taken.
    #[must_use]
    pub fn finish(self) -> Hash {
        match self.0 {
            State::Md5(it) => Hash::Md5(it.finalize().into()),
            State::Sha1(it) => Hash::Sha1(it.finalize().into()),
            State::Sha256(it) => Hash::Sha256(Sha256(it.finalize().into())),
            State::Sha512(it) => Hash::Sha512(it.finalize().into()),
        }
    }
}

impl io::Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use io::Write as _;

    use super::*;

    #[test]
    fn pieces_hash_as_the_whole() {
        for algorithm in Algorithm::ALL {
            let mut hasher = Hasher::new(algorithm);
            hasher.write_all(b"a").unwrap();
            hasher.update(b"bc");
            assert_eq!(hasher.finish(), Hash::of(algorithm, b"abc"));
        }
    }
}
