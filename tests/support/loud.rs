//! Saying that something was not tested, so that nobody can miss it.

use std::io::Write as _;

/// Says it on the real stderr: the harness catches what a passing test prints, but not this.
pub fn loud(what: &str) {
    let _ = writeln!(std::io::stderr().lock(), "\n!! {what}\n");
}

/// For tests that need what a developer may not have: says loudly that they were skipped. Where `CI`
/// is `true` everything has to be there, and its absence fails.
#[track_caller]
pub fn skipped(test: &str, why: &str) {
    assert!(!in_ci(), "{test} cannot run, and CI=true: {why}");
    loud(&format!("SKIPPED {test}: {why}"));
}

pub fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
}
