//! Many atoms in one repository, with as long a history as is wanted.

use crate::env::Env;
use crate::import::{Import, Noise};
use crate::repo::Repo;

/// Returns the id of an atom made by [`repository`], by its number.
#[must_use]
pub fn id(number: u64) -> String {
    format!("atom-{number:04}")
}

/// Makes a repository with a work tree of `atoms` atoms, each of three files in a folder
/// `atoms/<id>`, after a history of `commits` other commits.
#[must_use]
pub fn repository(env: &Env, below: &str, atoms: u64, commits: u64) -> Repo {
    let repo = env.repo(below);
    let mut import = Import::start(env, repo.path());
    for number in 0..commits {
        import.commit(&format!("Note {number}"));
        import.file(
            &format!("notes/{:02}", number % 50),
            format!("{number}\n").as_bytes(),
        );
    }
    import.commit("Bring the atoms");
    for number in 0..atoms {
        let id = id(number);
        let manifest = format!("[atom]\nid = \"{id}\"\nversion = \"1.0.0\"\n");
        import.file(&format!("atoms/{id}/atom.toml"), manifest.as_bytes());
        let mut noise = Noise::new(number);
        import.file(
            &format!("atoms/{id}/README.md"),
            format!("# {id}\n").as_bytes(),
        );
        import.file(&format!("atoms/{id}/src/main.txt"), &noise.text(400));
    }
    import.finish();
    repo.git(["reset", "--quiet", "--hard", "main"]);
    repo
}
