//! Trees that no working tree could hold, made by plumbing.

use super::Upstream;

impl Upstream {
    /// Writes a blob, and returns its id.
    pub fn blob(&self, bytes: &[u8]) -> String {
        self.git_fed(&["hash-object", "-w", "--stdin"], bytes)
    }

    /// Writes a tree of `(mode, id, name)`, and returns its id.
    pub fn tree(&self, entries: &[(&str, &str, &[u8])]) -> String {
        let mut input = Vec::new();
        for (mode, id, name) in entries {
            let kind = match *mode {
                "040000" => "tree",
                "160000" => "commit",
                _ => "blob",
            };
            input.extend(format!("{mode} {kind} {id}\t").as_bytes());
            input.extend(*name);
            input.push(0);
        }
        self.git_fed(&["mktree", "-z", "--missing"], &input)
    }

    /// Commits the tip with `id` at `path`, without touching the working tree: the next ordinary
    /// commit undoes it.
    pub fn graft(&self, path: &str, mode: &str, id: &str) -> String {
        let (mut mode, mut id) = (mode.to_owned(), id.to_owned());
        let parts: Vec<&str> = path.split('/').collect();
        for depth in (0..parts.len()).rev() {
            let spec = format!("HEAD:{}", parts[..depth].join("/"));
            let listed = self.git_command(&["ls-tree", "-z", &spec]).output().unwrap().stdout;
            let mut entries: Vec<(String, String, Vec<u8>)> = Vec::new();
            for entry in listed.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
                let tab = entry.iter().position(|byte| *byte == b'\t').unwrap();
                let facts = String::from_utf8_lossy(&entry[..tab]).into_owned();
                let mut words = facts.split(' ');
                let (mode, id) = (words.next().unwrap(), words.nth(1).unwrap());
                entries.push((mode.to_owned(), id.to_owned(), entry[tab + 1..].to_vec()));
            }
            entries.retain(|(_, _, name)| name != parts[depth].as_bytes());
            entries.push((mode, id, parts[depth].as_bytes().to_vec()));
            let borrowed: Vec<_> = entries
                .iter()
                .map(|(mode, id, name)| (mode.as_str(), id.as_str(), name.as_slice()))
                .collect();
            (mode, id) = ("040000".to_owned(), self.tree(&borrowed));
        }
        let commit = self.git(&["commit-tree", "-p", "HEAD", "-m", "Graft", &id]);
        self.git(&["update-ref", "refs/heads/main", &commit]);
        commit
    }
}
