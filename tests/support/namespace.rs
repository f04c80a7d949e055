//! Small file systems of a test's own: full ones, and ones that cannot be written to.

use std::process::Stdio;

use super::{Ran, World, loud};

/// Runs a shell script in a mount namespace of its own, where it may mount what it likes. `None`, told
/// loudly, where the machine does not allow that.
#[track_caller]
pub fn in_namespace(world: &World, script: &str, test: &str) -> Option<Ran> {
    let unshare = |script: &str| {
        let mut command = world.command("unshare");
        command
            .args(["--user", "--map-root-user", "--mount", "sh", "-eu", "-c", script])
            .env("AGNES", env!("CARGO_BIN_EXE_agnes"))
            .stdin(Stdio::null())
            .output()
    };
    let probe = format!("mount -t tmpfs tmpfs '{}'", world.home().display());
    if !unshare(&probe).is_ok_and(|output| output.status.success()) {
        loud(&format!("SKIPPED {test}: no mount namespaces here (unshare --user --mount)"));
        return None;
    }
    Some(Ran::from(unshare(script).unwrap()))
}
