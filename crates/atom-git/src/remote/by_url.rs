//! Git's `http.<url>.*`, which gix does not read: settings for some remotes alone.
//!
//! Continuous integration hands its token over so (`http.https://github.com/.extraHeader`).

use gix::bstr::ByteSlice as _;
use gix::config::File;
use gix::protocol::transport::client::blocking_io::http::Options;

/// Applies what `config` says for `url` alone, the least specific first: a later value replaces
/// an earlier one, headers add up, an empty header takes all before it away (git-config(1)).
pub(crate) fn apply(config: &File, url: &gix::Url, options: &mut Options) {
    let mut matching: Vec<_> = config
        .sections()
        .filter(|section| section.header().name().eq_ignore_ascii_case(b"http"))
        .filter_map(|section| {
            let pattern = section.header().subsection_name()?.to_str().ok()?;
            Some((specificity(pattern, url)?, section))
        })
        .collect();
    matching.sort_by_key(|(specificity, _)| *specificity);
    for (_, section) in matching {
        for value in section.values("extraHeader") {
            match value.to_str_lossy() {
                header if header.is_empty() => options.extra_headers.clear(),
                header => options.extra_headers.push(header.into_owned()),
            }
        }
        let text = |key: &str| section.value(key).map(|it| it.to_str_lossy().into_owned());
        if let Some(proxy) = text("proxy") {
            let plain = proxy.is_empty() || proxy.contains("://");
            options.proxy = Some(if plain {
                proxy
            } else {
                format!("http://{proxy}")
            });
        }
        if let Some(path) = text("sslCAInfo") {
            options.ssl_ca_info = Some(path.into());
        }
        let verify = section
            .value("sslVerify")
            .map(gix::config::Boolean::try_from);
        if let Some(Ok(verify)) = verify {
            options.ssl_verify = verify.0;
        }
        if let Some(agent) = text("userAgent") {
            options.user_agent = Some(agent);
        }
    }
}

/// How closely a pattern names a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Specificity {
    host: usize,
    path: usize,
    user: usize,
}

/// `None` where the pattern is of another remote. The rules are those of `http.<url>.*` in
/// git-config(1): scheme and port equal, `*` for one label of the host, paths by whole components.
fn specificity(pattern: &str, url: &gix::Url) -> Option<Specificity> {
    let pattern = gix::url::parse(pattern).ok()?;
    if pattern.scheme != url.scheme || pattern.port_or_default() != url.port_or_default() {
        return None;
    }
    let (wanted, host) = (pattern.host()?, url.host()?);
    let same_label = |(a, b): (&str, &str)| a == "*" || a.eq_ignore_ascii_case(b);
    let labels = wanted.split('.').zip(host.split('.'));
    if wanted.split('.').count() != host.split('.').count() || !labels.into_iter().all(same_label) {
        return None;
    }
    let user = match (pattern.user(), url.user()) {
        (None, _) => 0,
        (Some(wanted), Some(user)) if wanted == user => 1,
        (Some(_), _) => return None,
    };
    let path = pattern.path.trim_end_with(|it| it == '/');
    let rest = url.path.strip_prefix(path)?;
    if rest.first().is_some_and(|it| *it != b'/') {
        return None;
    }
    Some(Specificity {
        host: wanted.len(),
        path: path.len(),
        user,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_of_its_own_remotes_alone() {
        let url = gix::url::parse("https://ada@git.example.org/owner/repo").unwrap();
        for (pattern, matches) in [
            ("https://git.example.org", true),
            ("https://git.example.org/", true),
            ("https://GIT.example.org:443/owner", true),
            ("https://*.example.org/owner/", true),
            ("https://ada@git.example.org", true),
            ("https://bob@git.example.org", false),
            ("http://git.example.org", false),
            ("https://git.example.org:8080", false),
            ("https://example.org", false),
            ("https://*.org", false),
            ("https://git.example.org/own", false),
            ("https://git.example.org.evil", false),
            ("nonsense", false),
        ] {
            assert_eq!(specificity(pattern, &url).is_some(), matches, "{pattern}");
        }
    }

    #[test]
    fn the_closest_setting_counts_and_headers_add_up() {
        let config = File::try_from(
            "[http \"https://h/a\"]\n\tproxy = near\n\textraHeader = B: 2\n\
             [http \"https://h\"]\n\tproxy = far\n\textraHeader = A: 1\n\tsslVerify = false\n\
             [http \"https://other\"]\n\textraHeader = C: 3\n",
        )
        .unwrap();
        let mut options = Options::default();
        apply(
            &config,
            &gix::url::parse("https://h/a").unwrap(),
            &mut options,
        );
        assert_eq!(options.extra_headers, ["A: 1", "B: 2"]);
        assert_eq!(options.proxy.as_deref(), Some("http://near"));
        assert!(!options.ssl_verify);
    }
}
