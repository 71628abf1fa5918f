//! Remotes that are dead, broken, slow or hostile: each is told apart, none is "no such version".

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use atom::url::RepoUrl;
use atom_git::remote::{Fault, Listing, RemoteError, Session, TransportOptions, atoms};
use testkit::env::Env;
use testkit::http::{GitHttp, Serving};
use testkit::proxy::{Behaviour, Cut, Proxy, Way};

use crate::world::{Remote, cache, id, options, tries, url};

fn list(remote: &RepoUrl, options: &TransportOptions) -> Result<Listing, RemoteError> {
    Session::open(remote, options)?.list(&atoms::all_prefixes())
}

#[track_caller]
fn fault(remote: &RepoUrl, options: &TransportOptions) -> Fault {
    list(remote, options)
        .expect_err("the remote gives no answer")
        .fault
}

fn small(env: &Env) -> Remote {
    let mut remote = Remote::new(env, "set.git");
    remote.atom("a", "1.0.0");
    remote.set_refs();
    remote
}

/// A server that gives every connection to `answer`; how many there were.
fn serve(answer: impl Fn(TcpStream) + Send + Sync + 'static) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            counted.fetch_add(1, Ordering::SeqCst);
            let answer = Arc::clone(&answer);
            thread::spawn(move || answer(stream));
        }
    });
    (address, count)
}

/// Reads a request's head and answers it with these bytes.
fn reply(mut stream: TcpStream, head: &str, body: &[u8]) {
    let mut request = [0; 4096];
    let read = stream.read(&mut request);
    let wrote = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(body));
    drop((read, wrote));
}

fn advertisement(body: &[u8]) -> (String, Vec<u8>) {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    (head, body.to_vec())
}

#[test]
fn nobody_listens() {
    let env = Env::new();
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let options = options(&env, &[]);
    for scheme in ["http", "https", "git"] {
        let fault = fault(&url(&format!("{scheme}://127.0.0.1:{port}/r")), &options);
        assert!(
            matches!(fault, Fault::Unreachable { .. }),
            "{scheme}: {fault:?}"
        );
        assert!(fault.is_transient());
    }
    let unknown = fault(&url("https://no-such-host.invalid/r"), &options);
    assert!(matches!(unknown, Fault::Unreachable { .. }), "{unknown:?}");
}

#[test]
fn there_is_no_repository() {
    let env = Env::new();
    let remote = small(&env);
    let server = GitHttp::start(env.path("").as_path());
    let options = options(&env, &[]);
    let mut places = vec![
        url(&format!("{}/other.git", server.url())),
        url(env.path("other.git").to_str().unwrap()),
        url(env.path("").to_str().unwrap()),
    ];
    let daemon = testkit::daemon::GitDaemon::start(&env, env.path("").as_path());
    places.push(url(&format!("{}/other.git", daemon.url())));
    for place in places {
        let fault = fault(&place, &options);
        assert!(
            matches!(fault, Fault::NoRepository { .. }),
            "{place}: {fault:?}"
        );
        assert!(!fault.is_transient());
    }
    assert!(list(&remote.path(), &options).is_ok());
}

#[test]
fn something_else_answers() {
    let env = Env::new();
    let options = options(&env, &[]);
    let (page, _) = serve(|stream| {
        reply(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n",
            b"<ht>",
        );
    });
    let page = fault(&url(&format!("http://{page}/r")), &options);
    assert!(matches!(page, Fault::NoGitServer { .. }), "{page:?}");

    for body in [
        &b"zzzz"[..],
        b"000eversion 9\n0000",
        b"001e# service=git-upload-pack\n",
    ] {
        let (head, body) = advertisement(body);
        let (address, _) = serve(move |stream| reply(stream, &head, &body));
        let fault = fault(&url(&format!("http://{address}/r")), &options);
        assert!(
            matches!(fault, Fault::Protocol { .. } | Fault::Unreachable { .. }),
            "{fault:?}"
        );
    }
}

#[test]
fn a_status_is_what_it_says() {
    let env = Env::new();
    let remote = small(&env);
    let server = GitHttp::start(env.path("").as_path());
    let proxy = Proxy::start(server.address(), Behaviour::default());
    let place = remote.below(&proxy.url());
    let mut options = options(&env, &[]);
    for (status, transient) in [
        (403, false),
        (404, false),
        (418, false),
        (429, true),
        (500, true),
        (503, true),
    ] {
        let once = || {
            proxy.set(Behaviour {
                status_first: Some((1, status)),
                ..Behaviour::default()
            });
        };
        once();
        options.retry = tries(1);
        assert_eq!(
            fault(&place, &options).is_transient(),
            transient,
            "{status}"
        );
        once();
        options.retry = tries(3);
        assert_eq!(list(&place, &options).is_ok(), transient, "{status}");
    }
}

#[test]
fn what_is_transient_is_tried_again_and_no_more_than_said() {
    let env = Env::new();
    let remote = small(&env);
    let server = GitHttp::start(env.path("").as_path());
    let proxy = Proxy::start(server.address(), Behaviour::default());
    let place = remote.below(&proxy.url());
    let mut options = options(&env, &[]);
    let refuse = |n| {
        proxy.set(Behaviour {
            refuse_first: n,
            ..Behaviour::default()
        });
        proxy.reset();
    };
    options.retry = tries(3);
    refuse(2);
    assert_eq!(list(&place, &options).unwrap().refs.len(), 3);
    refuse(100);
    assert!(list(&place, &options).unwrap_err().is_transient());
    // curl itself makes a second connection where the first was closed without a byte.
    assert!(
        (3..=6).contains(&proxy.counts().connections),
        "{:?}",
        proxy.counts()
    );
}

#[test]
fn a_listing_that_is_cut_off_is_never_half_a_listing() {
    let env = Env::new();
    let mut remote = small(&env);
    for n in 0..40 {
        remote.atom("a", &format!("2.{n}.0"));
    }
    remote.set_refs();
    let server = GitHttp::start(env.path("").as_path());
    for drop_git_protocol in [false, true] {
        let whole = list(&remote.path(), &options(&env, &[])).unwrap();
        for after_bytes in [10, 300, 700, 2000, 5000] {
            let cut = Cut {
                way: Way::Received,
                after_bytes,
                times: 100,
            };
            let behaviour = Behaviour {
                drop_git_protocol,
                cut: Some(cut),
                ..Behaviour::default()
            };
            let proxy = Proxy::start(server.address(), behaviour);
            match list(&remote.below(&proxy.url()), &options(&env, &[])) {
                Ok(listing) => assert_eq!(listing, whole),
                Err(error) => assert!(error.is_transient(), "{after_bytes}: {error:?}"),
            }
        }
    }
}

#[test]
fn a_silent_server_is_given_up() {
    let env = Env::new();
    let (address, _) = serve(|stream| {
        thread::sleep(Duration::from_secs(20));
        drop(stream);
    });
    let mut options = options(&env, &[]);
    options.limits.stall = Duration::from_millis(300);
    for scheme in ["http", "git"] {
        let began = Instant::now();
        let fault = fault(&url(&format!("{scheme}://{address}/r")), &options);
        assert!(
            matches!(
                fault,
                Fault::TimedOut {
                    limit: "limits.stall-time",
                    ..
                }
            ),
            "{scheme}: {fault:?}"
        );
        assert!(began.elapsed() < Duration::from_secs(5));
    }
}

#[test]
fn a_program_that_does_not_read_is_given_up() {
    let env = Env::new();
    let tools = env.repo("tools");
    // Greets as a server of protocol v2 does, and never takes the request.
    tools.executable(
        "ssh",
        "#!/bin/sh\nprintf '000eversion 2\\n000cls-refs\\n0012fetch=shallow\\n0000'\nexec sleep 20\n",
    );
    let program = format!("core.sshCommand={}", tools.path().join("ssh").display());
    let mut options = options(&env, &[&program]);
    options.limits.stall = Duration::from_millis(300);
    let wants: Vec<_> = (0..2000).map(|n| id(&format!("{n:040}"))).collect();
    let began = Instant::now();
    let mut session = Session::open(&url("ssh://h/r"), &options).unwrap();
    let fault = session.fetch(&wants, &cache(&env, "cache")).unwrap_err();
    assert!(matches!(fault.fault, Fault::TimedOut { .. }), "{fault:?}");
    drop(session);
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_server_that_drips_is_given_up() {
    let env = Env::new();
    let (address, _) = serve(|mut stream| {
        let mut request = [0; 4096];
        let mut said = stream
            .read(&mut request)
            .map(|_| ())
            .and_then(|()| stream.write_all(advertisement(&[0; 999_999]).0.as_bytes()))
            .and_then(|()| stream.write_all(b"fff0"));
        while said.is_ok() {
            thread::sleep(Duration::from_millis(20));
            said = stream.write_all(b"x");
        }
    });
    let mut options = options(&env, &[]);
    options.limits.listing = Duration::from_millis(600);
    let fault = fault(&url(&format!("http://{address}/r")), &options);
    assert!(
        matches!(
            fault,
            Fault::TimedOut {
                limit: "limits.listing-time",
                ..
            }
        ),
        "{fault:?}"
    );
}

#[test]
fn an_endless_list_of_refs_ends_at_a_limit() {
    let env = Env::new();
    let (address, _) = serve(|mut stream| {
        let mut request = [0; 4096];
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\n\r\n001e# service=git-upload-pack\n0000";
        let mut said = stream
            .read(&mut request)
            .map(|_| ())
            .and_then(|()| stream.write_all(head.as_bytes()));
        let mut n = 0_u64;
        while said.is_ok() {
            let line = format!(
                "{} refs/atoms/a/1.0.{n}/atom{}\n",
                "a".repeat(40),
                if n == 0 { "\0 x" } else { "" }
            );
            said = stream.write_all(format!("{:04x}{line}", line.len() + 4).as_bytes());
            n += 1;
        }
    });
    let place = url(&format!("http://{address}/r"));
    let mut options = options(&env, &[]);
    options.limits.refs = 1000;
    let refs = fault(&place, &options);
    assert!(
        matches!(
            refs,
            Fault::Limit {
                name: "limits.refs",
                limit: 1000
            }
        ),
        "{refs:?}"
    );
    options.limits.refs = u64::MAX;
    options.limits.listing_bytes = 1 << 20;
    let bytes = fault(&place, &options);
    assert!(
        matches!(
            bytes,
            Fault::Limit {
                name: "limits.listing-bytes",
                ..
            }
        ),
        "{bytes:?}"
    );
}

#[test]
fn an_interrupt_ends_a_wait() {
    let env = Env::new();
    let (address, _) = serve(|stream| {
        thread::sleep(Duration::from_secs(20));
        drop(stream);
    });
    let options = options(&env, &[]);
    let interrupt = Arc::clone(&options.interrupt);
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(100));
        interrupt.store(true, Ordering::SeqCst);
    });
    let fault = fault(&url(&format!("http://{address}/r")), &options);
    assert!(matches!(fault, Fault::Interrupted), "{fault:?}");
}

#[test]
fn a_redirect_is_followed_on_its_host_and_no_other() {
    let env = Env::new();
    let remote = small(&env);
    let server = GitHttp::start(env.path("").as_path());
    let (elsewhere, visits) = serve(|stream| reply(stream, "HTTP/1.1 404 Not Found\r\n\r\n", b""));
    let options = options(&env, &[]);
    for to in [
        format!("http://{elsewhere}/set.git"),
        format!("{}/set.git", server.url()),
        "file:///set.git".to_owned(),
    ] {
        let location = format!(
            "HTTP/1.1 301 Moved\r\nLocation: {to}/info/refs?service=git-upload-pack\r\nContent-Length: 0\r\n\r\n"
        );
        let (from, _) = serve(move |stream| reply(stream, &location, b""));
        let fault = fault(&url(&format!("http://{from}/r")), &options);
        assert!(
            matches!(&fault, Fault::Redirected { to: shown } if shown.starts_with(&to)),
            "{fault:?}"
        );
    }
    assert_eq!(visits.load(Ordering::SeqCst), 0, "the other host was asked");
    assert!(list(&remote.below(&server.url()), &options).is_ok());
}

#[test]
fn a_login_comes_from_the_url_netrc_or_a_helper() {
    let env = Env::new();
    let remote = small(&env);
    let serving = Serving {
        login: Some(("ada".to_owned(), "secret".to_owned())),
        ..Serving::default()
    };
    let server = GitHttp::start_with(env.path("").as_path(), &serving);
    let place = remote.below(&server.url());
    let with = |user: &str| url(&place.as_git().replace("://", &format!("://{user}@")));

    let none = list(&place, &options(&env, &[])).unwrap_err();
    assert!(
        matches!(none.fault, Fault::Unauthenticated { .. }),
        "{none:?}"
    );

    assert!(list(&with("ada:secret"), &options(&env, &[])).is_ok());
    let wrong = list(&with("ada:wrong"), &options(&env, &[])).unwrap_err();
    assert!(
        matches!(wrong.fault, Fault::Unauthenticated { .. }),
        "{wrong:?}"
    );
    assert!(!format!("{wrong} {wrong:?}").contains("wrong@"), "{wrong}");

    let mut by_netrc = options(&env, &[]);
    by_netrc.netrc = Some(env.path("netrc"));
    std::fs::write(
        env.path("netrc"),
        "machine 127.0.0.1 login ada password secret\n",
    )
    .unwrap();
    assert!(list(&place, &by_netrc).is_ok());
    std::fs::write(
        env.path("netrc"),
        "machine 127.0.0.2 login ada password secret\n",
    )
    .unwrap();
    assert!(list(&place, &by_netrc).is_err());

    let log = env.path("log");
    let helper = format!(
        "credential.helper=!f() {{ echo \"$1\" >> {}; echo username=ada; echo password=secret; }}; f",
        log.display()
    );
    assert!(list(&place, &options(&env, &[&helper])).is_ok());
    assert_eq!(std::fs::read_to_string(&log).unwrap(), "get\nstore\n");
    let wrong = helper.replace("password=secret", "password=wrong");
    assert!(list(&place, &options(&env, &[&wrong])).is_err());
    assert_eq!(
        std::fs::read_to_string(&log).unwrap(),
        "get\nstore\nget\nerase\n"
    );
}

#[test]
fn a_login_never_crosses_the_network_in_clear_text() {
    let env = Env::new();
    // Only the name says that this is another host: the answer to it is made up.
    let (address, _) = serve(|stream| {
        let mut request = vec![0; 4096];
        let mut stream = stream;
        let n = stream.read(&mut request).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&request[..n]).contains("Authorization"));
        let wrote = stream.write_all(
            b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n",
        );
        drop(wrote);
    });
    let proxy = format!("http.proxy=http://{address}");
    let options = options(&env, &[&proxy]);
    let fault = fault(&url("http://ada:secret@example.org/r"), &options);
    assert!(matches!(fault, Fault::InsecureCredentials), "{fault:?}");
}

#[test]
fn only_known_transports_are_used() {
    let env = Env::new();
    let canary = env.path("canary");
    let instead = format!(
        "url.ext::sh -c touch% {} .insteadOf=https://h/",
        canary.display()
    );
    for setting in [
        instead.as_str(),
        "url.ftp://h/.insteadOf=https://h/",
        "protocol.https.allow=never",
    ] {
        let fault = fault(&url("https://h/r"), &options(&env, &[setting]));
        assert!(
            matches!(fault, Fault::Scheme { .. } | Fault::Settings { .. }),
            "{setting}: {fault:?}"
        );
    }
    assert!(!canary.exists());
}

#[test]
fn a_sha_256_repository_is_named_as_such() {
    let env = Env::new();
    let repo = env.path("sha256.git");
    testkit::repo::run(
        env.command("git")
            .args(["init", "-q", "--bare", "--object-format=sha256"])
            .arg(&repo),
    );
    let server = GitHttp::start(env.path("").as_path());
    let options = options(&env, &[]);
    for place in [
        url(&format!("{}/sha256.git", server.url())),
        url(repo.to_str().unwrap()),
    ] {
        let fault = fault(&place, &options);
        assert!(
            matches!(&fault, Fault::ObjectFormat { format } if format == "sha256"),
            "{fault:?}"
        );
    }
}
