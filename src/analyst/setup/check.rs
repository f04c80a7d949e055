//! Before anything is changed: is everything there, and is nothing in the way?

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::ScopedJoinHandle;

use super::{Checked, Choice, Wishes};
use crate::analyst::claude::{Claude, Installed, Marketplace};
use crate::analyst::credentials::Credential;
use crate::analyst::error::{Kind, Result, Snag};
use crate::analyst::git::{self, Git};
use crate::analyst::ledger::Ledger;
use crate::analyst::place::Place;
use crate::analyst::state::{Channel, Scope, State};
use crate::analyst::{hook, server, settings};

/// Looks at server, token, programs and settings, and changes nothing.
///
/// # Errors
/// What is missing, wrong or in the way, with what to do about it.
pub fn check(place: &Place, wishes: Wishes) -> Result<Checked> {
    // Before the client is asked anything: it writes a file about itself when it runs for the first time.
    let ledger = Ledger::of(place);
    let absent = absent(place);
    let found = looked(place, wishes, ledger.clone(), absent.clone());
    if found.is_err() {
        leave_no_trace(place, &ledger, &absent);
    }
    found
}

/// Takes back what looking alone has made the client write.
fn leave_no_trace(place: &Place, ledger: &Ledger, absent: &[PathBuf]) {
    // What cannot be taken back is the client's own, and no reason to say anything else than what was found.
    let _ = ledger.put_back(place, "", true);
    for folder in absent {
        let _ = fs::remove_dir(folder);
    }
}

/// Folders that there will be, and are not yet: the innermost first.
fn absent(place: &Place) -> Vec<PathBuf> {
    let above = place.config.parent().unwrap_or(&place.config).to_owned();
    let (claude, plugins) = (&place.claude, place.claude.join("plugins"));
    let made = [
        above,
        plugins.join("cache"),
        plugins.join("marketplaces"),
        plugins,
        claude.join("backups"),
        claude.clone(),
    ];
    made.into_iter().filter(|path| !path.exists()).collect()
}

fn looked(place: &Place, wishes: Wishes, ledger: Ledger, mut absent: Vec<PathBuf>) -> Result<Checked> {
    let project = match wishes.scope {
        Scope::User => place.home.clone(),
        Scope::Project => place.here.clone(),
    };
    let git = Git::find(place)?;
    let claude = Claude::find(place)?;
    settings::usable(&place.settings(wishes.scope, &project))?;
    if wishes.hook {
        settings::usable(&place.hook_settings(wishes.scope, &project))?;
    }
    // Each takes a while, and has nothing to do with the others.
    let (asked, version, git_version, approached) = std::thread::scope(|scope| {
        let asked = scope.spawn(|| {
            let info = server::info(&wishes.credential)?;
            let lists = lists(place, &claude, &project, &info.marketplace_name)?;
            Ok((info, lists))
        });
        let version = scope.spawn(|| claude.version(place));
        let git_version = git.version(place);
        let Credential { server, ca, .. } = &wishes.credential;
        let approached = git.approach(place, server, ca.as_deref());
        (joined(asked), joined(version), git_version, approached)
    });
    let (claude_version, git_version) = (version?, git_version?);
    let (info, (marketplaces, installed)) = asked.map_err(|snag| other_proxy(place, &git, &wishes, snag))?;
    approached?;
    let registered = marketplaces.into_iter().find(|one| one.name == info.marketplace_name);
    if let Some(registered) = &registered {
        ours(place, &wishes, registered)?;
    }
    let cache = place.claude.join("plugins").join("cache").join(&info.marketplace_name);
    if !cache.exists() {
        absent.insert(0, cache);
    }
    Ok(Checked {
        wishes,
        info,
        git,
        git_version,
        claude,
        claude_version,
        project,
        registered,
        installed,
        ledger,
        absent,
    })
}

/// What the client has; asked only if there may be anything of that name. Each question takes it a second, so
/// they are asked at the same time, unless it has never run here and is about to make its files.
fn lists(
    place: &Place,
    claude: &Claude,
    project: &Path,
    name: &str,
) -> Result<(Vec<Marketplace>, Vec<Installed>)> {
    if !is_mentioned(place, project, name) {
        return Ok((Vec::new(), Vec::new()));
    }
    if !place.ledger.exists() {
        return Ok((claude.marketplaces(project)?, claude.installed(project)?));
    }
    std::thread::scope(|scope| {
        let installed = scope.spawn(|| claude.installed(project));
        Ok((claude.marketplaces(project)?, joined(installed)?))
    })
}

/// Whether a marketplace's name stands anywhere in what the client keeps about marketplaces and plugins, whatever
/// the form. What cannot be read may have it.
fn is_mentioned(place: &Place, project: &Path, name: &str) -> bool {
    let plugins = place.claude.join("plugins");
    let files = [
        plugins.join("known_marketplaces.json"),
        plugins.join("installed_plugins.json"),
        place.settings(Scope::User, project),
        place.settings(Scope::Project, project),
        place.hook_settings(Scope::Project, project),
    ];
    files.iter().any(|path| match fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).contains(name),
        Err(why) => why.kind() != std::io::ErrorKind::NotFound,
    })
}

fn joined<T>(work: ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    work.join().unwrap_or_else(|_| Err(Snag::failed("a check stopped short")))
}

/// Where only git was told of a proxy, agnes does not get through, and the message should say why.
fn other_proxy(place: &Place, git: &Git, wishes: &Wishes, snag: Snag) -> Snag {
    let server = &wishes.credential.server;
    if snag.kind != Kind::Away || server.is_clear() || !place.proxies.is_empty() {
        return snag;
    }
    let Some(proxy) = git.proxy(place, server) else { return snag };
    snag.hinted(format!(
        "git goes through a proxy for that address (http.proxy is {}); agnes takes its proxy from the environment: set \
         HTTPS_PROXY to the same, and run this again",
        without_login(&proxy)
    ))
}

/// Whether the marketplace that is registered under our name is the one that we would register.
fn ours(place: &Place, wishes: &Wishes, registered: &Marketplace) -> Result<()> {
    let state = State::read(place)?;
    let server = &wishes.credential.server;
    let folder = state.servers.get(server.base()).and_then(|setup| setup.folder.clone());
    let is_ours = is_address(registered, &git::repository(server))
        || is_folder(registered, &folder.unwrap_or_else(|| place.folder()));
    if is_ours {
        return Ok(());
    }
    let name = &registered.name;
    let snag = Snag::new(
        Kind::Conflict,
        format!(
            "Claude Code has a marketplace `{name}` already, and it is another: {}",
            without_login(&registered.origin())
        ),
    );
    let host = server.authority();
    let remove = format!("claude plugin marketplace remove {name}");
    // One with a token in its address, as one adds it by hand.
    if registered.url.as_ref().is_some_and(|url| url.contains('@') && url.contains(host)) {
        return Err(snag
            .because("its address has a login in it, which everybody can read there")
            .hinted(format!("remove it, with its plugins, and run this again: {remove}")));
    }
    Err(snag.hinted(format!(
        "if you do not need that one, remove it, with its plugins: {remove} (whoever runs the server can give \
         theirs another name: `marketplace.name`)"
    )))
}

pub(super) fn is_address(registered: &Marketplace, address: &str) -> bool {
    registered.url.as_deref().is_some_and(|url| url.trim_end_matches('/') == address)
}

pub(super) fn is_folder(registered: &Marketplace, folder: &Path) -> bool {
    let same = |path: &Path| path == folder || path.canonicalize().ok() == folder.canonicalize().ok();
    registered.path.as_deref().is_some_and(same)
}

/// An address as it may be shown.
fn without_login(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, rest))) => format!("`{scheme}://…@{rest}`"),
        _ => format!("`{url}`"),
    }
}

impl Checked {
    /// Which way it will go first.
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.wishes.channel.unwrap_or(Channel::Git)
    }

    /// Whether Claude Code has our marketplace by that way.
    pub(super) fn is_registered(&self, place: &Place, channel: Channel) -> bool {
        self.registered.as_ref().is_some_and(|registered| match channel {
            Channel::Git => is_address(registered, &git::repository(&self.wishes.credential.server)),
            Channel::Clone | Channel::Zip => is_folder(registered, &place.folder()),
        })
    }

    /// For whoever does not want it done.
    pub fn withdraw(&self, place: &Place) {
        leave_no_trace(place, &self.ledger, &self.absent);
    }

    /// Whether it would be registered anew, which uninstalls its plugins.
    fn is_anew(&self, place: &Place) -> bool {
        self.registered.is_some() && !self.is_registered(place, self.channel())
    }

    /// Names of the plugins that could be asked about.
    #[must_use]
    pub fn offered(&self, place: &Place) -> Vec<String> {
        self.missing(&Choice::All, self.is_anew(place))
    }

    /// Names of the plugins that are still to be installed: what was chosen, and, if the marketplace was registered
    /// anew, what was there before.
    pub(super) fn missing(&self, choice: &Choice, anew: bool) -> Vec<String> {
        let name_of = |one: &Installed| one.of(&self.info.marketplace_name).map(str::to_owned);
        let there: Vec<String> = self.installed.iter().filter_map(name_of).collect();
        let names = self.info.plugins.iter().map(|plugin| plugin.name.clone());
        let lacks = |name: &String| {
            let have = there.contains(name);
            if anew { have || choice.has(name) } else { !have && choice.has(name) }
        };
        names.filter(lacks).collect()
    }

    /// What there is to do, as sentences.
    #[must_use]
    pub fn plan(&self, place: &Place, choice: &Choice) -> Vec<String> {
        let server = &self.wishes.credential.server;
        let (base, channel) = (server.base(), self.channel());
        let folder = place.folder();
        let (credentials, configuration) = (place.credentials(), place.git_config.display());
        let mut lines = vec![format!("Keep your token in {}, for you alone", credentials.display())];
        match channel {
            Channel::Git => {
                lines.push(format!("Tell git, for {base} alone, to ask agnes for it ({configuration})"));
            }
            Channel::Clone => lines.push(format!("Clone your plugins with git into {}", folder.display())),
            Channel::Zip => lines.push(format!("Unpack your plugins into {}", folder.display())),
        }
        if let Some(ca) = self.wishes.credential.ca.as_ref().filter(|_| channel != Channel::Zip) {
            lines.push(format!("Tell git, for {base} alone, to trust {}", ca.display()));
        }
        let name = &self.info.marketplace_name;
        lines.push(if self.is_registered(place, channel) {
            format!("Bring the marketplace `{name}` in Claude Code up to date")
        } else if self.registered.is_some() {
            format!("Register the marketplace `{name}` in Claude Code anew, and install its plugins again")
        } else {
            format!(
                "Register it in Claude Code as the marketplace `{name}` ({} scope)",
                self.wishes.scope.word()
            )
        });
        let missing = self.missing(choice, self.is_anew(place));
        if !missing.is_empty() {
            lines.push(format!("Install {}: {}", plugins(missing.len()), missing.join(", ")));
        }
        if self.wishes.hook {
            let path = place.hook_settings(self.wishes.scope, &self.project);
            lines.push(format!("Have sessions begin with `{}` ({})", hook::command(place), path.display()));
        }
        lines
    }
}

pub(super) fn plugins(count: usize) -> String {
    format!("{count} plugin{}", if count == 1 { "" } else { "s" })
}
