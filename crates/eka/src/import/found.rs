//! What another tool's file holds, before it is known what becomes of it.

use atom::download::DownloadUrl;
use atom::lock::{GitAsked, LockedPinSource};
use atom::manifest::{GitAt, PinSource};
use atom::url::RepoUrl;
use atom::{NarHash, ObjectId};
use nix_format::Sha256;

/// One input of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// What the file calls it.
    pub(super) name: String,
    /// What it is as a pin, or why it is none.
    pub(super) pin: Result<Input, String>,
}

/// An input as a pin, and what it was locked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Input {
    pub(super) source: PinSource,
    pub(super) locked: LockedPinSource,
    /// What is otherwise than one may think.
    pub(super) note: Option<String>,
}

impl Input {
    /// A commit of a git repository.
    pub(super) fn git(url: &str, at: GitAt, rev: &str, hash: Option<&str>) -> Result<Self, String> {
        let url = RepoUrl::parse(url).map_err(|error| error.to_string())?;
        let rev: ObjectId = rev
            .parse()
            .map_err(|_| format!("its commit `{rev}` is none that git names by SHA-1"))?;
        let asked = match &at {
            GitAt::Head | GitAt::Rev(_) => GitAsked::Commit,
            GitAt::Ref(it) => GitAsked::Ref(it.clone()),
            GitAt::Version(it) => GitAsked::Version(it.clone()),
        };
        let locked = LockedPinSource::Git {
            git: url.public(),
            asked,
            rev,
            nar: NarHash(sha256(hash)?),
        };
        Ok(Self {
            source: PinSource::Git { url, at },
            locked,
            note: None,
        })
    }

    /// An archive. One whose URL leads elsewhere is named by where it led.
    pub(super) fn tar(url: &str, led_to: Option<&str>, hash: Option<&str>) -> Result<Self, String> {
        let moves = led_to.filter(|it| *it != url);
        let tar: DownloadUrl = read(moves.unwrap_or(url))?;
        let nar = NarHash(sha256(hash)?);
        let note = moves.map(|_| format!("`{url}` led there when it was locked"));
        Ok(Self {
            source: PinSource::Tar { url: tar.clone() },
            locked: LockedPinSource::Tar { tar, nar },
            note,
        })
    }

    /// A file as it is.
    pub(super) fn file(url: &str, hash: Option<&str>) -> Result<Self, String> {
        let url: DownloadUrl = read(url)?;
        let hash = atom::download::FileHash(sha256(hash)?);
        Ok(Self {
            source: PinSource::Url { url: url.clone() },
            locked: LockedPinSource::Url { url, hash },
            note: None,
        })
    }

    pub(super) fn with_note(mut self, note: Option<String>) -> Self {
        self.note = self.note.or(note);
        self
    }
}

fn read(url: &str) -> Result<DownloadUrl, String> {
    url.parse()
        .map_err(|error: atom::download::DownloadError| error.to_string())
}

/// A SHA-256 in any of the ways that Nix writes it: `sha256-` and base64, base 16, its base 32; the
/// latter two may follow `sha256:`.
fn sha256(text: Option<&str>) -> Result<[u8; 32], String> {
    let Some(text) = text else {
        return Err("it has no hash".to_owned());
    };
    let plain = text.strip_prefix("sha256:").unwrap_or(text);
    let whole = match plain.len() {
        64 => format!("sha256:{}", plain.to_ascii_lowercase()),
        52 => format!("sha256:{plain}"),
        _ => text.to_owned(),
    };
    match whole.parse() {
        Ok(Sha256(bytes)) => Ok(bytes),
        Err(_) => Err(format!("its hash `{text}` is no SHA-256")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of no bytes, as `nix hash to-sri`, `to-base16` and `to-base32` print it.
    #[test]
    fn every_way_to_write_a_hash() {
        let expected = sha256(Some("sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="));
        let hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let base32 = "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73";
        for text in [hex, &hex.to_uppercase(), base32] {
            assert_eq!(sha256(Some(text)), expected, "{text}");
            assert_eq!(sha256(Some(&format!("sha256:{text}"))), expected, "{text}");
        }
        assert!(expected.is_ok());
        for text in [
            "",
            "sha512-xyz",
            &hex[1..],
            "sha256:sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            "x".repeat(64).as_str(),
            "λ",
        ] {
            assert!(sha256(Some(text)).is_err(), "{text}");
        }
        assert!(sha256(None).is_err());
    }
}
