//! Our own problems, of every kind that suites have, in the language of `it/language.rs`.

use crate::suite::Expected::{self, Sat, Unsat};

/// A problem with its verdicts.
pub(crate) struct Own {
    pub(crate) name: &'static str,
    /// With one version of each atom.
    pub(crate) expected: Expected,
    /// With one version of each bucket.
    pub(crate) expected_multi: Expected,
    pub(crate) problem: &'static str,
}

const fn own(
    name: &'static str,
    (expected, expected_multi): (Expected, Expected),
    problem: &'static str,
) -> Own {
    Own {
        name,
        expected,
        expected_multi,
        problem,
    }
}

pub(crate) const PROBLEMS: &[Own] = &[
    own(
        "chain",
        (Sat, Sat),
        "web 1.0.0: http ^1
         http 1.0.0: tls ^1
         http 1.1.0: tls ^1
         tls 1.0.0
         tls 1.3.0
         want web ^1",
    ),
    own(
        "diamond",
        (Sat, Sat),
        "left 1.0.0: core >=1.2, <3
         right 1.0.0: core >=1, <=1.4
         core 1.0.0\ncore 1.2.0\ncore 1.4.0\ncore 2.0.0
         want left *, right *",
    ),
    own(
        "two-majors",
        (Unsat, Sat),
        "left 1.0.0: core ^1
         right 1.0.0: core ^2
         core 1.0.0\ncore 1.4.0\ncore 2.0.0
         want left *, right *",
    ),
    own(
        "two-majors-in-the-manifest",
        (Unsat, Sat),
        "core 1.4.0\ncore 2.0.0\nwant core ^1, core ^2",
    ),
    own(
        "two-minors-below-one",
        (Unsat, Sat),
        "left 1.0.0: core ^0.3
         right 1.0.0: core ^0.4
         core 0.3.1\ncore 0.4.0\ncore 0.4.2
         want left *, right *",
    ),
    own(
        "two-patches-below-all",
        (Unsat, Sat),
        "core 0.0.1\ncore 0.0.2\nwant core =0.0.1, core =0.0.2",
    ),
    own(
        "two-minors-of-one-major",
        (Unsat, Unsat),
        "left 1.0.0: core ~1.2
         right 1.0.0: core ~1.4
         core 1.2.0\ncore 1.4.0\ncore 2.0.0
         want left *, right *",
    ),
    own(
        "second-major-deep-down",
        (Unsat, Sat),
        "app 1.0.0: web ^1, db ^1
         web 1.0.0: http ^2
         http 2.0.0: codec ^3
         codec 3.0.0: buf ^2
         db 1.0.0: pool ^1
         pool 1.0.0: driver ^1
         driver 1.0.0: buf ^1
         buf 1.0.0: mem ^1\nbuf 1.1.0: mem ^1\nbuf 2.0.0: mem ^1\nbuf 2.1.0: mem ^1
         mem 1.0.0\nmem 1.1.0
         want app ^1",
    ),
    own(
        "second-major-that-brings-another",
        (Unsat, Sat),
        "left 1.0.0: gui ^1
         right 1.0.0: gui ^2
         gui 1.0.0: draw ^1\ngui 2.0.0: draw ^2
         draw 1.0.0\ndraw 2.0.0
         want left *, right *",
    ),
    own(
        "second-major-only-where-it-must-be",
        (Unsat, Sat),
        "left 1.0.0: core ^1, log >=1
         right 1.0.0: core ^2, log <2
         core 1.0.0\ncore 2.0.0
         log 1.0.0\nlog 1.9.0\nlog 2.0.0
         want left *, right *",
    ),
    own(
        "second-major-that-does-not-hold",
        (Unsat, Unsat),
        "left 1.0.0: core ^1
         right 1.0.0: core ^2
         core 1.0.0\ncore 2.0.0: gone ^1\ngone none
         want left *, right *",
    ),
    own(
        "spanning-requirement",
        (Sat, Sat),
        "core 1.4.0\ncore 2.1.0\ncore 3.0.0 yanked\nwant core >=1, <4",
    ),
    own(
        "spanning-requirement-joins-what-is-there",
        (Unsat, Sat),
        "left 1.0.0: core ^1
         right 1.0.0: core ^2
         any 1.0.0: core >=1
         core 1.0.0\ncore 2.0.0\ncore 3.0.0: gone *\ngone none
         want left *, right *, any *",
    ),
    own(
        "spanning-requirement-with-its-newest-major-broken",
        (Sat, Sat),
        "any 1.0.0: core >=1
         core 1.0.0\ncore 2.0.0: gone *\ngone none
         want any *",
    ),
    own(
        "prerelease-that-is-asked-for",
        (Sat, Sat),
        "core 1.0.0\ncore 1.1.0-rc.1\ncore 1.1.0-rc.2\nwant core ^1.1.0-rc.1",
    ),
    own(
        "prerelease-that-is-not-asked-for",
        (Unsat, Unsat),
        "core 2.0.0-rc.1\ncore 1.0.0\nwant core ^2",
    ),
    own(
        "prerelease-of-another-version",
        (Unsat, Unsat),
        "core 1.1.0-rc.1\ncore 1.2.0-rc.1\nleft 1.0.0: core ^1.3.0-rc.1\nwant left *",
    ),
    own(
        "prerelease-that-a-dependency-asks-for",
        (Sat, Sat),
        "left 1.0.0: core ^2.0.0-rc.1
         core 1.0.0\ncore 2.0.0-rc.1
         want left *, core >=2.0.0-rc.0",
    ),
    own(
        "yanked",
        (Sat, Sat),
        "core 1.0.0\ncore 1.1.0 yanked\nwant core ^1",
    ),
    own(
        "yanked-and-nothing-else",
        (Unsat, Unsat),
        "core 1.4.0\ncore 1.5.2\ncore 2.0.0 yanked\ncore 2.0.1 yanked\nwant core ^2",
    ),
    own(
        "yanked-deep-down",
        (Unsat, Unsat),
        "app 1.0.0: web ^1\nweb 1.0.0: core ^2
         core 1.0.0\ncore 2.0.0 yanked
         want app *",
    ),
    own(
        "yanked-and-locked",
        (Sat, Sat),
        "core 1.0.0\ncore 1.1.0 yanked\nlock core 1.1.0\nwant core ^1",
    ),
    own(
        "yanked-and-another-locked",
        (Unsat, Unsat),
        "core 1.0.0 yanked\ncore 1.1.0 yanked\nlock core 1.1.0\nwant core =1.0.0",
    ),
    own(
        "yanked-and-locked-in-two-majors",
        (Unsat, Sat),
        "left 1.0.0: core ^1\nright 1.0.0: core ^2
         core 1.0.0\ncore 1.1.0 yanked\ncore 2.0.0 yanked
         lock core 1.1.0\nlock core 2.0.0
         want left *, right *",
    ),
    own(
        "yanked-and-allowed",
        (Sat, Sat),
        "core 1.0.0\ncore 1.1.0 yanked\nallow yanked\nwant core ^1.1",
    ),
    own(
        "unreadable",
        (Unsat, Unsat),
        "core 1.0.0 unreadable\nleft 1.0.0: core ^1\nwant left *",
    ),
    own(
        "backtracking",
        (Sat, Sat),
        "a 1.0.0\na 2.0.0: b =1.0.0
         b 1.0.0: c ^9\nb 2.0.0
         c 1.0.0
         want a *, b *",
    ),
    own(
        "backtracking-past-what-does-not-matter",
        (Sat, Sat),
        "a 1.0.0: x ^1\na 2.0.0: x =2.0.0
         x 1.0.0\nx 2.0.0: gone *\ngone none
         b 1.0.0\nb 2.0.0\nc 1.0.0\nc 2.0.0\nd 1.0.0\nd 2.0.0
         want a *, b *, c *, d *",
    ),
    own(
        "backtracking-from-every-version",
        (Unsat, Unsat),
        "a 1.0.0: b ^1\na 1.1.0: b ^1\na 2.0.0: b ^2
         b 1.0.0: c ^1\nb 1.1.0: c ^1\nb 2.0.0: c ^2
         c 1.0.0: d ^1\nc 2.0.0: d ^1
         d 2.0.0
         want a *",
    ),
    own(
        "cycle",
        (Sat, Sat),
        "a 1.0.0: b ^1\nb 1.0.0: a ^1\nwant a ^1",
    ),
    own(
        "cycle-over-two-majors",
        (Unsat, Sat),
        "a 1.0.0: b ^1\nb 1.0.0: a ^2\na 2.0.0\nwant a ^1",
    ),
    own("cycle-on-itself", (Sat, Sat), "a 1.0.0: a =1.0.0\nwant a *"),
    own(
        "bootstrap-by-the-major-before",
        (Unsat, Sat),
        "cc 3.0.0: cc ^2\ncc 2.0.0: cc ^1\ncc 1.0.0\nwant cc ^3",
    ),
    own(
        "missing-atom",
        (Unsat, Unsat),
        "gone none\nother 1.0.0\nwant gone ^1, other *",
    ),
    own(
        "missing-atom-deep-down",
        (Unsat, Unsat),
        "a 1.0.0: b ^1\na 1.1.0: b ^1\nb 1.0.0: gone ^1\ngone none\nwant a *",
    ),
    own(
        "missing-atom-of-the-newest-alone",
        (Sat, Sat),
        "a 1.0.0\na 1.1.0: gone *\ngone none\nwant a *",
    ),
    own(
        "nothing-fits-among-many",
        (Unsat, Unsat),
        "core 0.1.0\ncore 0.9.0\ncore 1.0.0\ncore 1.1.0\ncore 1.2.0\ncore 3.0.0\ncore 3.1.0
         want core ^2",
    ),
    own(
        "nothing-fits-what-is-asked-together",
        (Unsat, Sat),
        "left 1.0.0: core >=2, <3\nright 1.0.0: core >=2.9, <4
         core 2.5.0\ncore 3.5.0
         want left *, right *",
    ),
    own(
        "two-conflicts",
        (Unsat, Unsat),
        "core 1.0.0\nlog 1.0.0\nwant core ^2, log ^2",
    ),
    own(
        "branching",
        (Unsat, Sat),
        "foo 1.0.0: a ^1, b ^1\nfoo 1.1.0: x ^1, y ^1
         a 1.0.0: b ^2\nb 1.0.0\nb 2.0.0
         x 1.0.0: y ^2\ny 1.0.0\ny 2.0.0
         want foo ^1",
    ),
    own(
        "pigeons",
        (Unsat, Unsat),
        "p1 1.0.0: h1 =1.1.0\np1 1.1.0: h2 =1.1.0
         p2 1.0.0: h1 =1.2.0\np2 1.1.0: h2 =1.2.0
         p3 1.0.0: h1 =1.3.0\np3 1.1.0: h2 =1.3.0
         h1 1.1.0\nh1 1.2.0\nh1 1.3.0\nh2 1.1.0\nh2 1.2.0\nh2 1.3.0
         want p1 *, p2 *, p3 *",
    ),
];
