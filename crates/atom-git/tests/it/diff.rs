//! Differences of trees, beside those of git.

use std::collections::BTreeMap;

use atom::ObjectId;
use atom_git::diff::{Body, Change, FileDiff, Kind, MAX_TEXT_BYTES, between, look, write};
use atom_git::objects::Objects;
use atom_git::tree_guard::{GuardedTree, Limits, guard};
use testkit::env::Env;
use testkit::repo::Repo as Made;

use crate::local::open;

/// Numbers that are the same on every machine.
struct Noise(u64);

impl Noise {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn pick<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }
}

/// Paths, some of which cannot be beside each other.
const PATHS: [&str; 16] = [
    "a",
    "a/b",
    "a.b",
    "a-b/c",
    "a/b/c",
    "d/e/f/g",
    "d/e",
    "d.x",
    "sp ace/x y",
    "q\"uote",
    "λ/ひ",
    "tab",
    "dev/null",
    "--- a",
    "z z",
    "z",
];

type Files = BTreeMap<&'static str, (&'static str, Vec<u8>)>;

fn lines(noise: &mut Noise) -> Vec<u8> {
    const LINES: [&[u8]; 12] = [
        b"a",
        b"b",
        b"c",
        b"",
        b"  indented",
        b"}",
        b"-- a",
        b"++ b",
        b"@@ -1 +1 @@",
        b"crlf\r",
        b"latin \xe9",
        b"\\ No newline at end of file",
    ];
    let mut text = Vec::new();
    for _ in 0..noise.below(24) {
        text.extend_from_slice(noise.pick(&LINES));
        text.push(b'\n');
    }
    if noise.below(4) == 0 {
        text.extend_from_slice(b"end");
    }
    text
}

/// Changes some lines of a text, and perhaps its end.
fn edited(noise: &mut Noise, old: &[u8]) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = old.split_inclusive(|it| *it == b'\n').collect();
    for _ in 0..=noise.below(3) {
        let at = noise.below(lines.len() + 1);
        match noise.below(3) {
            0 => lines.insert(at, b"new\n"),
            1 if at < lines.len() => drop(lines.remove(at)),
            _ if at + 1 < lines.len() => lines[at] = b"other\n",
            _ => {}
        }
    }
    let mut text = lines.concat();
    if noise.below(6) == 0 && text.last() == Some(&b'\n') {
        text.pop();
    }
    text
}

fn mutate(noise: &mut Noise, files: &mut Files) {
    for _ in 0..=noise.below(4) {
        let path = noise.pick(&PATHS);
        match noise.below(5) {
            0 => drop(files.remove(path)),
            1 => {
                let text = lines(noise);
                let mode = noise.pick(&["100644", "100644", "100755", "120000"]);
                put(files, path, mode, text);
            }
            2 => {
                let mode = noise.pick(&["100644", "100755", "120000"]);
                if let Some((_, text)) = files.get(path).cloned() {
                    put(files, path, mode, text);
                }
            }
            _ => {
                if let Some((mode, text)) = files.get(path).cloned() {
                    let text = edited(noise, &text);
                    put(files, path, mode, text);
                }
            }
        }
    }
}

fn put(files: &mut Files, path: &'static str, mode: &'static str, mut text: Vec<u8>) {
    let above = |a: &str, b: &str| b.strip_prefix(a).is_some_and(|it| it.starts_with('/'));
    files.retain(|it, _| !above(it, path) && !above(path, it));
    if mode == "120000" && text.is_empty() {
        text = b"target".to_vec();
    }
    files.insert(path, (mode, text));
}

/// Writes a commit for each, and gives their trees.
fn import(made: &Made, all: &[Files]) -> Vec<ObjectId> {
    let mut stream = Vec::new();
    for files in all {
        stream.extend_from_slice(
            b"commit refs/heads/made\ncommitter A <a@b> 1700000000 +0000\ndata 1\nx\ndeleteall\n",
        );
        for (path, (mode, text)) in files {
            let path = path.replace('\\', "\\\\").replace('"', "\\\"");
            let head = format!("M {mode} inline \"{path}\"\ndata {}\n", text.len());
            stream.extend_from_slice(head.as_bytes());
            stream.extend_from_slice(text);
            stream.push(b'\n');
        }
    }
    stream.extend_from_slice(b"done\n");
    made.git_with(["fast-import", "--quiet", "--done"], &stream);
    let trees = made.git(["log", "--reverse", "--format=%T", "refs/heads/made"]);
    trees.lines().map(|it| it.parse().unwrap()).collect()
}

struct World {
    made: Made,
    objects: Objects,
    _env: Env,
}

impl World {
    fn new() -> Self {
        let env = Env::new();
        let made = env.repo("here");
        let objects = open(&made).objects().clone();
        Self {
            made,
            objects,
            _env: env,
        }
    }

    fn guarded(&self, tree: ObjectId) -> GuardedTree {
        guard(&self.objects, tree, &Limits::default()).unwrap()
    }

    fn changes(&self, old: ObjectId, new: ObjectId) -> Vec<Change> {
        between(&self.objects, self.guarded(old), self.guarded(new)).unwrap()
    }

    fn diffs(&self, old: ObjectId, new: ObjectId) -> Vec<FileDiff> {
        let changes = self.changes(old, new).into_iter();
        changes.map(|it| look(&self.objects, it).unwrap()).collect()
    }

    fn patch(&self, old: ObjectId, new: ObjectId) -> Vec<u8> {
        let mut out = Vec::new();
        for it in self.diffs(old, new) {
            write(&it, &mut out).unwrap();
        }
        out
    }

    /// What git makes of a tree when it applies a patch to it.
    fn applied(&self, old: ObjectId, patch: &[u8]) -> ObjectId {
        self.made.git(["read-tree", &old.to_string()]);
        if !patch.is_empty() {
            self.made
                .git_with(["apply", "--cached", "--whitespace=nowarn"], patch);
        }
        self.made.git(["write-tree"]).parse().unwrap()
    }

    /// `A path`, as `git diff --name-status` prints it.
    fn names(&self, old: ObjectId, new: ObjectId) -> Vec<String> {
        let letter = |it: &Change| match it.kind() {
            Kind::Added => 'A',
            Kind::Removed => 'D',
            Kind::Changed | Kind::Mode => 'M',
            Kind::Type => 'T',
        };
        let changes = self.changes(old, new);
        changes
            .iter()
            .map(|it| format!("{} {}", letter(it), it.path))
            .collect()
    }

    fn names_by_git(&self, old: ObjectId, new: ObjectId) -> Vec<String> {
        let (old, new) = (old.to_string(), new.to_string());
        let args = ["diff", "--no-renames", "--name-status", "-z", &old, &new];
        let out = self.made.git(args);
        let parts: Vec<&str> = out.split('\0').filter(|it| !it.is_empty()).collect();
        parts
            .chunks(2)
            .map(|it| format!("{} {}", it[0], it[1]))
            .collect()
    }
}

/// The oracle is git: it applies what we print, and gets the second tree; it lists the same paths.
#[test]
fn git_applies_it_and_lists_the_same_paths() {
    let world = World::new();
    let mut noise = Noise(3);
    let mut files = Files::new();
    let mut all = Vec::new();
    for turn in 0..300 {
        if turn % 25 == 0 {
            files.clear();
        }
        mutate(&mut noise, &mut files);
        all.push(files.clone());
    }
    let trees = import(&world.made, &all);
    assert_eq!(trees.len(), all.len());
    for (at, pair) in trees.windows(2).enumerate() {
        let (old, new) = (pair[0], pair[1]);
        let patch = world.patch(old, new);
        let text = String::from_utf8_lossy(&patch);
        assert_eq!(world.applied(old, &patch), new, "{at}: {text}");
        assert_eq!(world.names(old, new), world.names_by_git(old, new), "{at}");
    }
    // And far apart.
    for at in 0..20 {
        let (old, new) = (trees[at], trees[trees.len() - 1 - at]);
        assert_eq!(world.applied(old, &world.patch(old, new)), new);
    }
}

#[test]
fn it_reads_as_git_prints_it() {
    let world = World::new();
    let made = &world.made;
    made.write("changed", "1\n2\n3\n4\n5\n")
        .write("gone", "bye\n")
        .write("mode", "m\n");
    made.write("link", "to")
        .write("bin", b"\0a")
        .write("same", "s\n");
    made.commit("old");
    let old = made.rev("HEAD^{tree}").parse().unwrap();
    made.write("changed", "1\n2\nx\n4\n5")
        .remove("gone")
        .executable("mode", "m\n");
    made.remove("link")
        .symlink("link", "to")
        .write("bin", b"\0b")
        .write("new", "n\n");
    made.write("empty", "").write("d/x y", "z\n");
    made.commit("new");
    let new = made.rev("HEAD^{tree}").parse().unwrap();
    let printed = String::from_utf8(world.patch(old, new)).unwrap();
    let args = ["diff", "--no-renames", "--abbrev=10", "HEAD~1", "HEAD"];
    assert_eq!(printed.trim_end(), made.git(args).trim_end());
}

#[test]
fn what_is_too_large_is_said_so() {
    let world = World::new();
    let made = &world.made;
    let large = "line\n".repeat(MAX_TEXT_BYTES as usize / 5 + 1);
    made.write("large", &large).write("grows", "");
    made.commit("old");
    let old = made.rev("HEAD^{tree}").parse().unwrap();
    made.write("large", format!("{large}more\n"))
        .write("grows", [b"\0", large.as_bytes()].concat());
    made.commit("new");
    let new = made.rev("HEAD^{tree}").parse().unwrap();
    let size = large.len() as u64;
    let [grows, large] = &world.diffs(old, new)[..] else {
        panic!("two files differ");
    };
    assert_eq!(
        grows.body,
        Body::Binary {
            sizes: (0, size + 1)
        }
    );
    assert_eq!(
        large.body,
        Body::Large {
            sizes: (size, size + 5)
        }
    );
    let mut out = Vec::new();
    write(large, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let said = format!(
        "Files a/large ({size} bytes) and b/large ({} bytes) differ, and are too large to show\n",
        size + 5
    );
    assert!(text.ends_with(&said), "{text}");
}

#[test]
fn an_equal_tree_has_no_difference() {
    let world = World::new();
    world.made.write("a/b", "x");
    world.made.commit("one");
    let tree = world.made.rev("HEAD^{tree}").parse().unwrap();
    assert_eq!(world.changes(tree, tree), []);
}
