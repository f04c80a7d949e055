//! A registry with a world of its own: a clock that moves a second with each look, random bytes that
//! are none, no environment.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};

use tempfile::TempDir;

use crate::domain::access::caller::Caller;
use crate::domain::access::secret::Secret;
use crate::domain::watch::{Unwatched, Watch};
use crate::git;
use crate::registry::marketplaces::NewMarketplace;
use crate::registry::sync::{Synced, SyncedAll, Watches};
use crate::registry::{DataFolder, Error, Registry, Result, Settings, World};

pub(crate) struct Fixture {
    pub folder: TempDir,
    pub registry: Arc<Registry>,
}

/// Names and values.
pub(crate) type Variables = &'static [(&'static str, &'static str)];

/// 2026-01-01 00:00 UTC, in seconds.
const BEGINNING: i64 = 1_767_225_600;

impl Fixture {
    pub fn new() -> Self {
        Self::with(Settings::default())
    }

    pub fn with(settings: Settings) -> Self {
        Self::in_environment(settings, &[])
    }

    /// One that sees these variables.
    pub fn in_environment(settings: Settings, variables: Variables) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let registry = Arc::new(open(&data, settings, "this boot\n", variables).unwrap());
        Self { folder, registry }
    }

    /// Closes the registry and opens it again, after the machine was started anew or not.
    pub fn reopened(self, boot: &str) -> Self {
        let settings = self.registry.settings().clone();
        self.reopened_with(boot, settings)
    }

    /// The same with other settings.
    pub fn reopened_with(self, boot: &str, settings: Settings) -> Self {
        let Self { folder, registry } = self;
        drop(Arc::into_inner(registry).expect("nobody else has it"));
        let registry = Arc::new(open(&folder.path().join("data"), settings, boot, &[]).unwrap());
        Self { folder, registry }
    }

    /// Commits files to an upstream and says where it is.
    pub fn publish(&self, name: &str, files: &[(&str, &str)]) -> String {
        let path = self.upstream(name);
        let file = |(path, text): &(&str, &str)| {
            ((*path).to_owned(), text.starts_with("#!"), text.as_bytes().to_vec())
        };
        let files: Vec<_> = files.iter().map(file).collect();
        git::write_repository(&path, &files, "Publish", BEGINNING).unwrap();
        path.display().to_string()
    }

    pub fn upstream(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.git"))
    }

    /// Publishes plugins of one skill each, registers the marketplace and syncs it.
    pub fn market(&self, slug: &str, plugins: &[(&str, &str)]) -> Synced {
        let url = self.publish_plugins(slug, plugins);
        self.registry.add_marketplace(&operator(), new(slug, &url)).unwrap();
        self.sync(slug).unwrap()
    }

    pub fn publish_plugins(&self, slug: &str, plugins: &[(&str, &str)]) -> String {
        let entries: Vec<_> = plugins
            .iter()
            .map(|(name, _)| serde_json::json!({"name": name, "source": format!("./plugins/{name}")}))
            .collect();
        let manifest =
            serde_json::json!({"name": slug, "owner": {"name": "x"}, "plugins": entries}).to_string();
        let skills: Vec<_> = plugins
            .iter()
            .map(|(name, text)| {
                (format!("plugins/{name}/skills/s/SKILL.md"), format!("---\nname: s\n---\n{text}\n"))
            })
            .collect();
        let mut files = vec![(".claude-plugin/marketplace.json", manifest.as_str())];
        files.extend(skills.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        self.publish(slug, &files)
    }

    pub fn sync(&self, slug: &str) -> Result<Synced> {
        self.registry.sync(&operator(), slug, &Unwatched)
    }

    /// Adds a user to a group, both made if need be, and grants the group these.
    pub fn admit(&self, email: &str, group: &str, resources: &[&str]) {
        let made = [
            self.registry.add_user(&operator(), email, None).map(drop),
            self.registry.add_group(&operator(), group, None).map(drop),
        ];
        assert!(made.iter().all(|made| matches!(made, Ok(()) | Err(Error::Exists { .. }))), "{made:?}");
        self.registry.join(&operator(), group, email).unwrap();
        if !resources.is_empty() {
            self.registry.grant(&operator(), group, &texts(resources)).unwrap();
        }
    }

    pub fn overlay(&self) -> String {
        std::fs::read_to_string(self.registry.folder().overlay()).unwrap_or_default()
    }
}

fn open(data: &Path, settings: Settings, boot: &str, variables: Variables) -> Result<Registry> {
    let (clock, dice) = (AtomicI64::new(BEGINNING * 1_000_000), AtomicU8::new(0));
    let world = World {
        now: Arc::new(move || clock.fetch_add(1_000_000, Ordering::Relaxed)),
        random: Arc::new(move |bytes| {
            bytes.fill(0);
            bytes[0] = dice.fetch_add(1, Ordering::Relaxed);
            true
        }),
        variable: Arc::new(move |name| {
            variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| (*value).to_owned())
        }),
        boot: boot.to_owned(),
    };
    Registry::open(DataFolder::new(data.to_owned()), settings, world)
}

pub(crate) fn operator() -> Caller {
    Caller::Operator { name: "root".into() }
}

pub(crate) fn user(admin: bool) -> Caller {
    Caller::User { id: "1".into(), email: "ada@example.com".into(), admin }
}

pub(crate) fn new(slug: &str, url: &str) -> NewMarketplace {
    NewMarketplace { url: url.into(), slug: Some(slug.into()), ..NewMarketplace::default() }
}

#[expect(clippy::unnecessary_wraps, reason = "requests have fields that may be absent")]
pub(crate) fn secret(text: &str) -> Option<Secret> {
    Some(Secret::new(text.into()))
}

pub(crate) fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Nobody watches a sync of several.
pub(crate) struct NobodyWatches;

impl Watches for NobodyWatches {
    fn watch(&self, _: &str) -> Box<dyn Watch + '_> {
        Box::new(Unwatched)
    }

    fn finished(&self, _: &str, _: &Result<Synced>) {}

    fn cancelled(&self) -> bool {
        false
    }
}

/// Slugs that were synced, and those that failed.
pub(crate) fn fates(all: &SyncedAll) -> (Vec<&str>, Vec<&str>) {
    let synced = all.synced.iter().map(|synced| synced.id.as_str()).collect();
    (synced, all.failed.iter().map(|(slug, _)| slug.as_str()).collect())
}
