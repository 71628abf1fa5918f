//! A large repository, the same on every machine: by default 50,000 files in 2,000 commits.

use std::path::{Path, PathBuf};

use crate::env::Env;
use crate::import::{Import, Noise};
use crate::repo::{Repo, run};

/// Changed with the generator, so that no old copy is taken for a new one.
const GENERATION: u32 = 1;

/// The size of a generated repository.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Packages, each a folder with an `atom.toml`.
    pub packages: u64,
    /// Files of each package, its `atom.toml` included.
    pub files: u64,
    /// Commits. The first two thirds bring packages, the others change single files.
    pub commits: u64,
}

/// 50,000 files in 2,500 packages, 2,000 commits.
pub const LARGE: Shape = Shape {
    packages: 2_500,
    files: 20,
    commits: 2_000,
};

/// Returns the id of a package, by its number.
#[must_use]
pub fn id(package: u64) -> String {
    format!("p{package:04}")
}

/// Returns the folder of a package in the repository, by its number.
#[must_use]
pub fn folder(package: u64) -> String {
    format!("libs/g{:02}/{}", package / 100, id(package))
}

/// Returns a bare repository of this shape, made once on this machine. Not to be written to.
#[must_use]
pub fn cached(shape: Shape) -> PathBuf {
    let Shape {
        packages,
        files,
        commits,
    } = shape;
    let user = rustix::process::getuid().as_raw();
    let shelf = std::env::temp_dir().join(format!("eka-testkit-{user}"));
    let kept = shelf.join(format!(
        "monorepo-{GENERATION}-{packages}-{files}-{commits}.git"
    ));
    if kept.is_dir() {
        return kept;
    }
    std::fs::create_dir_all(&shelf).expect("a folder for generated repositories");
    let made = tempfile::tempdir_in(&shelf).expect("a folder beside the kept ones");
    let env = Env::new();
    write(&env, &made.path().join("made.git"), shape);
    // Two that make it at once make the same: the first to come stays.
    let moved = std::fs::rename(made.path().join("made.git"), &kept);
    assert!(moved.is_ok() || kept.is_dir(), "{moved:?}");
    kept
}

/// Returns a bare repository of this shape for the test's own use: it borrows the objects
/// of the cached one.
#[must_use]
pub fn borrowed(env: &Env, below: &str, shape: Shape) -> Repo {
    let from = cached(shape);
    let from = from.to_str().expect("temporary folders are UTF-8");
    env.clone_of(from, below, &["--bare", "--shared"])
}

fn write(env: &Env, folder: &Path, shape: Shape) {
    run(env
        .command("git")
        .args(["init", "--quiet", "--bare"])
        .arg(folder));
    let mut import = Import::start(env, folder);
    let bringing = (shape.commits * 2 / 3).max(1);
    let mut next = 0;
    for commit in 0..shape.commits {
        let mut noise = Noise::new(commit + 1);
        if commit < bringing {
            let end = shape.packages * (commit + 1) / bringing;
            import.commit(&format!("Bring packages {next} to {end}"));
            (next..end).for_each(|package| bring(&mut import, package, shape.files));
            next = end;
        } else {
            let package = noise.below(shape.packages);
            import.commit(&format!("Change package {package}"));
            let file = 1 + noise.below(shape.files.max(2) - 1);
            let content = noise.text(900);
            import.file(&source(package, file), &content);
        }
    }
    import.finish();
}

fn bring(import: &mut Import, package: u64, files: u64) {
    let manifest = format!("[atom]\nid = \"{}\"\nversion = \"0.1.0\"\n", id(package));
    import.file(
        &format!("{}/atom.toml", folder(package)),
        manifest.as_bytes(),
    );
    for file in 1..files {
        let mut noise = Noise::new(1_000_000 + package * 1000 + file);
        let size_bytes = 200 + noise.below(1200);
        let content = noise.text(usize::try_from(size_bytes).expect("a small number"));
        import.file(&source(package, file), &content);
    }
}

/// The path of one of a package's files: some at its top, some deeper.
fn source(package: u64, file: u64) -> String {
    match file % 4 {
        0 => format!("{}/f{file:02}.txt", folder(package)),
        part => format!("{}/src/part{part}/f{file:02}.txt", folder(package)),
    }
}
