//! The repository one works in: discovery, revisions, remotes.

use std::fmt;
use std::path::{Path, PathBuf};

use atom::ObjectId;
use gix::bstr::{BStr, BString, ByteSlice as _};
use gix::sec::trust::Mapping;
use miette::Diagnostic;
use thiserror::Error;

use crate::git::git;
use crate::history::{History, Unreachable};
use crate::objects::{ObjectError, Objects, from_gix};
use crate::transport_config;

/// A repository on this machine.
///
/// Replace refs are off. What the environment says of another repository (`GIT_DIR` and its like)
/// does not count. Cheap to clone; each thread has its own.
#[derive(Clone)]
pub struct Repo {
    inner: gix::ThreadSafeRepository,
    objects: Objects,
    prefix: Option<PathBuf>,
}

/// How repositories are opened.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Configuration above all else, as `git -c` takes it: `core.sshCommand=ssh -i key`.
    pub config: Vec<String>,
    /// What of the user's world counts.
    pub environment: Environment,
}

/// What of the user's world counts when a repository is opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Environment {
    /// The user's and the system's configuration, proxies, `SSH_*`; never what names a repository.
    #[default]
    User,
    /// The repository's own configuration alone.
    Nothing,
}

/// What a configured remote says of its URLs, as the configuration has them: `insteadOf` is not
/// applied, and relative paths are made absolute as git reads them (from the work tree's top).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// Where to list and fetch.
    pub fetch: String,
    /// Where to push: each `pushurl`, else each `url`.
    pub push: Vec<String>,
}

/// A path that differs from the commit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// The path from the work tree's top; bytes that are no UTF-8 are replaced.
    pub path: String,
    /// In which way.
    pub kind: ChangeKind,
}

/// In which way a path differs from the commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// Staged, changed or removed.
    Changed,
    /// Not known to git, and not ignored.
    Untracked,
}

/// Why a repository does not answer.
#[derive(Debug, Error, Diagnostic)]
#[non_exhaustive]
pub enum RepoError {
    /// No folder from there up is a repository.
    #[error("`{}` is in no git repository", folder.display())]
    #[diagnostic(
        code(eka::repo::none),
        help(
            "run the command inside a repository, name one by `-C DIR`, or make one by `git init`"
        )
    )]
    None {
        /// Where the search began.
        folder: PathBuf,
    },
    /// The repository's objects have SHA-256 ids.
    #[error("`{}` is a SHA-256 repository", git_dir.display())]
    #[diagnostic(
        code(eka::repo::sha256),
        help("atoms are published from SHA-1 repositories alone: `git init --object-format=sha1`")
    )]
    Sha256 {
        /// Its git folder.
        git_dir: PathBuf,
    },
    /// The repository belongs to somebody else, so that its configuration cannot be trusted.
    #[error("`{}` is owned by another user", git_dir.display())]
    #[diagnostic(
        code(eka::repo::owner),
        help("if you trust it: `git config --global --add safe.directory <its folder>`")
    )]
    Owner {
        /// Its git folder.
        git_dir: PathBuf,
    },
    /// The repository is there, and cannot be opened.
    #[error("`{}` cannot be opened as a git repository", git_dir.display())]
    #[diagnostic(code(eka::repo::open), help("`git status` there tells what is wrong"))]
    Open {
        /// Its git folder.
        git_dir: PathBuf,
        /// What went wrong.
        source: gix::Error,
    },
    /// `HEAD` points at a branch that has no commit.
    #[error("the repository has no commits yet")]
    #[diagnostic(
        code(eka::repo::unborn),
        help("commit first: `git add . && git commit`")
    )]
    NoCommits,
    /// The revision names nothing, or more than one thing.
    #[error("`{rev}` names no revision here")]
    #[diagnostic(
        code(eka::repo::revision),
        help("`git rev-parse --verify {rev}^{{commit}}` must succeed")
    )]
    Revision {
        /// What was given.
        rev: String,
        /// What went wrong.
        source: gix::Error,
    },
    /// The revision is a tree or a blob.
    #[error("`{rev}` is no commit")]
    #[diagnostic(
        code(eka::repo::not_a_commit),
        help("name a commit, a branch or a tag")
    )]
    NotACommit {
        /// What was given.
        rev: String,
    },
    /// There is no remote of that name.
    #[error("there is no remote `{name}`")]
    #[diagnostic(
        code(eka::repo::no_remote),
        help("{}", if known.is_empty() {
            format!("add one: `git remote add {name} URL`")
        } else {
            format!("the remotes are: {}", known.join(", "))
        })
    )]
    NoRemote {
        /// What was given.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// There is no work tree where one is needed.
    #[error("`{}` is a bare repository: it has no work tree", git_dir.display())]
    #[diagnostic(
        code(eka::repo::bare),
        help("name a revision by `--rev`, or work in a clone")
    )]
    Bare {
        /// Its git folder.
        git_dir: PathBuf,
    },
    /// The list of shallow commits cannot be read.
    #[error("whether the clone is shallow cannot be told")]
    #[diagnostic(code(eka::repo::shallow))]
    ShallowFile {
        /// What went wrong.
        source: gix::Error,
    },
    /// A `git` process cannot be started.
    #[error("cannot run `git`")]
    #[diagnostic(
        code(eka::repo::git),
        help("install git, at least 2.39, and have it in `PATH`")
    )]
    Git {
        /// What the operating system says.
        source: std::io::Error,
    },
    /// `git status` failed.
    #[error("`git status` failed: {message}")]
    #[diagnostic(code(eka::repo::status))]
    Status {
        /// What it said.
        message: String,
    },
    /// An object is missing or damaged.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Object(#[from] ObjectError),
}

impl Repo {
    /// Finds the repository that `folder` lies in: a work tree, a linked work tree, a bare
    /// repository, or any folder below.
    ///
    /// # Errors
    ///
    /// [`RepoError::None`], [`RepoError::Sha256`], [`RepoError::Owner`], [`RepoError::Open`].
    pub fn discover(folder: &Path, options: &Options) -> Result<Self, RepoError> {
        let found = gix::discover::upwards(folder);
        let (path, _) = found.map_err(|_| RepoError::None {
            folder: folder.to_owned(),
        })?;
        let (git_dir, _) = path.into_repository_and_work_tree_directories();
        if is_sha256(&git_dir) {
            return Err(RepoError::Sha256 { git_dir });
        }
        let discovered = gix::ThreadSafeRepository::discover_opts(
            folder,
            gix::discover::upwards::Options::default(),
            options.as_mapping(),
        );
        let inner = discovered.map_err(|source| {
            let git_dir = git_dir.clone();
            if source.is_permission_denied() {
                RepoError::Owner { git_dir }
            } else {
                RepoError::Open { git_dir, source }
            }
        })?;
        let objects = Objects::open(&inner.to_thread_local().common_dir().join("objects"))?;
        let prefix = inner.work_dir().and_then(|top| below(top, folder));
        Ok(Self {
            inner,
            objects,
            prefix,
        })
    }

    /// The work tree's top; none in a bare repository.
    #[must_use]
    pub fn work_dir(&self) -> Option<&Path> {
        self.inner.work_dir()
    }

    /// The git folder of this work tree.
    #[must_use]
    pub fn git_dir(&self) -> &Path {
        self.inner.refs.git_dir()
    }

    /// The git folder that all work trees share.
    #[must_use]
    pub fn common_dir(&self) -> PathBuf {
        self.local().common_dir().to_owned()
    }

    /// The folder that the search began in, from the work tree's top; empty for the top itself,
    /// none in a bare repository.
    #[must_use]
    pub fn prefix(&self) -> Option<&Path> {
        self.prefix.as_deref()
    }

    /// The objects, and those of the alternates.
    #[must_use]
    pub const fn objects(&self) -> &Objects {
        &self.objects
    }

    /// The commits.
    #[must_use]
    pub fn history(&self) -> History {
        History::new(&self.objects)
    }

    /// The commit that `HEAD` leads to.
    ///
    /// # Errors
    ///
    /// As [`Repo::resolve`].
    pub fn head(&self) -> Result<ObjectId, RepoError> {
        self.resolve("HEAD")
    }

    /// The commit that a revision names, as `git rev-parse REV^{commit}` has it.
    ///
    /// # Errors
    ///
    /// [`RepoError::NoCommits`] for `HEAD` before the first commit, [`RepoError::Revision`],
    /// [`RepoError::NotACommit`].
    pub fn resolve(&self, rev: &str) -> Result<ObjectId, RepoError> {
        let repo = self.local();
        let unborn = || repo.head().is_ok_and(|it| it.is_unborn());
        let found = repo.rev_parse_single(rev).and_then(|it| it.object());
        let object = found.map_err(|source| match rev {
            "HEAD" | "@" if unborn() => RepoError::NoCommits,
            _ => RepoError::Revision {
                rev: rev.to_owned(),
                source,
            },
        })?;
        let commit = object.peel_to_commit();
        commit
            .map(|it| from_gix(&it.id))
            .map_err(|_| RepoError::NotACommit {
                rev: rev.to_owned(),
            })
    }

    /// Whether the clone lacks the beginning of its history.
    ///
    /// # Errors
    ///
    /// [`RepoError::ShallowFile`].
    pub fn is_shallow(&self) -> Result<bool, RepoError> {
        let shallow = self.local().is_shallow();
        shallow.map_err(|source| RepoError::ShallowFile { source })
    }

    /// The names of the configured remotes, sorted.
    #[must_use]
    pub fn remotes(&self) -> Vec<String> {
        let names = self.local().remote_names();
        names.iter().map(|it| it.to_string()).collect()
    }

    /// The URLs of a configured remote.
    ///
    /// # Errors
    ///
    /// [`RepoError::NoRemote`], also where the remote has no URL.
    pub fn remote(&self, name: &str) -> Result<Remote, RepoError> {
        let repo = self.local();
        let config = repo.config_snapshot();
        let urls = |key| {
            let values = config
                .plumbing()
                .strings_by("remote", Some(name.into()), key);
            // An empty value takes back what came before it.
            let values = values.unwrap_or_default();
            let start = values.iter().rposition(|it| it.is_empty());
            let values = &values[start.map_or(0, |it| it + 1)..];
            values
                .iter()
                .map(|it| self.absolute(it.as_ref(), config.plumbing()))
                .collect::<Vec<_>>()
        };
        let (url, push) = (urls("url"), urls("pushurl"));
        let Some(fetch) = url.first().cloned() else {
            return Err(RepoError::NoRemote {
                name: name.to_owned(),
                known: self.remotes(),
            });
        };
        let push = if push.is_empty() { url } else { push };
        Ok(Remote { fetch, push })
    }

    /// What differs from `HEAD` in the work tree at or below `paths`; everywhere for none.
    ///
    /// # Errors
    ///
    /// [`RepoError::Bare`], [`RepoError::Git`], [`RepoError::Status`].
    pub fn changes(&self, paths: &[&str]) -> Result<Vec<Change>, RepoError> {
        let top = self.work_dir().ok_or_else(|| RepoError::Bare {
            git_dir: self.git_dir().to_owned(),
        })?;
        let mut command = git(top);
        command.args(["--literal-pathspecs", "status", "--porcelain=v2", "-z"]);
        command.args(["--untracked-files=all", "--no-renames", "--"]);
        let output = command.args(paths).output();
        let output = output.map_err(|source| RepoError::Git { source })?;
        if !output.status.success() {
            let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(RepoError::Status { message });
        }
        Ok(parse_status(&output.stdout))
    }

    /// As [`History::is_ancestor`].
    ///
    /// # Errors
    ///
    /// [`RepoError::Object`].
    pub fn is_ancestor(&self, ancestor: ObjectId, commit: ObjectId) -> Result<bool, RepoError> {
        Ok(self.history().is_ancestor(ancestor, commit)?)
    }

    /// As [`History::unreachable_from`].
    ///
    /// # Errors
    ///
    /// [`RepoError::Object`].
    pub fn unreachable_from(
        &self,
        commit: ObjectId,
        tips: &[ObjectId],
    ) -> Result<Unreachable, RepoError> {
        Ok(self.history().unreachable_from(commit, tips)?)
    }

    /// What the repository's own configuration says of transports, as configuration text.
    pub(crate) fn transport_config(&self) -> String {
        transport_config::print(self.local().config_snapshot().plumbing())
    }

    /// A handle for this thread.
    pub(crate) fn local(&self) -> gix::Repository {
        self.inner.to_thread_local()
    }

    /// A URL that is a relative path, made absolute.
    fn absolute(&self, url: &BStr, config: &gix::config::File) -> String {
        let text = url.to_str_lossy().into_owned();
        if !is_relative_path(url) || is_rewritten(url, config) {
            return text;
        }
        let base = self.work_dir().unwrap_or_else(|| self.git_dir());
        let base = std::path::absolute(base).unwrap_or_else(|_| base.to_owned());
        base.join(text).to_string_lossy().into_owned()
    }
}

impl Options {
    /// What gix needs to open a repository of that kind of trust.
    pub(crate) fn as_mapping(&self) -> Mapping<gix::open::Options> {
        Mapping {
            full: self.as_gix(),
            reduced: self.as_gix(),
        }
    }

    /// What gix needs to open a repository.
    pub(crate) fn as_gix(&self) -> gix::open::Options {
        let mut permissions = match self.environment {
            Environment::User => gix::open::Permissions::all(),
            Environment::Nothing => gix::open::Permissions::isolated(),
        };
        // `GIT_WORK_TREE`, `GIT_INDEX_FILE`, `GIT_SHALLOW_FILE`, `GIT_REPLACE_REF_BASE`.
        permissions.env.git_prefix = gix::sec::Permission::Deny;
        permissions.env.objects = gix::sec::Permission::Deny;
        let ours = "core.useReplaceRefs=false".to_owned();
        let config = self.config.iter().cloned().chain([ours]);
        gix::open::Options::default()
            .permissions(permissions)
            .bail_if_untrusted(true)
            .config_overrides(config.map(BString::from))
    }
}

impl fmt::Debug for Repo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Repo").field(&self.git_dir()).finish()
    }
}

/// The way from `top` down to `folder`.
fn below(top: &Path, folder: &Path) -> Option<PathBuf> {
    let (top, folder) = (top.canonicalize().ok()?, folder.canonicalize().ok()?);
    folder.strip_prefix(top).ok().map(Path::to_owned)
}

/// Whether the repository says that its objects have SHA-256 ids.
fn is_sha256(git_dir: &Path) -> bool {
    let common = std::fs::read_to_string(git_dir.join("commondir"));
    let common = common.map_or_else(
        |_| git_dir.to_owned(),
        |it| git_dir.join(it.trim_end_matches('\n')),
    );
    let config =
        gix::config::File::from_path_no_includes(common.join("config"), gix::config::Source::Local);
    config.is_ok_and(|it| {
        it.string("extensions.objectFormat")
            .is_some_and(|format| format.eq_ignore_ascii_case(b"sha256"))
    })
}

/// Whether git reads the URL as a path, and as a relative one (`connect.c`,
/// `url_is_local_not_ssh`).
fn is_relative_path(url: &BStr) -> bool {
    let slash = url.find_byte(b'/').unwrap_or(url.len());
    !url.starts_with(b"/") && url.find_byte(b':').is_none_or(|colon| slash < colon)
}

/// Whether an `insteadOf` makes something else of the URL.
fn is_rewritten(url: &BStr, config: &gix::config::File) -> bool {
    let sections = config.sections_by_name("url").into_iter().flatten();
    sections
        .flat_map(|it| [it.values("insteadOf"), it.values("pushInsteadOf")])
        .flatten()
        .any(|prefix| url.starts_with(prefix.as_ref()))
}

/// Reads what `git status --porcelain=v2 -z --no-renames` prints.
fn parse_status(output: &[u8]) -> Vec<Change> {
    let records = output.split(|&it| it == 0);
    let changes = records.filter_map(|record| {
        // The number of fields before the path, by the kind of record (git-status(1)).
        let (kind, fields) = match record.first()? {
            b'1' => (ChangeKind::Changed, 8),
            b'u' => (ChangeKind::Changed, 10),
            b'?' => (ChangeKind::Untracked, 1),
            _ => return None,
        };
        let path = record.splitn(fields + 1, |&it| it == b' ').nth(fields)?;
        let path = String::from_utf8_lossy(path).into_owned();
        Some(Change { path, kind })
    });
    changes.collect()
}
