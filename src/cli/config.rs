//! Settings, and where each of them came from: a flag, the environment, the file, or nowhere.

pub(super) mod serve;
pub(super) mod server;
#[cfg(test)]
mod tests;
mod values;

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use self::values::{fits, flattened, insert, typed};
use super::args::Global;
use super::exit::Failure;
use super::said::{Said, line};
use super::table::Table as Columns;
use crate::domain::access::people::Email;
use crate::domain::feed::view::Feed;
use crate::domain::limits::Limits;
use crate::domain::plugin::names::check_marketplace_name;
use crate::domain::plugin::npm::check_registry as check_npm_registry;
use crate::domain::upstream::network::Outbound;
use crate::registry::Settings;
use crate::registry::settings::{CacheSettings, SyncSettings};

/// The configuration file. `examples/agnes.toml` explains each key.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the fields' names are the keys")]
struct File {
    data_dir: Option<PathBuf>,
    lock_wait: u64,
    server: Option<String>,
    server_ca: Option<PathBuf>,
    server_token_file: Option<PathBuf>,
    marketplace: Marketplace,
    sync: Sync,
    limits: Limits,
    cache: Cache,
    serve: serve::Section,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Marketplace {
    name: String,
    description: String,
    owner_name: String,
    owner_email: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sync {
    jobs: usize,
    remote_jobs: usize,
    keep_states: usize,
    connect_timeout: u64,
    idle_timeout: u64,
    total_timeout: u64,
    ca_bundle: Option<PathBuf>,
    allow_networks: String,
    npm_registry: Option<String>,
    submodules: bool,
    lfs: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cache {
    max_bytes: u64,
    max_days: u64,
    memory_bytes: u64,
}

/// Keys that have no default value, with a value of their type.
const OPTIONAL: [&str; 11] = [
    "data_dir",
    "marketplace.owner_email",
    "server",
    "server_ca",
    "server_token_file",
    "sync.ca_bundle",
    "sync.npm_registry",
    "serve.tls_cert",
    "serve.tls_key",
    "serve.public_url",
    "serve.ca_cert",
];

/// Those that are paths, which in the file start from the file.
const PATHS: [&str; 6] =
    ["server_ca", "server_token_file", "sync.ca_bundle", "serve.tls_cert", "serve.tls_key", "serve.ca_cert"];

/// A setting that was given on the command line.
#[derive(Debug, Clone)]
pub(super) struct Flag {
    pub key: &'static str,
    pub value: Value,
    pub name: &'static str,
}

/// A setting as `config show` prints it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Shown {
    key: String,
    value: serde_json::Value,
    /// `flag`, `environment`, `file` or `default`, with its name.
    source: String,
}

#[derive(Debug)]
pub(super) struct Config {
    pub data_dir: PathBuf,
    pub settings: Settings,
    pub serve: serve::Serve,
    /// The server to ask instead of opening the data folder.
    pub server: Option<server::Server>,
    pub shown: Vec<Shown>,
    /// Which file was read, as a sentence.
    file: String,
}

/// Key → value and source.
type Shelf = BTreeMap<String, (Value, String)>;

/// Looks up an environment variable.
type Variable<'a> = dyn Fn(&str) -> Option<OsString> + 'a;

pub(super) fn show(global: &Global) -> Result<Said, Failure> {
    let config = load(global)?;
    let mut table = Columns::new(&["KEY", "VALUE", "SOURCE"]);
    for shown in &config.shown {
        let value = shown.value.as_str().map_or_else(|| shown.value.to_string(), str::to_owned);
        table.row([&shown.key, &value, &shown.source]);
    }
    Ok(Said::answer(&config.shown, table.text()).talking(line(&config.file)))
}

/// Reads everything there is to read.
pub(super) fn load(global: &Global) -> Result<Config, Failure> {
    load_with(global, &[])
}

/// The same, with settings that the command line has.
pub(super) fn load_with(global: &Global, flags: &[Flag]) -> Result<Config, Failure> {
    let mut config = read(global, flags, &|name| env::var_os(name))?;
    // What is shown, logged and hinted at has to mean the same wherever it is read.
    config.data_dir = std::path::absolute(&config.data_dir)
        .map_err(|why| Failure::usage(format!("`{}`: {why}", config.data_dir.display())))?;
    let data_dir = Value::String(config.data_dir.display().to_string());
    if let Some(shown) = config.shown.iter_mut().find(|shown| shown.key == "data_dir") {
        shown.value = serde_json::to_value(data_dir).unwrap_or_default();
    }
    Ok(config)
}

/// Reads flags, variables and the file; a variable that is empty counts as not set.
fn read(global: &Global, flags: &[Flag], variable: &Variable) -> Result<Config, Failure> {
    let mut flags = [flags, &server::flags(global)].concat();
    if let Some(seconds) = global.lock_wait {
        let value = Value::Integer(i64::try_from(seconds).unwrap_or(i64::MAX));
        flags.push(Flag { key: "lock_wait", value, name: "--lock-wait" });
    }
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    let (folder, folder_source) = data_folder(global, &variable);
    let (file, path) = read_file(global, &variable, folder.as_deref())?;
    let file_name = path.as_ref().map_or_else(|| "agnes.toml".to_owned(), |path| path.display().to_string());

    let mut settings = Table::new();
    let mut shown = BTreeMap::new();
    let defaults = Table::try_from(defaults()).map_err(|why| Failure::usage(why.to_string()))?;
    let mut keys = flattened(&defaults);
    keys.extend(OPTIONAL.map(|key| (key.to_owned(), Value::String(String::new()))));
    let in_file = flattened(&file);
    if let Some(key) = in_file.keys().find(|key| !keys.contains_key(*key)) {
        return Err(Failure::usage(format!("`{file_name}` has a key `{key}`, which is no setting"))
            .hinted("agnes --config /dev/null config show (it lists all settings)"));
    }
    for (key, default) in keys {
        let name = format!("AGNES_{}", key.to_uppercase().replace('.', "_"));
        let flag = flags.iter().find(|flag| flag.key == key);
        let (value, source) = if let Some(flag) = flag {
            (flag.value.clone(), format!("flag {}", flag.name))
        } else if let Some(text) = variable(&name).filter(|_| key != "data_dir") {
            (typed(&name, &text, &default)?, format!("environment {name}"))
        } else if let Some(value) = in_file.get(&key) {
            (value.clone(), format!("file {file_name}"))
        } else if OPTIONAL.contains(&key.as_str()) {
            continue;
        } else {
            (default.clone(), "default".to_owned())
        };
        fits(&key, &value, &default, &source)?;
        shown.insert(key.clone(), (value.clone(), source));
        insert(&mut settings, &key, value);
    }
    // Paths in the file start from the file: agnes is run by cron from anywhere.
    let base = path.as_deref().and_then(Path::parent).unwrap_or(Path::new(".")).to_owned();
    for key in PATHS {
        if let Some((Value::String(value), source)) = shown.get_mut(key)
            && source.starts_with("file ")
        {
            *value = base.join(&*value).display().to_string();
            insert(&mut settings, key, Value::String(value.clone()));
        }
    }
    let file: File = settings
        .try_into()
        .map_err(|why: toml::de::Error| Failure::usage(format!("a setting is wrong: {}", why.message())))?;

    let (data_dir, source) = match (&file.data_dir, folder) {
        (Some(dir), folder) if folder.is_none() || folder_source == "default" => {
            (base.join(dir), format!("file {file_name}"))
        }
        (_, Some(folder)) => (folder, folder_source),
        (_, None) => return Err(homeless()),
    };
    let looked = data_dir.join("agnes.toml");
    shown.insert("data_dir".into(), (Value::String(data_dir.display().to_string()), source));
    let serve = file.serve.checked(&|key, why| wrong(&shown, key, &why))?;
    let server = server::checked(&file, &shown)?;
    let settings = checked(file, &shown)?;
    let shown = shown.into_iter().map(|(key, (value, source))| Shown {
        key,
        value: serde_json::to_value(value).unwrap_or_default(),
        source,
    });
    let file_told = match path {
        Some(_) => format!("The configuration file is {file_name}."),
        None => format!("There is no configuration file ({}).", looked.display()),
    };
    Ok(Config { data_dir, settings, serve, server, shown: shown.collect(), file: file_told })
}

fn homeless() -> Failure {
    Failure::usage("there is no home to keep data in").hinted("say where with --data-dir DIR")
}

fn defaults() -> File {
    let Settings { feed, limits, sync, cache, lock_patience } = Settings::default();
    File {
        data_dir: None,
        lock_wait: lock_patience.as_secs(),
        server: None,
        server_ca: None,
        server_token_file: None,
        marketplace: Marketplace {
            name: feed.name,
            description: feed.description,
            owner_name: feed.owner_name,
            owner_email: None,
        },
        sync: Sync {
            jobs: sync.jobs,
            remote_jobs: sync.remote_jobs,
            keep_states: sync.keep_states,
            connect_timeout: sync.connect_timeout.as_secs(),
            idle_timeout: sync.idle_timeout.as_secs(),
            total_timeout: sync.total_timeout.as_secs(),
            ca_bundle: None,
            allow_networks: String::new(),
            npm_registry: None,
            submodules: sync.submodules,
            lfs: sync.lfs,
        },
        limits,
        cache: Cache {
            max_bytes: cache.max_bytes,
            max_days: cache.max_age.as_secs() / (24 * 3_600),
            memory_bytes: cache.memory_bytes,
        },
        serve: serve::Section::default(),
    }
}

fn wrong(shown: &Shelf, key: &str, why: &str) -> Failure {
    let source = shown.get(key).map_or("default", |(_, source)| source.as_str());
    Failure::usage(format!("`{key}`: {why} ({source})"))
}

fn checked(file: File, shown: &Shelf) -> Result<Settings, Failure> {
    let wrong = |key: &str, why: String| wrong(shown, key, &why);
    check_marketplace_name(&file.marketplace.name).map_err(|why| wrong("marketplace.name", why))?;
    if file.marketplace.owner_name.trim().is_empty() {
        return Err(wrong("marketplace.owner_name", "it is empty, and Claude Code wants an owner".into()));
    }
    if let Some(email) = &file.marketplace.owner_email {
        email.parse::<Email>().map_err(|why| wrong("marketplace.owner_email", why.to_string()))?;
    }
    for (key, jobs) in [("sync.jobs", file.sync.jobs), ("sync.remote_jobs", file.sync.remote_jobs)] {
        if !(1..=64).contains(&jobs) {
            return Err(wrong(key, format!("{jobs} is not a number from 1 to 64")));
        }
    }
    if !(1..=1_000).contains(&file.sync.keep_states) {
        let why = format!("{} is not a number from 1 to 1000", file.sync.keep_states);
        return Err(wrong("sync.keep_states", why));
    }
    let timeouts = [
        ("sync.connect_timeout", file.sync.connect_timeout),
        ("sync.idle_timeout", file.sync.idle_timeout),
        ("sync.total_timeout", file.sync.total_timeout),
    ];
    if let Some((key, _)) = timeouts.into_iter().find(|(_, seconds)| *seconds == 0) {
        return Err(wrong(key, "nothing can be fetched in 0 seconds".into()));
    }
    let outbound = file.sync.allow_networks.parse::<Outbound>();
    let outbound = outbound.map_err(|why| wrong("sync.allow_networks", why.to_string()))?;
    if let Some(url) = &file.sync.npm_registry {
        check_npm_registry(url).map_err(|why| wrong("sync.npm_registry", why))?;
    }
    Ok(Settings {
        feed: Feed {
            name: file.marketplace.name,
            owner_name: file.marketplace.owner_name,
            owner_email: file.marketplace.owner_email,
            description: file.marketplace.description,
        },
        limits: file.limits,
        sync: SyncSettings {
            jobs: file.sync.jobs,
            remote_jobs: file.sync.remote_jobs,
            keep_states: file.sync.keep_states,
            connect_timeout: Duration::from_secs(file.sync.connect_timeout),
            idle_timeout: Duration::from_secs(file.sync.idle_timeout),
            total_timeout: Duration::from_secs(file.sync.total_timeout),
            ca_bundle: file.sync.ca_bundle,
            outbound,
            npm_registry: file.sync.npm_registry,
            submodules: file.sync.submodules,
            lfs: file.sync.lfs,
        },
        cache: CacheSettings {
            max_bytes: file.cache.max_bytes,
            max_age: Duration::from_secs(file.cache.max_days.saturating_mul(24 * 3_600)),
            memory_bytes: file.cache.memory_bytes,
        },
        lock_patience: Duration::from_secs(file.lock_wait),
    })
}

/// The folder if it is known without the file, and where that is known from.
fn data_folder(global: &Global, variable: &Variable) -> (Option<PathBuf>, String) {
    if let Some(dir) = &global.data_dir {
        return (Some(dir.clone()), "flag --data-dir".into());
    }
    for name in ["AGNES_DATA_DIR", "DATA_DIR"] {
        if let Some(dir) = variable(name) {
            return (Some(dir.into()), format!("environment {name}"));
        }
    }
    let dirs = directories::ProjectDirs::from("", "", "agnes");
    (dirs.map(|dirs| dirs.data_dir().to_owned()), "default".into())
}

/// The file's table, and its path if there is one. Only a file that was asked for has to exist.
fn read_file(
    global: &Global,
    variable: &Variable,
    folder: Option<&Path>,
) -> Result<(Table, Option<PathBuf>), Failure> {
    let asked = global.config.clone().or_else(|| variable("AGNES_CONFIG").map(PathBuf::from));
    let path = match (&asked, folder) {
        (Some(path), _) => path.clone(),
        (None, Some(folder)) => folder.join("agnes.toml"),
        (None, None) => return Err(homeless()),
    };
    match fs::read_to_string(&path) {
        Ok(text) => match text.parse::<Table>() {
            Ok(table) => Ok((table, Some(path))),
            Err(why) => Err(Failure::usage(format!(
                "`{}` is not TOML: {}",
                path.display(),
                why.to_string().trim_end()
            ))),
        },
        // What is wrong with a data folder that is none is told by whoever opens it.
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
                && asked.is_none() =>
        {
            Ok((Table::new(), None))
        }
        Err(why) => Err(Failure::usage(format!("`{}` cannot be read: {why}", path.display()))),
    }
}
