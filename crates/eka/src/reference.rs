//! Pages of the reference that are made from the code: the test suite holds them to it.

use std::fmt::Write as _;

use crate::config::{KEYS, Shape, Who};
use crate::env;
use crate::exit::Exit;

/// Every generated page: its path below `docs/reference`, and its text.
#[must_use]
pub fn pages() -> [(&'static str, String); 3] {
    [
        ("configuration.md", configuration()),
        ("environment.md", environment()),
        ("exit-codes.md", exit_codes()),
    ]
}

fn configuration() -> String {
    let mut page = CONFIGURATION.to_owned();
    for key in KEYS {
        let holds = match key.shape {
            Shape::Count => "a number",
            shape => shape.expected(),
        };
        let default = key
            .default
            .map_or_else(String::new, |it| format!("`{it}` "));
        let project = match key.who {
            Who::Anyone => "yes",
            Who::Person => "no",
            Who::Local => "`.eka/local.toml` alone",
        };
        let doc = key.doc;
        writeln!(page, "| `{key}` | {holds} | {default}| {project} | {doc} |")
            .expect("a string takes all");
    }
    page
}

fn environment() -> String {
    let mut page = ENVIRONMENT.to_owned();
    for it in env::ALL {
        let flag = it.flag.map_or_else(String::new, |it| format!("`{it}` "));
        writeln!(page, "| `{}` | {flag}| {} |", it.name, it.doc).expect("a string takes all");
    }
    page.push_str("\n## Variables of others\n\n| variable | meaning |\n|---|---|\n");
    for (name, doc) in env::HONOURED {
        writeln!(page, "| `{name}` | {doc} |").expect("a string takes all");
    }
    page.push_str(OTHER_REPOSITORIES);
    page
}

fn exit_codes() -> String {
    let mut page = String::from("# Exit codes\n\n| exit | meaning |\n|---|---|\n");
    for exit in Exit::ALL {
        writeln!(page, "| {} | {} |", exit.code(), exit.meaning()).expect("a string takes all");
    }
    page.push_str(EXITS);
    page
}

const CONFIGURATION: &str = "# Configuration

`eka config` shows what is set, and by whom.
The files are TOML, and the later prevails over the earlier:

1. `eka/config.toml` in each folder of `$XDG_CONFIG_DIRS`: the system's, `/etc/xdg/eka/config.toml`;
2. `$XDG_CONFIG_HOME/eka/config.toml`: the user's;
3. `.eka/config.toml` at the repository's top: the project's, committed;
4. `.eka/local.toml` beside it: never committed.

A variable of the [environment](environment.md) prevails over all files, and a flag over all.
A configuration that does not parse is an error.
A project's files may not set keys that decide whom to believe, where bytes come from or how much of a stranger's data is taken: such keys are ignored there, with a warning.

## Keys

| key | holds | default | a project may set it | meaning |
|---|---|---|---|---|
";

const ENVIRONMENT: &str = "# Environment

A flag prevails over a variable, and a variable over the [configuration](configuration.md).
A message that a variable caused names it.
A variable that is set to nothing counts as not set.
Switches take `1`, `true`, `yes` or `on`, and `0`, `false`, `no` or `off`.

## Variables of eka

| variable | flag | meaning |
|---|---|---|
";

const OTHER_REPOSITORIES: &str = "
Variables that name a repository to git (`GIT_DIR`, `GIT_WORK_TREE`, `GIT_INDEX_FILE` and their like) do not count: eka works in the folder that it is told.
";

const EXITS: &str = "
A command that could do nothing of what it was asked has failed; nothing left to do is success.
A closed pipe is not a failure.
Codes from 100 on are kept for builds that fail.

Under `--format json` a failure is one JSON object on stderr, of the schema `eka.diagnostic/1`.

A command that was interrupted leaves `atom.toml` and `atom.lock` as they were, or both changed.
Where it was cut short between the two, `.eka-journal` stands beside them, and the next command that opens the folder finishes the change.
";
