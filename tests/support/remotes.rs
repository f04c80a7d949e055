//! Repositories that catalogs point to under addresses of the internet, and that lie on this machine: the
//! operator's own git configuration leads there (`url.<base>.insteadOf`), so no test reaches further.

use std::fs;
use std::path::Path;

use super::{Upstream, World};

/// Where catalogs say that they are.
pub const HOST: &str = "https://git.example/";

/// What else leads here: whatever the examples point to, and repositories of GitHub's.
const OTHERS: [&str; 3] =
    ["https://github.com/acme/", "https://git.acme.example/design/", "https://github.com/globex-example/"];

impl World {
    /// An upstream that is known to catalogs by [`remote_url`].
    pub fn remote(&self, name: &str) -> Upstream {
        self.lead_to(&self.path("upstreams"));
        let upstream = self.upstream(&format!("{name}.git"));
        // A server of the internet lets nobody ask for what it did not offer, but for commits of its own.
        upstream.git(&["config", "uploadpack.allowReachableSHA1InWant", "true"]);
        upstream
    }

    /// Has the addresses above lead to the repositories in that folder.
    pub fn lead_to(&self, upstreams: &Path) {
        fs::write(self.path(".gitconfig"), leading_to(upstreams)).unwrap();
    }

    /// The plugin that Acme's marketplace points to, `design-system`. The one that Globex's points to is away.
    pub fn publish_example_plugins(&self) {
        let upstream = self.remote("design-system");
        upstream.copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/plugins/design-system"));
        upstream.commit("Publish");
        upstream.git(&["tag", "v5"]);
    }
}

/// A git configuration by which the addresses above lead to the repositories in that folder.
pub fn leading_to(upstreams: &Path) -> String {
    let base = format!("file://{}/", upstreams.display());
    let hosts = [HOST].into_iter().chain(OTHERS).map(|host| format!("\tinsteadOf = {host}\n"));
    format!("[url \"{base}\"]\n{}[protocol \"file\"]\n\tallow = always\n", hosts.collect::<String>())
}

pub fn remote_url(name: &str) -> String {
    format!("{HOST}{name}.git")
}
