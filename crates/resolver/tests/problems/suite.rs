//! Problem suites as JSON: a pair `N.index.json` and `N.expected.json` is an index with queries,
//! any other `*.json` one problem.
//!
//! Names that a suite uses need not be ids, and alternatives (`||`) are no requirement of ours: an
//! alternative becomes an atom of its own whose versions each ask for one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use atom::{AtomId, Id, Requirement, Version};
use resolver::{Dependency, Exclusion, Request, RootRequirement, Spec, Universe};
use serde_json::{Map, Value};

use crate::language::{Problem, atom, version};
use crate::own::Own;

/// A verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    Sat,
    Unsat,
}

/// A question to an index.
pub(crate) struct Query {
    pub(crate) name: String,
    pub(crate) request: Request,
    /// With one version of each atom.
    pub(crate) expected: Option<Expected>,
    /// With one version of each bucket.
    pub(crate) expected_multi: Option<Expected>,
}

/// An index with its queries.
#[derive(Default)]
pub(crate) struct Suite {
    pub(crate) universe: Universe,
    pub(crate) queries: Vec<Query>,
    /// For each stand-in, the atom meant and what may be required of it.
    pub(crate) alternatives: BTreeMap<AtomId, (AtomId, Vec<Requirement>)>,
    /// Tells this problem from others of its name.
    pub(crate) fingerprint: String,
    ids: BTreeMap<String, AtomId>,
}

/// All problems below a folder, in order.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut todo) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = todo.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                todo.push(path);
            } else if name.ends_with(".json") && !name.ends_with(".expected.json") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

pub(crate) fn text(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}

fn json(path: &Path) -> Value {
    let text = text(path).unwrap_or_else(|| panic!("{} cannot be read", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|it| panic!("{}: {it}", path.display()))
}

impl Suite {
    /// Reads a file of a suite, and beside an index its queries.
    pub(crate) fn read(path: &Path) -> Self {
        let problem = json(path);
        let mut suite = Self::default();
        suite.packages(&problem["packages"]);
        let name = path.to_str().unwrap();
        let asked = match name.strip_suffix(".index.json") {
            Some(stem) => {
                let asked = json(Path::new(&format!("{stem}.expected.json")));
                for (query, expected) in asked.as_object().unwrap() {
                    suite.query(query, expected);
                }
                asked.to_string()
            }
            None => {
                let name = problem["id"].as_str().unwrap_or(name);
                let request = suite.request(&problem);
                suite.ask(name, request, &problem);
                problem["root"].to_string()
            }
        };
        suite.fingerprint = fingerprint(&format!("{}{asked}", problem["packages"]));
        // What is asked for and stands nowhere does not exist.
        for id in suite.ids.values() {
            if suite.universe.versions(id).is_none() {
                suite.universe.list(id.clone(), []);
            }
        }
        suite
    }

    /// A problem of our own.
    pub(crate) fn own(own: &Own) -> Self {
        let Problem { universe, request } = Problem::read(own.problem);
        let query = Query {
            name: own.name.to_owned(),
            request,
            expected: Some(own.expected),
            expected_multi: Some(own.expected_multi),
        };
        Self {
            universe,
            queries: vec![query],
            ..Self::default()
        }
    }

    /// A name's id: itself, where it is one.
    fn id(&mut self, name: &str) -> AtomId {
        let n_ids = self.ids.len();
        let own = || match name.parse::<Id>() {
            Ok(_) => atom(name),
            Err(_) => atom(&format!("package-{n_ids}")),
        };
        self.ids.entry(name.to_owned()).or_insert_with(own).clone()
    }

    fn dependency(&mut self, name: &str, text: &str) -> Dependency {
        let target = self.id(name);
        let reqs: Vec<_> = text.split("||").map(requirement).collect();
        if let [one] = reqs.as_slice() {
            return Dependency {
                atom: target,
                req: one.clone(),
            };
        }
        let stand_in = self.id(&format!("{name} or {}", self.alternatives.len()));
        let versions = (1..=reqs.len()).map(|it| version(&format!("{it}.0.0")));
        self.universe.list(stand_in.clone(), versions.clone());
        // The first alternative is the first choice.
        for (version, req) in versions.rev().zip(&reqs) {
            let needs = Dependency {
                atom: target.clone(),
                req: req.clone(),
            };
            let spec = Spec::Known(vec![needs]);
            self.universe.set_spec(&stand_in, &version, spec);
        }
        self.alternatives.insert(stand_in.clone(), (target, reqs));
        Dependency {
            atom: stand_in,
            req: Requirement::any(),
        }
    }

    /// `[{name, req}]`, or `{name: req}`.
    fn dependencies(&mut self, value: &Value) -> Vec<Dependency> {
        let text = |it: &Value| it.as_str().unwrap_or("*").to_owned();
        let listed = value.as_array().into_iter().flatten();
        let listed = listed.map(|it| (text(&it["name"]), text(&it["req"])));
        let named = value.as_object().into_iter().flatten();
        let named = named.map(|(name, it)| (name.clone(), text(it)));
        let all: Vec<_> = listed.chain(named).collect();
        all.iter()
            .map(|(name, req)| self.dependency(name, req))
            .collect()
    }

    fn packages(&mut self, packages: &Value) {
        let none = Map::new();
        for (name, versions) in packages.as_object().unwrap_or(&none) {
            let id = self.id(name);
            let versions = versions.as_object().unwrap_or(&none);
            let listed = versions.keys().map(|it| full_version(it));
            self.universe.list(id.clone(), listed);
            for (text, facts) in versions {
                let needs = self.dependencies(&facts["deps"]);
                let is_yanked = !matches!(facts["yanked"], Value::Null | Value::Bool(false));
                let version = full_version(text);
                self.universe.set_spec(&id, &version, Spec::Known(needs));
                if is_yanked {
                    self.universe.exclude(&id, &version, Exclusion::Yanked);
                }
            }
        }
    }

    /// The roots, and what is locked: `{name: version}`, `{name: [version]}` or
    /// `[{name, version}]`.
    fn request(&mut self, problem: &Value) -> Request {
        let mut request = Request::default();
        let roots = self.dependencies(&problem["root"]).into_iter().enumerate();
        request.roots = roots
            .map(|(token, Dependency { atom, req })| RootRequirement { atom, req, token })
            .collect();
        let locked = &problem["locked"];
        let listed = locked.as_array().into_iter().flatten();
        let listed = listed.filter_map(|it| Some((it["name"].as_str()?, &it["version"])));
        let named = locked.as_object().into_iter().flatten();
        let named = named.map(|(name, it)| (name.as_str(), it));
        for (name, versions) in listed.chain(named) {
            let versions = versions
                .as_array()
                .map_or(std::slice::from_ref(versions), Vec::as_slice);
            let versions = versions.iter().filter_map(Value::as_str).map(full_version);
            let id = self.id(name);
            request.locked.entry(id).or_default().extend(versions);
        }
        request
    }

    /// A query such as `p13 =1.10.0`.
    fn query(&mut self, query: &str, expected: &Value) {
        let (name, req) = query.split_once(' ').unwrap_or((query, "*"));
        let root = serde_json::json!({ "root": [{ "name": name, "req": req }] });
        let request = self.request(if expected["root"].is_null() {
            &root
        } else {
            expected
        });
        self.ask(query, request, expected);
    }

    fn ask(&mut self, name: &str, request: Request, expected: &Value) {
        let verdict = |key| match expected.as_str().or(expected[key].as_str()) {
            Some("sat") => Some(Expected::Sat),
            Some("unsat") => Some(Expected::Unsat),
            _ => None,
        };
        let one = verdict("expected");
        // One verdict alone is that with one version; an answer then is one with several too.
        let several = match expected {
            Value::String(_) => one.filter(|it| *it == Expected::Sat),
            _ => verdict("expected_multi"),
        };
        self.queries.push(Query {
            name: name.to_owned(),
            request,
            expected: one,
            expected_multi: several,
        });
    }
}

fn requirement(text: &str) -> Requirement {
    let text = text.trim();
    if text.is_empty() {
        return Requirement::any();
    }
    text.parse().unwrap_or_else(|it| panic!("{it}"))
}

/// A version, with zeros where a suite leaves parts out.
fn full_version(text: &str) -> Version {
    let tries = [text.to_owned(), format!("{text}.0"), format!("{text}.0.0")];
    let found = tries.iter().find_map(|it| it.parse().ok());
    found.unwrap_or_else(|| panic!("`{text}` is no version"))
}

/// FNV-1a: the same everywhere, for ever.
fn fingerprint(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}
