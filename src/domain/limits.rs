//! How much of a stranger's repository is looked at before we refuse.

/// Each limit is named in the message of whoever runs into it, and can be set in the configuration
/// file under `[limits]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Largest `marketplace.json` or `plugin.json`, in bytes.
    pub max_manifest_bytes: u64,
    /// Entries in one `marketplace.json`.
    pub max_plugins: u64,
    /// Files in one plugin, after its symlinks were followed.
    pub max_files: u64,
    /// Largest single file of a plugin, in bytes. A larger one keeps its plugin from being served; one
    /// that is larger by more than 128 MiB, the whole sync from succeeding.
    pub max_file_bytes: u64,
    /// All files of one plugin together, in bytes.
    pub max_plugin_bytes: u64,
    /// Folders inside folders.
    pub max_depth: u64,
    /// Pack data accepted in one fetch, in bytes.
    pub max_fetch_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_manifest_bytes: 16 << 20,
            max_plugins: 20_000,
            max_files: 50_000,
            max_file_bytes: 100 << 20,
            max_plugin_bytes: 500 << 20,
            max_depth: 64,
            max_fetch_bytes: 2 << 30,
        }
    }
}
