//! What is told of patches.

use miette::Diagnostic;
use thiserror::Error;

use super::FILE;

/// Something that one should know while patches are active.
#[derive(Debug, Clone, PartialEq, Eq, Error, Diagnostic)]
#[non_exhaustive]
pub enum PatchWarning {
    /// There are patches.
    #[error("{}", listed(patches))]
    #[diagnostic(
        severity(warning),
        code(eka::patch::active),
        help(
            "locks lie in `.eka/patched` meanwhile, and `atom.lock` stays as it is; to end it take the patches out of `{FILE}`"
        )
    )]
    Active {
        /// A line each.
        patches: Vec<String>,
    },
    /// The file may be committed by accident.
    #[error("git does not ignore `{FILE}`")]
    #[diagnostic(
        severity(warning),
        code(eka::patch::not_ignored),
        help(
            "add the line `/{FILE}` to `.gitignore`: what it holds is about this work tree alone"
        )
    )]
    NotIgnored,
    /// A patch changes nothing.
    #[error("the patch `{name}` is not used: {why}")]
    #[diagnostic(
        severity(warning),
        code(eka::patch::unused),
        help("take it out of `{FILE}`, or name the set as `[sets]` of `atom.toml` does")
    )]
    Unused {
        /// `<set>.<id>`.
        name: String,
        /// Why it is not.
        why: String,
    },
}

/// How many there are, and which, a line each.
pub(super) fn listed(patches: &[String]) -> String {
    let count = match patches.len() {
        1 => "1 patch is active".to_owned(),
        n => format!("{n} patches are active"),
    };
    let lines: String = patches.iter().map(|it| format!("\n    {it}")).collect();
    format!("{count}{lines}")
}
