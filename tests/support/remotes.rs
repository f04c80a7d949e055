//! Repositories that catalogs point to under addresses of the internet, and that lie on this machine: the
//! operator's own git configuration leads there (`url.<base>.insteadOf`), so no test reaches further.

use std::fs;

use super::{Upstream, World};

/// Where catalogs say that they are.
pub const HOST: &str = "https://git.example/";

impl World {
    /// An upstream that is known to catalogs by [`remote_url`].
    pub fn remote(&self, name: &str) -> Upstream {
        let base = format!("file://{}/", self.path("upstreams").display());
        // The same as on GitHub, for sources that name nothing but a repository there.
        let text = format!(
            "[url \"{base}\"]\n\tinsteadOf = {HOST}\n\tinsteadOf = https://github.com/acme/\n[protocol \"file\"]\n\tallow = always\n"
        );
        fs::write(self.path(".gitconfig"), text).unwrap();
        let upstream = self.upstream(&format!("{name}.git"));
        // A server of the internet lets nobody ask for what it did not offer, but for commits of its own.
        upstream.git(&["config", "uploadpack.allowReachableSHA1InWant", "true"]);
        upstream
    }
}

pub fn remote_url(name: &str) -> String {
    format!("{HOST}{name}.git")
}
