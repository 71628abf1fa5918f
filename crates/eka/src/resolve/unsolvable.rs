//! There is no answer: why, where in the manifest, and which commands would help.

use std::error::Error;
use std::fmt;

use atom::Requirement;
use atom::manifest::{Dep, SetPlace};
use atom::url::RepoUrl;
use miette::{Diagnostic, LabeledSpan};
use resolver::{Conflict, Suggestion};
use thiserror::Error;

use super::{Options, Top};
use crate::why;

/// No set of versions holds together.
#[derive(Debug)]
#[non_exhaustive]
pub struct Unsolvable {
    /// Why not.
    pub conflict: Box<Conflict>,
    /// Where the requirements that take part stand in the manifest.
    pub labels: Vec<LabeledSpan>,
    /// What would help, one line each: a command, or what to write.
    pub help: Vec<String>,
    headline: String,
    tree: Option<Tree>,
    /// Which of the manifests `labels` point into.
    pub(super) top: usize,
}

impl Unsolvable {
    /// A conflict between requirements of these manifests.
    pub(super) fn new(conflict: Box<Conflict>, tops: &[Top], options: &Options) -> Self {
        let places: Vec<Place<'_>> = tops.iter().enumerate().flat_map(places).collect();
        let roots = conflict.roots.iter();
        let roots = roots.filter_map(|(token, label)| Some((places.get(*token)?, label)));
        let roots: Vec<_> = roots.filter(|(it, _)| !it.dep.span.is_empty()).collect();
        // Spans are of one text: that of the manifest with the requirement in the heart of it.
        let top = roots.first().map_or(0, |(it, _)| it.at);
        let labels = roots.iter().filter(|(it, _)| it.at == top);
        let labels = labels.map(|(it, label)| {
            LabeledSpan::new_with_span(Some((*label).clone()), it.dep.span.clone())
        });
        let words = Words {
            conflict: &conflict,
            places: &places,
            options,
            denied: tops.iter().any(Top::denies_duplicates),
        };
        let help = conflict.suggestions.iter().filter_map(|it| words.line(it));
        let text = told(&conflict, options);
        let (headline, tree) = text.split_once('\n').unwrap_or((&text, ""));
        Self {
            headline: headline.to_owned(),
            tree: (!tree.is_empty()).then(|| Tree(tree.to_owned())),
            labels: labels.collect(),
            help: help.collect(),
            top,
            conflict,
        }
    }
}

/// A conflict in words, in which what a command forces is not what the manifest requires.
fn told(conflict: &Conflict, options: &Options) -> String {
    let mut text = conflict.text().trim_end().to_owned();
    for (atom, req) in &options.forced {
        let version = req.to_string();
        let version = version.strip_prefix('=').and_then(|it| it.parse().ok());
        if let Some(version) = version {
            text = why::told(&text, &conflict.name(atom), &version).join("\n");
        }
    }
    text
}

/// The tree below a headline.
#[derive(Debug, Error)]
#[error("{0}")]
struct Tree(String);

/// A dependency of one of the manifests.
struct Place<'a> {
    at: usize,
    top: &'a Top,
    dep: &'a Dep,
    unsaved: bool,
}

fn places<'a>((at, top): (usize, &'a Top)) -> impl Iterator<Item = Place<'a>> {
    let deps = top.manifest.deps.iter().enumerate();
    deps.map(move |(position, dep)| Place {
        at,
        top,
        dep,
        unsaved: top.unsaved.contains(&position),
    })
}

/// Puts suggestions into words.
struct Words<'a> {
    conflict: &'a Conflict,
    places: &'a [Place<'a>],
    options: &'a Options,
    /// Whether a manifest forbids several majors of one atom.
    denied: bool,
}

impl Words<'_> {
    fn line(&self, suggestion: &Suggestion) -> Option<String> {
        match suggestion {
            Suggestion::Require { token, req, .. } => {
                let place = self.places.get(*token)?;
                let command = place.add(req)?;
                Some(format!("use `{req}`: `{command}`"))
            }
            Suggestion::Drop { token, .. } => {
                let place = self.places.get(*token).filter(|it| !it.unsaved)?;
                let (name, command) = (&place.dep.id, place.remove());
                Some(format!("do without `{name}`: `{command}`"))
            }
            Suggestion::AllowYanked { atom, version } => {
                let (name, command) = (self.conflict.name(atom), &self.options.command);
                Some(format!(
                    "allow the yanked `{name}@{version}` once: `{command} --allow-yanked`"
                ))
            }
            // Where no manifest forbids them, there is no answer with them either.
            Suggestion::AllowDuplicates { atoms } if self.denied => {
                let names: Vec<_> = atoms
                    .iter()
                    .map(|it| format!("`{}`", self.conflict.name(it)))
                    .collect();
                Some(format!(
                    "allow several majors of {}: write `duplicates = \"allow\"` under `[atom]`",
                    names.join(" and ")
                ))
            }
            _ => None,
        }
    }
}

impl Place<'_> {
    /// The command that gives the dependency another requirement.
    fn add(&self, req: &Requirement) -> Option<String> {
        let place = &self.top.manifest.set_of(self.dep)?.place;
        let set = place.origin().map(RepoUrl::public);
        let set = set.map_or_else(String::new, |it| it.to_string());
        let uri = quoted(&format!("{set}::{}@{req}", self.dep.id));
        // Of several sets at one place the name says which is meant.
        let alike = self.top.manifest.sets.values().filter(|it| match place {
            SetPlace::Here => it.place == SetPlace::Here,
            SetPlace::At { origin, .. } => {
                it.place.origin().is_some_and(|it| it.key() == origin.key())
            }
        });
        let named = match alike.count() {
            0 | 1 => String::new(),
            _ => format!(" --set {}", self.dep.set),
        };
        Some(format!("eka{} add {uri}{named}", self.top.at))
    }

    /// The command that removes it.
    fn remove(&self) -> String {
        let id = &self.dep.id;
        let deps = &self.top.manifest.deps;
        let name = match deps.iter().filter(|it| it.id == *id).count() {
            0 | 1 => id.to_string(),
            _ => format!("{}.{id}", self.dep.set),
        };
        format!("eka{} remove {name}", self.top.at)
    }
}

/// An argument as a shell takes it.
pub(crate) fn quoted(argument: &str) -> String {
    let plain = |it: char| it.is_alphanumeric() || "@%+=:,./_-^".contains(it);
    if !argument.is_empty() && argument.chars().all(plain) {
        return argument.to_owned();
    }
    format!("'{}'", argument.replace('\'', "'\\''"))
}

/// The headline; what led to it is the cause.
impl fmt::Display for Unsolvable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline)
    }
}

impl Error for Unsolvable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.tree.as_ref().map(|it| it as &(dyn Error + 'static))
    }
}

impl Diagnostic for Unsolvable {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new("eka::resolver::unsolvable"))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.help.join("\n");
        (!help.is_empty()).then(|| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}
