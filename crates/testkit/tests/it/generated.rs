//! Generated repositories: their size, and that they are the same every time.

use testkit::env::Env;
use testkit::{atoms, graph, monorepo, tools};

const SMALL: monorepo::Shape = monorepo::Shape {
    packages: 30,
    files: 5,
    commits: 60,
};

#[test]
fn a_monorepo_has_its_shape() {
    if !tools::have(&["git"]) {
        return;
    }
    let env = Env::new();
    let repo = monorepo::borrowed(&env, "mono.git", SMALL);
    assert_eq!(repo.git(["rev-list", "--count", "main"]), "60");
    let files = repo.git(["ls-tree", "-r", "--name-only", "main"]);
    assert_eq!(files.lines().count(), 150);
    let manifest = format!("{}/atom.toml", monorepo::folder(29));
    assert!(files.lines().any(|it| it == manifest), "{files}");
    // The id is the contract: a generator that gives another needs another generation.
    assert_eq!(repo.rev("main"), "8e5f1b6568166de72d612704722c8da1e2d4ddbf");
}

#[test]
fn atoms_stand_in_a_work_tree() {
    if !tools::have(&["git"]) {
        return;
    }
    let env = Env::new();
    let repo = atoms::repository(&env, "work", 12, 30);
    assert_eq!(repo.git(["rev-list", "--count", "HEAD"]), "31");
    assert_eq!(repo.git(["status", "--porcelain"]), "");
    assert!(repo.path().join("atoms/atom-0011/atom.toml").is_file());
}

#[test]
fn a_graph_goes_down_level_by_level() {
    let plan = graph::plan(graph::LARGE);
    assert_eq!(plan.len(), 40);
    assert_eq!(plan.iter().map(|it| it.atoms.len()).sum::<usize>(), 200);
    assert_eq!(plan.last().unwrap().level, 7);
    let mut needed = std::collections::BTreeSet::new();
    for repository in &plan {
        for (index, id) in repository.atoms.iter().flat_map(|it| &it.dependencies) {
            assert_eq!(plan[*index].level, repository.level + 1);
            assert!(plan[*index].atoms.iter().any(|it| it.id == *id));
            needed.insert(*index);
        }
    }
    assert_eq!(needed.len(), 35, "all but the first level are needed");
}

#[test]
fn a_graph_is_written_with_its_sets() {
    if !tools::have(&["git"]) {
        return;
    }
    let env = Env::new();
    let shape = graph::Shape {
        repositories: 2,
        atoms_each: 2,
        depth: 2,
        dependencies: 1,
    };
    let url = |name: &str| format!("https://example.org/{name}");
    let repos = graph::write(&env, "graph", &graph::plan(shape), url);
    let text = repos[0].git(["show", "HEAD:a00-0/atom.toml"]);
    let expected = "[atom]\nid = \"a00-0\"\nversion = \"1.0.0\"\n\n[sets]\n\
                    r01 = \"https://example.org/r01\"\n\n[deps.r01]\na01-0 = \"^1\"";
    assert_eq!(text, expected);
}
