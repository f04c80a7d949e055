//! What is taken from the user's own git configuration, and nothing else.
//!
//! People have `url.<base>.insteadOf` (a mirror, or ssh instead of https) and an ssh command of
//! their own; both decide *where* to fetch from. Credential helpers, askpass, extra headers, hooks and
//! everything else are not read: they could leak, prompt or run programs.

use std::ffi::OsString;
use std::path::Path;

use gix::config::{File, Source, file::Metadata};

/// The parts of the user's git configuration that fetches honour. `default()` is none.
#[derive(Debug, Clone, Default)]
pub struct UserGit {
    /// Prefix of an address, and what to put in its place.
    instead_of: Vec<(String, String)>,
    ssh: Option<Ssh>,
}

/// What to run instead of `ssh`.
#[derive(Debug, Clone)]
pub(super) enum Ssh {
    /// For a shell to read, as in `GIT_SSH_COMMAND` and `core.sshCommand`.
    Line(String),
    /// As in `GIT_SSH`.
    Program(OsString),
}

impl UserGit {
    /// Reads the system's and the user's git configuration, from where `variable` says they are
    /// (`GIT_CONFIG_NOSYSTEM`, `GIT_CONFIG_SYSTEM`, `GIT_CONFIG_GLOBAL`, `XDG_CONFIG_HOME`, `HOME`), and
    /// `GIT_SSH_COMMAND` and `GIT_SSH`. See git-config(1). Files that cannot be read or parsed count as absent.
    #[must_use]
    pub fn read(variable: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let mut found = Self::default();
        let home = variable("HOME");
        let mut seen = Vec::new();
        for source in [Source::System, Source::Git, Source::User] {
            let Some(path) = source.storage_location(&mut |name| variable(name)) else { continue };
            // `GIT_CONFIG_GLOBAL` names one file for both of the user's places.
            if seen.contains(&path) || !path.is_file() {
                continue;
            }
            seen.push(path.clone());
            let meta = Metadata { path: Some(path), source, level: 0, trust: gix::sec::Trust::Full };
            let includes = gix::config::file::includes::Options::follow_without_conditional(
                home.as_deref().map(Path::new),
            );
            let options = gix::config::file::init::Options { includes, ..Default::default() };
            if let Ok(Some(file)) = File::from_paths_metadata([meta], options) {
                found.take_from(&file);
            }
        }
        let set = |name| variable(name).filter(|value| !value.is_empty());
        if let Some(line) = set("GIT_SSH_COMMAND").and_then(|line| line.into_string().ok()) {
            found.ssh = Some(Ssh::Line(line));
        } else if found.ssh.is_none() {
            found.ssh = set("GIT_SSH").map(Ssh::Program);
        }
        found
    }

    fn take_from(&mut self, file: &File) {
        for section in file.sections_by_name("url").into_iter().flatten() {
            let Some(base) = section.header().subsection_name().map(ToString::to_string) else { continue };
            for prefix in section.values("insteadOf") {
                self.instead_of.push((prefix.to_string(), base.clone()));
            }
        }
        for section in file.sections_by_name("core").into_iter().flatten() {
            if section.header().subsection_name().is_none()
                && let Some(command) = section.values("sshCommand").pop()
            {
                self.ssh = Some(Ssh::Line(command.to_string()));
            }
        }
    }

    /// The address to fetch from: the longest prefix that matches is replaced, as git does it.
    pub(super) fn rewrite(&self, url: &str) -> String {
        let longest = self
            .instead_of
            .iter()
            .filter(|(prefix, _)| !prefix.is_empty() && url.starts_with(prefix))
            .max_by_key(|(prefix, _)| prefix.len());
        match longest {
            Some((prefix, base)) => format!("{base}{}", &url[prefix.len()..]),
            None => url.to_owned(),
        }
    }

    pub(super) fn ssh(&self) -> Option<&Ssh> {
        self.ssh.as_ref()
    }
}
