//! Atoms over many repositories that depend on each other, level upon level.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::env::Env;
use crate::import::Noise;
use crate::repo::Repo;

/// How large a graph is.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Repositories; `depth` divides them.
    pub repositories: usize,
    /// Atoms of each repository.
    pub atoms_each: usize,
    /// Levels: an atom depends on atoms of the next level alone, and those of the last on none.
    pub depth: usize,
    /// Dependencies of each atom.
    pub dependencies: usize,
}

/// 200 atoms in 40 repositories, 8 levels deep.
pub const LARGE: Shape = Shape {
    repositories: 40,
    atoms_each: 5,
    depth: 8,
    dependencies: 4,
};

/// One repository of a graph, before it is written.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Its name, `r00` and so on.
    pub name: String,
    /// 0 for the top of the graph; those of the highest level are published first.
    pub level: usize,
    /// Its atoms.
    pub atoms: Vec<PlannedAtom>,
}

/// One atom of a planned repository.
#[derive(Debug, Clone)]
pub struct PlannedAtom {
    /// Its id, unique in the graph.
    pub id: String,
    /// Index of a repository, and the id of an atom in it.
    pub dependencies: Vec<(usize, String)>,
}

/// Returns the graph of a shape: the same on every machine, first level first.
///
/// Every repository of a level is depended on by the level above it.
#[must_use]
pub fn plan(shape: Shape) -> Vec<Planned> {
    assert_eq!(shape.repositories % shape.depth, 0, "levels of one width");
    let width = shape.repositories / shape.depth;
    let mut noise = Noise::new(7);
    (0..shape.repositories)
        .map(|index| Planned {
            name: format!("r{index:02}"),
            level: index / width,
            atoms: (0..shape.atoms_each)
                .map(|number| PlannedAtom {
                    id: id(index, number),
                    dependencies: dependencies(shape, width, (index, number), &mut noise),
                })
                .collect(),
        })
        .collect()
}

/// Writes the repositories below `below`; `url` says where each will be found, by its name.
#[must_use]
pub fn write(env: &Env, below: &str, graph: &[Planned], url: impl Fn(&str) -> String) -> Vec<Repo> {
    let write_one = |planned: &Planned| {
        let repo = env.repo(&format!("{below}/{}", planned.name));
        for atom in &planned.atoms {
            let text = manifest(&atom.id, "1.0.0", &atom.dependencies, |index| {
                let name = graph[index].name.clone();
                let url = url(&name);
                (name, url)
            });
            repo.write(&format!("{}/atom.toml", atom.id), text);
            repo.write(&format!("{}/main.txt", atom.id), &atom.id);
        }
        repo.commit("Bring the atoms");
        repo
    };
    graph.iter().map(write_one).collect()
}

/// Returns a manifest that depends on atoms of other repositories; `set` gives name and URL
/// of a repository by its index.
#[must_use]
pub fn manifest(
    id: &str,
    version: &str,
    dependencies: &[(usize, String)],
    set: impl Fn(usize) -> (String, String),
) -> String {
    let mut text = format!("[atom]\nid = \"{id}\"\nversion = \"{version}\"\n");
    let mut sets: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for (index, id) in dependencies {
        sets.entry(*index).or_default().push(id);
    }
    if !sets.is_empty() {
        text.push_str("\n[sets]\n");
    }
    for index in sets.keys() {
        let (name, url) = set(*index);
        writeln!(text, "{name} = \"{url}\"").expect("a string takes everything");
    }
    for (index, ids) in &sets {
        let (name, _) = set(*index);
        writeln!(text, "\n[deps.{name}]").expect("a string takes everything");
        for id in ids {
            writeln!(text, "{id} = \"^1\"").expect("a string takes everything");
        }
    }
    text
}

fn id(repository: usize, number: usize) -> String {
    format!("a{repository:02}-{number}")
}

fn dependencies(
    shape: Shape,
    width: usize,
    (index, number): (usize, usize),
    noise: &mut Noise,
) -> Vec<(usize, String)> {
    let below = (index / width + 1) * width;
    if below >= shape.repositories {
        return Vec::new();
    }
    let mut found = BTreeMap::new();
    // The first goes round, so that every repository of the next level is needed.
    let first = below + (index + number) % width;
    found.insert((first, number), ());
    while found.len() < shape.dependencies.min(width * shape.atoms_each) {
        let repository = below + pick(noise, width);
        found.insert((repository, pick(noise, shape.atoms_each)), ());
    }
    found
        .into_keys()
        .map(|(repository, number)| (repository, id(repository, number)))
        .collect()
}

fn pick(noise: &mut Noise, end: usize) -> usize {
    let end = u64::try_from(end).expect("a small number");
    usize::try_from(noise.below(end)).expect("a small number")
}
