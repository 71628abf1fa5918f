//! Downloads: whole or not, resumed, bounded, and no secret to strangers.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fetch::download::{DownloadError, Downloaded, Limits, Means, Progress, download, download_by};
use fetch::http::{Encoding, Settings};
use fetch::{Fault, Handles};
use nix_format::Sha256;
use testkit::env::Env;
use testkit::files::{FileHttp, Serving};
use testkit::proxy::{Behaviour, Cut, Proxy, Way};

/// A world with a file of three megabytes to serve.
struct World {
    env: Env,
    bytes: Vec<u8>,
    heard: RefCell<Vec<Progress>>,
}

/// What may differ between downloads.
#[derive(Default)]
struct Want {
    tries: usize,
    bytes: Option<u64>,
    stall: Option<Duration>,
    netrc: Option<PathBuf>,
    interrupt: Arc<AtomicBool>,
}

impl World {
    fn new() -> Self {
        let env = Env::new();
        let bytes: Vec<u8> = (0..3_000_000_u32).map(|it| (it * 7 % 251) as u8).collect();
        fs::create_dir(env.path("www")).unwrap();
        fs::write(env.path("www/file"), &bytes).unwrap();
        Self {
            env,
            bytes,
            heard: RefCell::default(),
        }
    }

    fn serve(&self, redirects: &[(&str, &str)]) -> FileHttp {
        let redirects = redirects.iter().map(|&(from, to)| (from.into(), to.into()));
        let serving = Serving {
            redirects: redirects.collect(),
            ..Serving::default()
        };
        FileHttp::start_with(&self.env.path("www"), &serving)
    }

    fn get(&self, url: &str, want: &Want) -> Result<Downloaded, DownloadError> {
        self.get_by(&Handles::default(), url, want)
    }

    fn get_by(
        &self,
        handles: &Handles,
        url: &str,
        want: &Want,
    ) -> Result<Downloaded, DownloadError> {
        let settings = |_: &str| {
            Ok(Settings {
                encoding: Encoding::Identity,
                connect: Duration::from_secs(5),
                ..Settings::default()
            })
        };
        let default = Limits::default();
        let means = Means {
            settings: &settings,
            limits: Limits {
                bytes: want.bytes.unwrap_or(default.bytes),
                stall: want.stall.unwrap_or(Duration::from_secs(10)),
                ..default
            },
            waits: vec![Duration::ZERO; want.tries],
            netrc: want.netrc.clone(),
            interrupt: Arc::clone(&want.interrupt),
            progress: &|it| self.heard.borrow_mut().push(it),
        };
        let mut file = File::create(self.out()).unwrap();
        download_by(handles, url, &mut file, &means)
    }

    fn out(&self) -> PathBuf {
        self.env.path("out")
    }

    #[track_caller]
    fn whole(&self, got: Result<Downloaded, DownloadError>) {
        let got = got.unwrap();
        assert_eq!(got.bytes, self.bytes.len() as u64);
        assert_eq!(got.hash, Sha256::of(&self.bytes));
        assert!(fs::read(self.out()).unwrap() == self.bytes);
    }

    /// Where downloads went on after they broke off.
    fn resumed(&self) -> Vec<u64> {
        let heard = self.heard.borrow();
        let resumed = heard.iter().filter_map(|it| match it {
            Progress::Resumed { at } => Some(*at),
            _ => None,
        });
        resumed.collect()
    }
}

#[track_caller]
fn code(got: Result<Downloaded, DownloadError>) -> String {
    let code = miette::Diagnostic::code(&got.unwrap_err())
        .unwrap()
        .to_string();
    code.trim_start_matches("eka::").to_owned()
}

fn cut(after_bytes: u64, times: u32) -> Behaviour {
    Behaviour {
        cut: Some(Cut {
            way: Way::Received,
            after_bytes,
            times,
        }),
        ..Behaviour::default()
    }
}

#[test]
fn a_file_comes_whole_over_http_and_from_here() {
    let world = World::new();
    let server = world.serve(&[]);
    world.whole(world.get(&format!("{}/file", server.url()), &Want::default()));
    let path = world.env.path("www/fi le");
    fs::copy(world.env.path("www/file"), &path).unwrap();
    let url = format!("file://{}", path.display()).replace(' ', "%20");
    world.whole(world.get(&url, &Want::default()));
    assert_eq!(
        code(world.get("file:///nowhere/x", &Want::default())),
        "download::read"
    );
    assert_eq!(
        code(world.get("file:///dev", &Want::default())),
        "download::read"
    );
    let missing = format!("{}/missing", server.url());
    assert_eq!(
        code(world.get(&missing, &Want::default())),
        "http::not_found"
    );
}

#[test]
fn what_breaks_off_goes_on_where_it_broke() {
    let world = World::new();
    let server = world.serve(&[]);
    let proxy = Proxy::start(server.address(), cut(500_000, 3));
    let url = format!("{}/file", proxy.url());
    let want = Want {
        tries: 3,
        ..Want::default()
    };
    world.whole(world.get(&url, &want));
    let resumed = world.resumed();
    assert_eq!(resumed.len(), 3, "{resumed:?} {:?}", proxy.heads());
    assert!(resumed.windows(2).all(|it| it[0] < it[1]), "{resumed:?}");
    let heads = proxy.heads();
    assert!(!heads[0].contains("Range"), "{heads:?}");
    assert!(
        heads[1].contains(&format!("Range: bytes={}-", resumed[0])),
        "{heads:?}"
    );
    assert!(heads[1].contains("If-Range: \""), "{heads:?}");
    // Not more than it is told to.
    proxy.set(cut(500_000, 3));
    let want = Want {
        tries: 2,
        ..Want::default()
    };
    assert_eq!(code(world.get(&url, &want)), "http::unreachable");
    // Tries that bring a megabyte are not counted.
    proxy.set(cut(1_200_000, 2));
    let want = Want {
        tries: 1,
        ..Want::default()
    };
    world.whole(world.get(&url, &want));
}

#[test]
fn another_file_in_its_place_is_begun_anew() {
    let world = World::new();
    let server = world.serve(&[]);
    let proxy = Proxy::start(server.address(), cut(500_000, 1));
    let url = format!("{}/file", proxy.url());
    let path = world.env.path("www/file");
    let first: Vec<u8> = world.bytes.iter().map(|it| !it).collect();
    fs::write(&path, &first).unwrap();
    let interrupt = Arc::new(AtomicBool::new(false));
    // The file changes between the two connections.
    let (there, bytes) = (path, world.bytes.clone());
    let swap = move || {
        let aside = there.with_extension("new");
        fs::write(&aside, &bytes).unwrap();
        fs::rename(&aside, &there).unwrap();
    };
    let swap = RefCell::new(Some(swap));
    let settings = |_: &str| {
        if proxy.heads().len() == 1
            && let Some(swap) = swap.borrow_mut().take()
        {
            swap();
        }
        Ok(Settings::default())
    };
    let means = Means {
        settings: &settings,
        limits: Limits::default(),
        waits: vec![Duration::ZERO],
        netrc: None,
        interrupt,
        progress: &|it| world.heard.borrow_mut().push(it),
    };
    let mut file = File::create(world.out()).unwrap();
    world.whole(download(&url, &mut file, &means));
    assert!(world.resumed().is_empty());
    assert_eq!(proxy.heads().len(), 2);
}

#[test]
fn faults_of_the_server_are_tried_again_and_answers_are_not() {
    let world = World::new();
    let server = world.serve(&[]);
    let proxy = Proxy::start(server.address(), Behaviour::default());
    let url = format!("{}/file", proxy.url());
    for (status, tries, expected) in [
        (503, 2, None),
        (503, 1, Some("http::server_fault")),
        (403, 2, Some("http::forbidden")),
        (404, 2, Some("http::not_found")),
        (401, 2, Some("http::unauthenticated")),
        (418, 2, Some("http::status")),
        (204, 2, Some("http::status")),
        (206, 2, Some("http::status")),
    ] {
        proxy.set(Behaviour {
            status_first: Some((2, status)),
            ..Behaviour::default()
        });
        let want = Want {
            tries,
            ..Want::default()
        };
        let got = world.get(&url, &want);
        match expected {
            None => world.whole(got),
            Some(expected) => assert_eq!(code(got), expected, "{status}"),
        }
    }
    drop(server);
    drop(proxy);
    assert_eq!(code(world.get(&url, &Want::default())), "http::unreachable");
}

#[test]
fn redirects_are_followed_but_not_for_ever() {
    let world = World::new();
    let other = world.serve(&[]);
    let there = format!("{}/file", other.url().replace("127.0.0.1", "localhost"));
    let server = world.serve(&[
        ("^/near$", "/further"),
        ("^/further$", "file"),
        ("^/far$", &there),
        ("^/loop$", "/loop"),
        ("^/ping$", "/pong"),
        ("^/pong$", "/ping"),
        ("^/evil$", "file:///etc/passwd"),
        ("^/secret$", "http://me:pw@h.org/"),
    ]);
    let at = |path: &str| format!("{}{path}", server.url());
    for path in ["/near", "/far"] {
        world.whole(world.get(&at(path), &Want::default()));
    }
    for path in ["/loop", "/ping", "/evil", "/secret"] {
        let got = world.get(&at(path), &Want::default());
        assert!(!got.as_ref().unwrap_err().to_string().contains("pw"));
        assert_eq!(code(got), "http::redirected", "{path}");
    }
}

#[test]
fn a_login_is_sent_to_its_host_and_to_no_other() {
    let world = World::new();
    let serving = Serving {
        login: Some(("ada".into(), "secret".into())),
        ..Serving::default()
    };
    let locked = FileHttp::start_with(&world.env.path("www"), &serving);
    let eye = Proxy::start(world.serve(&[]).address(), Behaviour::default());
    let to_locked = locked.url().replace("127.0.0.1", "localhost");
    let server = world.serve(&[
        ("^/away$", &format!("{to_locked}/file")),
        ("^/eye$", &eye.url()),
    ]);
    let netrc = world.env.path("netrc");
    fs::write(
        &netrc,
        "machine 127.0.0.1 login ada password secret\nmachine localhost login ada password secret\n",
    )
    .unwrap();
    let url = format!("{}/file", locked.url());
    assert_eq!(
        code(world.get(&url, &Want::default())),
        "http::unauthenticated"
    );
    let with = |text: &str| {
        fs::write(&netrc, text).unwrap();
        Want {
            netrc: Some(netrc.clone()),
            ..Want::default()
        }
    };
    let both =
        "machine 127.0.0.1 login ada password secret machine localhost login ada password secret";
    world.whole(world.get(&url, &with(both)));
    let wrong = world.get(&url, &with("machine 127.0.0.1 login ada password wrong"));
    assert_eq!(code(wrong), "http::unauthenticated");
    // Whoever redirects to a host that one has a login for does not get the login sent there.
    let away = world.get(&format!("{}/away", server.url()), &with(both));
    assert_eq!(code(away), "http::insecure_credentials");
    drop(world.get(&format!("{}/eye", server.url()), &with(both)));
    assert!(
        !eye.heads().concat().contains("Authorization"),
        "{:?}",
        eye.heads()
    );
}

#[test]
fn limits_hold_whatever_a_server_says() {
    let world = World::new();
    let server = world.serve(&[]);
    let want = |bytes| Want {
        bytes: Some(bytes),
        ..Want::default()
    };
    let url = format!("{}/file", server.url());
    let all = world.bytes.len() as u64;
    world.whole(world.get(&url, &want(all)));
    assert_eq!(code(world.get(&url, &want(all - 1))), "http::limit");
    // Without a length the bytes themselves are counted.
    let endless = served(|stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok();
        while stream.write_all(&[0; 4096]).is_ok() {}
    });
    assert_eq!(code(world.get(&endless, &want(100_000))), "http::limit");
    assert!(fs::metadata(world.out()).unwrap().len() <= 100_000);
    let silent = served(|stream| {
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx")
            .ok();
        std::io::copy(stream, &mut std::io::sink()).ok();
    });
    let want = Want {
        stall: Some(Duration::from_millis(300)),
        ..Want::default()
    };
    assert_eq!(code(world.get(&silent, &want)), "http::timed_out");
    let want = Want {
        interrupt: Arc::new(AtomicBool::new(true)),
        ..Want::default()
    };
    assert_eq!(code(world.get(&silent, &want)), "http::interrupted");
    assert!(want.interrupt.load(Ordering::Relaxed));
}

#[test]
fn a_part_that_was_not_asked_for_is_refused() {
    let world = World::new();
    let url = served(|stream| {
        let head = request(stream);
        let answer = if head.contains("Range") {
            "HTTP/1.1 206 Partial\r\nContent-Range: bytes 1-4/5\r\nContent-Length: 4\r\n\r\nABCD"
        } else {
            "HTTP/1.1 200 OK\r\nETag: \"x\"\r\nContent-Length: 5\r\n\r\nabc"
        };
        stream.write_all(answer.as_bytes()).ok();
    });
    let want = Want {
        tries: 3,
        ..Want::default()
    };
    assert_eq!(code(world.get(&url, &want)), "http::protocol");
}

/// Serves each connection by `answer`, for as long as the test lasts.
fn served(answer: impl Fn(&mut std::net::TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            answer(&mut stream.unwrap());
        }
    });
    format!("http://{address}/x")
}

fn request(stream: &mut std::net::TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n == 1) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// Keeps the import of what errors hold honest.
#[test]
fn errors_name_the_url_that_was_asked_for() {
    let world = World::new();
    let server = world.serve(&[]);
    let url = format!("{}/missing?x=1", server.url());
    let error = world.get(&url, &Want::default()).unwrap_err();
    assert!(matches!(
        &error,
        DownloadError::Server {
            fault: Fault::NotFound { status: 404 },
            ..
        }
    ));
    assert!(error.to_string().contains(&url));
    assert!(Path::new(&world.out()).exists());
}

#[test]
fn one_connection_serves_one_file_after_the_other() {
    let world = World::new();
    let server = world.serve(&[]);
    let proxy = Proxy::start(server.address(), Behaviour::default());
    let (want, handles) = (Want::default(), Handles::default());
    for _ in 0..3 {
        world.whole(world.get_by(&handles, &format!("{}/file", proxy.url()), &want));
        let missing = world.get_by(&handles, &format!("{}/missing", proxy.url()), &want);
        assert_eq!(code(missing), "http::not_found");
    }
    assert_eq!(proxy.counts().connections, 1);
}
