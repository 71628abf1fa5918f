//! The binary caches that paths come from and go to.

use std::path::PathBuf;
use std::sync::Arc;

use ::store::upstream::{Address, Means, Trust, Upstream, UpstreamConfig, Upstreams};
use atom_git::remote::of_download;
use nix_format::{PublicKey, SecretKey, StoreDir};

use super::StoreError;
use super::open::personal;
use crate::context::Context;
use crate::error::Error;
use crate::limits;
use crate::remotes::Remotes;

/// A cache as `store.caches` names it: a URL, and words behind it.
fn parse(text: &str) -> Result<UpstreamConfig, StoreError> {
    let mut words = text.split_whitespace();
    let address: Address = words.next().unwrap_or_default().parse()?;
    let (mut keys, mut is_trusted, mut priority) = (Vec::new(), false, None);
    for word in words {
        let number = word.strip_prefix("priority=").map(str::parse);
        match (word, number) {
            ("trusted", _) => is_trusted = true,
            (_, Some(Ok(number))) => priority = Some(number),
            (_, None) if word.contains(':') => keys.push(word.parse::<PublicKey>()?),
            _ => {
                let (cache, word) = (address.to_string(), word.to_owned());
                return Err(StoreError::CacheWord { cache, word });
            }
        }
    }
    Ok(UpstreamConfig {
        address,
        trust: match is_trusted {
            true => Trust::Anything,
            false => Trust::Keys(keys),
        },
        priority,
    })
}

/// The caches of the configuration, in its order.
pub(super) fn configured(ctx: &Context<'_>) -> Result<Vec<UpstreamConfig>, StoreError> {
    let texts = ctx.config.texts("store", "caches");
    texts.iter().map(|it| parse(it)).collect()
}

/// A cache that was named for one command: with the keys that the configuration has for its URL,
/// where nothing else is said of it.
pub(super) fn named(ctx: &Context<'_>, text: &str) -> Result<UpstreamConfig, StoreError> {
    let cache = parse(text)?;
    if text.split_whitespace().count() > 1 {
        return Ok(cache);
    }
    let mut known = configured(ctx)?.into_iter();
    let same = known.find(|it| it.address == cache.address);
    Ok(same.unwrap_or(cache))
}

/// Opens caches; nothing is asked yet.
pub(super) fn open(
    ctx: &Context<'_>,
    dir: &StoreDir,
    caches: Vec<UpstreamConfig>,
) -> Result<Vec<Upstream>, Error> {
    let means = means(ctx, &caches)?;
    let opened = caches.into_iter().map(|cache| {
        let opened = Upstream::new(cache, dir.clone(), &means);
        Ok(opened.map_err(StoreError::from)?)
    });
    opened.collect()
}

/// Opens caches that paths come from.
pub(super) fn several(
    ctx: &Context<'_>,
    dir: &StoreDir,
    caches: Vec<UpstreamConfig>,
) -> Result<Upstreams, Error> {
    Ok(Upstreams::new(open(ctx, dir, caches)?))
}

/// How caches are talked to. Servers as git's configuration says, as for pins.
fn means(ctx: &Context<'_>, caches: &[UpstreamConfig]) -> Result<Means, Error> {
    let is_remote = |it: &&UpstreamConfig| !it.address.as_str().starts_with("file:");
    let mut means = Means {
        interrupt: Arc::clone(&ctx.interrupt),
        spool: ctx.dirs.temp.clone(),
        s3: login(ctx),
        ..Means::default()
    };
    let downloads = limits::of_downloads(&ctx.config);
    (means.stall, means.whole) = (downloads.stall, downloads.whole);
    let Some(remote) = caches.iter().find(is_remote) else {
        return Ok(means);
    };
    ctx.online(format!("asking the cache `{}`", remote.address))?;
    let options = Remotes::open(ctx)?.options().clone();
    means.waits.clone_from(&options.retry.waits);
    means.netrc.clone_from(&options.netrc);
    means.settings = Arc::new(move |url| of_download(url, &options));
    Ok(means)
}

fn login(ctx: &Context<'_>) -> Option<castore::Login> {
    let variable = |name: &str| ctx.env.get(name)?.to_str().map(str::to_owned);
    Some(castore::Login {
        key_id: variable("AWS_ACCESS_KEY_ID")?,
        secret: variable("AWS_SECRET_ACCESS_KEY")?,
        token: variable("AWS_SESSION_TOKEN"),
    })
}

/// Reads the secret key of a file, or that of `store.secret-key`; none where neither is named.
pub(super) fn secret_key(
    ctx: &Context<'_>,
    file: Option<&PathBuf>,
) -> Result<Option<SecretKey>, StoreError> {
    let file = match file {
        Some(file) => Some(ctx.dir.join(file)),
        None => personal(ctx, "secret-key", "store.secret-key")?,
    };
    let Some(file) = file else { return Ok(None) };
    let text = crate::files::read_text(&file, MAX_KEY_BYTES);
    let text = text.map_err(|source| StoreError::Key {
        path: file.clone(),
        source,
    })?;
    Ok(Some(text.parse()?))
}

/// The longest file of a key.
const MAX_KEY_BYTES: u64 = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=";

    #[test]
    fn a_cache_is_a_url_and_words() {
        let cache = parse(&format!("https://c.example  priority=7 {KEY}")).unwrap();
        assert_eq!(cache.address.as_str(), "https://c.example");
        assert_eq!(cache.priority, Some(7));
        assert_eq!(cache.trust, Trust::Keys(vec![KEY.parse().unwrap()]));
        let cache = parse(&format!("file:///c trusted {KEY}")).unwrap();
        assert_eq!((cache.priority, cache.trust), (None, Trust::Anything));
        assert_eq!(parse("file:///c").unwrap().trust, Trust::Keys(Vec::new()));
        for text in [
            "",
            "c",
            "file:///c x",
            "file:///c priority=x",
            "file:///c x:y",
            "trusted file:///c",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
