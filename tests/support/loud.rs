//! Saying that something was not tested, so that nobody can miss it.

use std::io::Write as _;
use std::path::PathBuf;

/// Programs that tests look with, that not every developer has, and that `.ci/run` installs.
pub const INSTALLED_IN_CI: [&str; 6] = ["curl", "git-lfs", "groff", "python3", "unzip", "zsh"];

/// Says it on the real stderr: the harness catches what a passing test prints, but not this.
pub fn loud(what: &str) {
    let _ = writeln!(std::io::stderr().lock(), "\n!! {what}\n");
}

/// For tests that need what a developer may not have, and `.ci/run` installs: says loudly that they were skipped.
/// Where `CI` is set it has to be there, and its absence fails. What no package brings, such as namespaces of
/// one's own, is only [`loud`].
#[track_caller]
pub fn skipped(test: &str, why: &str) {
    assert!(!in_ci(), "{test} cannot run, and CI is set: {why}");
    loud(&format!("SKIPPED {test}: {why}"));
}

/// Whether these programs are here. If one is not, that is told as by [`skipped`].
#[track_caller]
pub fn have<const MANY: usize>(programs: [&str; MANY], test: &str) -> bool {
    programs.iter().all(|program| find(program, test).is_some())
}

/// Where a program is. If it is not here, that is told: as by [`skipped`] if CI has it, else loudly.
#[track_caller]
pub fn find(program: &str, test: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&folders).chain([PathBuf::from("/usr/sbin")]);
    let found = folders.map(|folder| folder.join(program)).find(|path| path.exists());
    let why = format!("there is no `{program}` here");
    match &found {
        None if INSTALLED_IN_CI.contains(&program) => skipped(test, &why),
        None => loud(&format!("SKIPPED {test}: {why}")),
        Some(_) => {}
    }
    found
}

/// `CI=1` is as good as `CI=true`; not to be strict has to be asked for.
fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !["", "0", "false"].iter().any(|no| value == *no))
}
