//! Problem suites of others, read from the folder that `EKA_RESOLVER_PROBLEMS` names.
//!
//! A pair `N.index.json` and `N.expected.json` is an index with queries, any other `*.json` below
//! the folder one problem. Names that a suite uses need not be ids, and alternatives (`||`) are no
//! requirement of ours: an alternative becomes an atom of its own whose versions each ask for one.

#![expect(
    clippy::disallowed_methods,
    reason = "the suites lie in files outside the project"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use atom::{AtomId, Requirement, Version};
use resolver::{
    Dependency, Exclusion, Outcome, Request, Resolution, RootRequirement, Spec, Universe, solve,
    verify,
};
use serde_json::Value;

use crate::language::{atom, req, version};

/// Ids for a suite's names, and the atoms that stand for alternatives.
#[derive(Default)]
struct Reader {
    ids: BTreeMap<String, AtomId>,
    universe: Universe,
    /// For each stand-in, the atom meant and what may be required of it.
    alternatives: BTreeMap<AtomId, (AtomId, Vec<Requirement>)>,
}

impl Reader {
    fn id(&mut self, name: &str) -> AtomId {
        let next = atom(&format!("p{}", self.ids.len()));
        self.ids.entry(name.to_owned()).or_insert(next).clone()
    }

    fn dependency(&mut self, value: &Value) -> Dependency {
        let target = self.id(value["name"].as_str().unwrap());
        let text = value["req"].as_str().unwrap();
        let reqs: Vec<_> = text.split("||").map(|it| req(it.trim())).collect();
        if let [one] = reqs.as_slice() {
            return Dependency {
                atom: target,
                req: one.clone(),
            };
        }
        let stand_in = atom(&format!("either{}", self.alternatives.len()));
        let versions = (1..=reqs.len()).map(|it| version(&format!("{it}.0.0")));
        self.universe.list(stand_in.clone(), versions.clone());
        for (version, req) in versions.zip(&reqs) {
            let needs = Dependency {
                atom: target.clone(),
                req: req.clone(),
            };
            self.universe
                .set_spec(&stand_in, &version, Spec::Known(vec![needs]));
        }
        self.alternatives.insert(stand_in.clone(), (target, reqs));
        Dependency {
            atom: stand_in,
            req: Requirement::any(),
        }
    }

    fn dependencies(&mut self, value: &Value) -> Vec<Dependency> {
        let listed = value.as_array().into_iter().flatten();
        listed.map(|it| self.dependency(it)).collect()
    }

    fn packages(&mut self, packages: &Value) {
        for (name, versions) in packages.as_object().unwrap() {
            let id = self.id(name);
            let versions = versions.as_object().unwrap();
            self.universe
                .list(id.clone(), versions.keys().map(|it| version(it)));
            for (text, facts) in versions {
                let needs = self.dependencies(&facts["deps"]);
                let version = version(text);
                self.universe.set_spec(&id, &version, Spec::Known(needs));
                if facts["yanked"].as_bool() == Some(true) {
                    let why = Exclusion::Yanked;
                    self.universe.exclude(&id, &version, why);
                }
            }
        }
    }

    /// What is asked for and stands nowhere does not exist.
    fn close(&mut self) {
        for id in self.ids.values() {
            if self.universe.versions(id).is_none() {
                self.universe.list(id.clone(), []);
            }
        }
    }

    fn request(&mut self, root: &Value) -> Request {
        let roots = self.dependencies(root).into_iter().enumerate();
        Request {
            roots: roots
                .map(|(token, Dependency { atom, req })| RootRequirement { atom, req, token })
                .collect(),
            ..Request::default()
        }
    }

    /// Solves, and holds the verdict to the expected one and the answer to the verifier.
    fn check(&self, what: &str, request: &Request, expected: &str) -> Result<(), String> {
        let outcome = solve(&self.universe, request);
        let verdict = match &outcome {
            Outcome::Solved(resolution) => {
                verify(&self.universe, request, resolution)
                    .map_err(|it| format!("{what}: {it:?}"))?;
                self.check_alternatives(what, resolution)?;
                "sat"
            }
            Outcome::Conflict(conflict) if conflict.text().trim().is_empty() => "unexplained",
            Outcome::Conflict(_) => "unsat",
            Outcome::Missing(_) => "missing",
        };
        if verdict == expected {
            Ok(())
        } else {
            Err(format!("{what}: {verdict}, not {expected}"))
        }
    }

    fn check_alternatives(&self, what: &str, resolution: &Resolution) -> Result<(), String> {
        for (atom, _) in resolution.atoms() {
            if let Some((target, reqs)) = self.alternatives.get(atom) {
                let fits = |it: &Version| reqs.iter().any(|req| req.matches(it));
                if !resolution.versions(target).any(fits) {
                    return Err(format!("{what}: no alternative holds"));
                }
            }
        }
        Ok(())
    }
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn check_problem(path: &Path) -> Vec<Result<(), String>> {
    let problem = read(path);
    let mut reader = Reader::default();
    reader.packages(&problem["packages"]);
    let request = reader.request(&problem["root"]);
    reader.close();
    let what = problem["id"].as_str().unwrap();
    let expected = problem["expected"].as_str().unwrap();
    vec![reader.check(what, &request, expected)]
}

fn check_queries(index: &Path) -> Vec<Result<(), String>> {
    let mut reader = Reader::default();
    reader.packages(&read(index)["packages"]);
    let expected = index
        .to_str()
        .unwrap()
        .replace(".index.json", ".expected.json");
    let expected = read(Path::new(&expected));
    let queries: Vec<_> = expected
        .as_object()
        .unwrap()
        .iter()
        .map(|(query, verdict)| {
            let (name, text) = query.split_once(' ').unwrap();
            let root = serde_json::json!([{ "name": name, "req": text }]);
            (query, reader.request(&root), verdict.as_str().unwrap())
        })
        .collect();
    reader.close();
    queries
        .into_iter()
        .map(|(query, request, verdict)| reader.check(query, &request, verdict))
        .collect()
}

/// All files below a folder, in order.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|it| it == "json") {
            found.push(path);
        }
    }
}

#[test]
fn the_suites_of_others_agree() {
    let Some(folder) = std::env::var_os("EKA_RESOLVER_PROBLEMS") else {
        eprintln!("skipped: EKA_RESOLVER_PROBLEMS names no folder of resolver problems");
        return;
    };
    let mut paths = Vec::new();
    files(Path::new(&folder), &mut paths);
    let mut results = Vec::new();
    for path in &paths {
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.ends_with(".index.json") {
            results.extend(check_queries(path));
        } else if !name.ends_with(".expected.json") {
            results.extend(check_problem(path));
        }
    }
    let wrong: Vec<_> = results.iter().filter_map(|it| it.as_ref().err()).collect();
    eprintln!("{} problems, {} of them wrong", results.len(), wrong.len());
    assert!(!results.is_empty(), "the folder holds no problem");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
