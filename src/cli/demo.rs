//! `agnes demo`: the whole of it, on two example marketplaces.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use http::Method;
use serde::Serialize;

use super::args::Global;
use super::bundle;
use super::config;
use super::examples;
use super::exit::{Exit, Failure};
use super::progress::outcome;
use super::said::{Said, line, size};
use super::session::Session;
use crate::client::Call;
use crate::domain::shell::word;
use crate::git;
use crate::wire::grants::{GrantRequest, Granted};
use crate::wire::marketplaces::{Marketplace, NewMarketplace};
use crate::wire::people::{Group, Membership, NewGroup, NewMember, NewUser, User};
use crate::wire::sync::{SyncAll, SyncRequest};
use crate::wire::views::{Bundle, Info};

/// When the example commits were made: 2026-01-01 00:00 UTC, so that every demo has the same ids.
const THEN: i64 = 1_767_225_600;

/// Addresses that the example marketplaces point to, and that do not exist. The demo's git configuration
/// leads from there to its own folder, where one of the two plugins is missing: that looks like any
/// repository that is away.
const ELSEWHERE: [&str; 2] = ["https://git.acme.example/design/", "https://github.com/globex-example/"];

/// What the repository of a plugin is at when Acme's marketplace asks for it.
const TAG: &str = "v5";

/// In a folder that a demo made; a folder without it is somebody's, and is left alone.
const MARK: &str = "made-by-agnes-demo";

/// Who is in which group, and what the group is granted.
const PEOPLE: [(&str, &str, &[&str]); 2] = [
    ("ada@example.com", "Engineering", &["acme-tools/*", "globex-skills/code-review"]),
    ("grace@example.com", "Analytics", &["globex-skills/*", "acme-tools/sql-helpers"]),
];

/// What the demo made, for `--json`.
#[derive(Debug, Serialize)]
struct Demo {
    data_dir: String,
    synced: SyncAll,
    users: Vec<(Info, Bundle)>,
}

pub(super) fn run(global: &Global) -> Result<Said, Failure> {
    let folder = folder(global)?;
    prepare(&folder)?;
    let global = Global { data_dir: Some(folder.clone()), config: None, ..global.clone() };
    lead_here(&folder)?;
    let session = Session::alone(&global, &git_configuration(&folder))?;
    let mut text = format!("A data folder of its own: {}\n", line(&folder.display().to_string()));
    let _ = write!(text, "What follows was done in it, as if typed after\n{}", preamble(&folder));

    let failed = |why: git::WriteError| Failure::new(Exit::Failed, why.to_string());
    for (name, files) in examples::plugins() {
        let path = upstream(&folder, &name);
        let commit = git::write_repository(&path, &files, "Publish the plugin", THEN).map_err(failed)?;
        git::write_tag(&path, TAG, &commit).map_err(failed)?;
    }
    text.push_str("\n1. Register the example marketplaces\n");
    for (name, files) in examples::marketplaces() {
        let path = upstream(&folder, &name);
        git::write_repository(&path, &files, "Publish the example plugins", THEN).map_err(failed)?;
        let new = NewMarketplace {
            // A plain path: in a URL, spaces and the like would be a matter of taste.
            url: path.display().to_string(),
            slug: Some(name),
            ..NewMarketplace::default()
        };
        let added: Marketplace =
            session.client.call(Call::new(Method::POST, &["api", "marketplaces"]).with(&new))?;
        let _ = writeln!(text, "   agnes marketplace add {}", word(&added.url));
    }

    text.push_str("\n2. Sync them\n   agnes marketplace sync\n");
    let call = Call::new(Method::POST, &["api", "marketplaces", "sync-all"]).with(&SyncRequest::default());
    let synced: SyncAll = session.client.call(call)?;
    for one in &synced.synced {
        let _ = writeln!(text, "      {}: {}", line(&one.id), outcome(one));
    }
    if let Some(error) = synced.errors.first() {
        return Err(Failure::new(Exit::SyncFailed, format!("{}: {}", error.id, error.error)));
    }

    text.push_str("\n3. Two users in two groups, and what the groups may have\n");
    for (email, group, resources) in PEOPLE {
        admit(&session, email, group, resources, &mut text)?;
    }

    text.push_str("\n4. What each of them gets, and why\n");
    let mut users = Vec::new();
    for (email, _, _) in PEOPLE {
        let path = folder.join(format!("{}.zip", email.split('@').next().unwrap_or(email)));
        let bundle = bundle::write(&session, email, &path)?;
        let info: Info = session.client.call(Call::get(&["api", "users", email, "info"]))?;
        let _ = writeln!(
            text,
            "\n   agnes build-zip --user {email} -o {}   # {}",
            word(&path.display().to_string()),
            size(bundle.bytes)
        );
        let _ = writeln!(text, "   agnes info --user {email}");
        for told in bundle::text(&info).lines() {
            let indent = if told.is_empty() { "" } else { "      " };
            let _ = writeln!(text, "{indent}{told}");
        }
        users.push((info, bundle));
    }
    text.push_str(&next_steps(&folder));
    let demo = Demo { data_dir: folder.display().to_string(), synced, users };
    Ok(Said::answer(&demo, text))
}

fn admit(
    session: &Session,
    email: &str,
    group: &str,
    resources: &[&str],
    text: &mut String,
) -> Result<(), Failure> {
    let client = &session.client;
    let new = NewUser { email: email.into(), name: None };
    let _: User = client.call(Call::new(Method::POST, &["api", "users"]).with(&new))?;
    let new = NewGroup { name: group.into(), description: None };
    let _: Group = client.call(Call::new(Method::POST, &["api", "groups"]).with(&new))?;
    let new = NewMember { user: email.into() };
    let _: Membership =
        client.call(Call::new(Method::POST, &["api", "groups", group, "members"]).with(&new))?;
    let resources: Vec<String> = resources.iter().map(|resource| (*resource).to_owned()).collect();
    let _ = writeln!(text, "   agnes user add {email}");
    let _ = writeln!(text, "   agnes group add {group}");
    let _ = writeln!(text, "   agnes group join {group} {email}");
    let words: Vec<String> = resources.iter().map(|resource| word(resource)).collect();
    let _ = writeln!(text, "   agnes grant {group} {}", words.join(" "));
    let new = GrantRequest { group: group.into(), resources };
    let _: Granted = client.call(Call::new(Method::POST, &["api", "grants"]).with(&new))?;
    Ok(())
}

fn folder(global: &Global) -> Result<PathBuf, Failure> {
    if let Some(dir) = &global.data_dir {
        return std::path::absolute(dir).map_err(|why| Failure::usage(why.to_string()));
    }
    let usual = config::load(&Global { config: None, ..global.clone() })?.data_dir;
    let name = usual.file_name().map_or_else(|| "agnes".into(), |name| name.to_string_lossy().into_owned());
    Ok(usual.with_file_name(format!("{name}-demo")))
}

/// Empties what an earlier demo made, and nothing else.
fn prepare(folder: &Path) -> Result<(), Failure> {
    let failing = |doing: &'static str| {
        move |why: std::io::Error| {
            Failure::new(Exit::Failed, format!("`{}` cannot be {doing}: {why}", folder.display()))
        }
    };
    let failed = failing("made");
    if folder.join(MARK).is_file() {
        fs::remove_dir_all(folder).map_err(failing("emptied"))?;
    } else if folder.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Failure::new(
            Exit::Conflict,
            format!("`{}` is not empty, and no demo made it", folder.display()),
        )
        .hinted("agnes demo --data-dir SOME_NEW_FOLDER"));
    }
    fs::create_dir_all(folder).map_err(failed)?;
    fs::write(folder.join(MARK), "Everything in this folder may be removed.\n").map_err(failed)
}

fn upstream(folder: &Path, name: &str) -> PathBuf {
    folder.join("upstreams").join(format!("{name}.git"))
}

fn git_configuration(folder: &Path) -> PathBuf {
    folder.join("gitconfig")
}

/// Writes the git configuration that makes the demo need no network.
fn lead_here(folder: &Path) -> Result<(), Failure> {
    let base = folder.join("upstreams").display().to_string();
    let mut text = format!("[url \"{}/\"]\n", base.replace('\\', r"\\").replace('"', "\\\""));
    for address in ELSEWHERE {
        let _ = writeln!(text, "\tinsteadOf = {address}");
    }
    let path = git_configuration(folder);
    fs::write(&path, text)
        .map_err(|why| Failure::new(Exit::Failed, format!("`{}` cannot be written: {why}", path.display())))
}

/// What makes commands that are pasted find this program, this folder, and the repositories in it. Somebody
/// who ran `make demo` has no `agnes` on their PATH.
fn preamble(folder: &Path) -> String {
    let mut text = String::new();
    if let Some(bin) = unfound() {
        let _ = writeln!(text, "   export PATH={}:\"$PATH\"", word(&bin.display().to_string()));
    }
    let git = git_configuration(folder);
    let _ = writeln!(text, "   export AGNES_DATA_DIR={}", word(&folder.display().to_string()));
    let _ = writeln!(text, "   export GIT_CONFIG_GLOBAL={}", word(&git.display().to_string()));
    text
}

/// The folder of this program, if a shell would not find it by its name.
fn unfound() -> Option<PathBuf> {
    let me = std::env::current_exe().ok()?;
    let found = std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join("agnes"))
        .find(|path| path.is_file())
        .and_then(|path| path.canonicalize().ok());
    if found.is_some() && found == me.canonicalize().ok() {
        return None;
    }
    me.parent().map(Path::to_owned)
}

fn next_steps(folder: &Path) -> String {
    let (unpacked, zip) = (folder.join("ada"), folder.join("ada.zip"));
    let (unpacked, zip) = (word(&unpacked.display().to_string()), word(&zip.display().to_string()));
    format!(
        "
Try next, after
{preamble}
   agnes plugin list                            # what there is, and what cannot be served yet
   agnes plugin show acme-tools/guard-rails     # one plugin, down to its hook
   agnes grant Everyone acme-tools/code-review  # give something to everybody,
   agnes info --user grace@example.com          # and see what wins when two have one name
   agnes doctor                                 # what looks suspicious here
With Claude Code:
   unzip -qo -d {unpacked} {zip}
   claude plugin marketplace add {unpacked}
",
        preamble = preamble(folder)
    )
}
