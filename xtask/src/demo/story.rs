//! What the demo tells, as data: who runs what where, and how it must end.

/// One line of the story.
pub(super) struct Step {
    /// What a person should know before it.
    pub(super) caption: &'static str,
    /// Whose home and caches it runs with.
    pub(super) who: Who,
    /// The folder, below the demo's own.
    pub(super) at: &'static str,
    /// What happens.
    pub(super) act: Act,
    /// The exit code that it must have.
    pub(super) exit: i32,
}

/// Somebody with a home of their own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// Who publishes and depends.
    You,
    /// A clean machine that has seen nothing yet.
    Ci,
}

/// What happens in a step.
pub(super) enum Act {
    /// `eka` runs.
    Eka(&'static [&'static str]),
    /// `git` runs.
    Git(&'static [&'static str]),
    /// A file is written: its path and its text.
    Write(&'static str, &'static str),
}

/// The repositories that the server has, below `https://github.com/`.
pub(super) const REPOSITORIES: &[&str] = &["acme/core", "acme/tools", "acme/app"];

use Act::{Eka, Git, Write};
use Who::{Ci, You};

const fn you(caption: &'static str, at: &'static str, act: Act) -> Step {
    Step {
        caption,
        who: You,
        at,
        act,
        exit: 0,
    }
}

const fn ci(caption: &'static str, at: &'static str, act: Act, exit: i32) -> Step {
    Step {
        caption,
        who: Ci,
        at,
        act,
        exit,
    }
}

const ZLIB: &str = r#"[atom]
id = "zlib"
version = "1.3.0"
description = "A compression library"
"#;

const ZLIB_NEXT: &str = r#"[atom]
id = "zlib"
version = "1.3.1"
description = "A compression library"
"#;

const HELLO: &str = r#"[atom]
id = "hello"
version = "1.0.0"
description = "Says hello"
"#;

const COMMIT: Act = Git(&["commit", "--quiet", "--message", "Work"]);
const PUSH: Act = Git(&["push", "--quiet", "origin", "main"]);
const ADD: Act = Git(&["add", "."]);

/// The story, in order.
pub(super) const STORY: &[Step] = &[
    you(
        "A monorepo gets its first atom.",
        "core",
        Eka(&["new", "zlib"]),
    ),
    you(
        "The manifest is edited.",
        "core",
        Write("zlib/atom.toml", ZLIB),
    ),
    you(
        "",
        "core",
        Write("zlib/zlib.h", "#define ZLIB_VERSION \"1.3.0\"\n"),
    ),
    you("", "core", ADD),
    you("", "core", COMMIT),
    you("", "core", PUSH),
    you(
        "The set gets its name: the oldest commit, posted once.",
        "core",
        Eka(&["init"]),
    ),
    you(
        "What would be published?",
        "core",
        Eka(&["publish", "--all", "--dry-run"]),
    ),
    you(
        "Then for real, in one atomic push.",
        "core",
        Eka(&["publish", "--all"]),
    ),
    you("Again: nothing to do.", "core", Eka(&["publish", "--all"])),
    you(
        "Anybody can look, without a clone.",
        "",
        Eka(&["versions", "gh:acme/core::zlib"]),
    ),
    you(
        "Another repository has an atom that needs it.",
        "tools",
        Eka(&["new", "hello"]),
    ),
    you("", "tools", Write("hello/atom.toml", HELLO)),
    you("", "tools", Write("hello/hello.txt", "hello\n")),
    you("", "tools/hello", Eka(&["add", "gh:acme/core::zlib@^1"])),
    you("", "tools", ADD),
    you("", "tools", COMMIT),
    you("", "tools", PUSH),
    you("", "tools", Eka(&["init"])),
    you("", "tools", Eka(&["publish", "hello"])),
    you(
        "A third depends on that one.",
        "app",
        Eka(&["new", ".", "--id", "app"]),
    ),
    you("", "app", Eka(&["versions", "gh:acme/tools"])),
    you("", "app", Eka(&["add", "gh:acme/tools::hello@^1"])),
    you(
        "The lock names both atoms, by hash.",
        "app",
        Git(&[
            "--no-pager",
            "diff",
            "--no-index",
            "--",
            "/dev/null",
            "atom.lock",
        ]),
    )
    .ends(1),
    you("Locking again changes nothing.", "app", Eka(&["lock"])),
    you("", "app", ADD),
    you("", "app", COMMIT),
    you("", "app", PUSH),
    ci(
        "A clean machine clones it.",
        "",
        Git(&[
            "clone",
            "--quiet",
            "https://github.com/acme/app",
            "checkout",
        ]),
        0,
    ),
    ci(
        "Does the lock still hold, here and at the origins?",
        "checkout",
        Eka(&["lock", "--check"]),
        0,
    ),
    ci(
        "The sources come, one fetch a remote.",
        "checkout",
        Eka(&["fetch"]),
        0,
    ),
    ci(
        "All that the lock claims is computed again.",
        "checkout",
        Eka(&["verify", "--lock"]),
        0,
    ),
    you(
        "A new release appears.",
        "core",
        Write("zlib/atom.toml", ZLIB_NEXT),
    ),
    you(
        "",
        "core",
        Write("zlib/zlib.h", "#define ZLIB_VERSION \"1.3.1\"\n"),
    ),
    you("", "core", ADD),
    you("", "core", COMMIT),
    you("", "core", PUSH),
    you("", "core", Eka(&["publish", "zlib"])),
    ci(
        "The lock holds all the same.",
        "checkout",
        Eka(&["lock", "--check"]),
        0,
    ),
    you(
        "Somebody moves a version that was published.",
        "srv/acme/core.git",
        Git(&[
            "update-ref",
            "refs/atoms/zlib/1.3.0/atom",
            "refs/atoms/zlib/1.3.1/atom",
        ]),
    ),
    ci("That is caught.", "checkout", Eka(&["lock", "--check"]), 5),
];

impl Step {
    const fn ends(mut self, exit: i32) -> Self {
        self.exit = exit;
        self
    }
}
