//! Before anything is changed: is everything there, and is nothing in the way?

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{By, Checked, Choice, Wishes};
use crate::analyst::claude::{Claude, Installed, Marketplace, joined};
use crate::analyst::credentials::Credential;
use crate::analyst::error::{Kind, Result, Snag};
use crate::analyst::git::{self, Git};
use crate::analyst::ledger::Ledger;
use crate::analyst::place::Place;
use crate::analyst::state::{Channel, Policy, Scope, Setup, State};
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
    let noted = State::read(place)?.servers.remove(wishes.credential.server.base());
    let (scope, project) = where_to(place, &wishes, noted.as_ref())?;
    let git = Git::find(place)?;
    let claude = Claude::find(place)?;
    settings::usable(&place.settings(scope, &project))?;
    if wishes.hook {
        settings::usable(&place.hook_settings(scope, &project))?;
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
        ours(place, &wishes, noted.as_ref(), registered)?;
    }
    let cache = place.claude.join("plugins").join("cache").join(&info.marketplace_name);
    if !cache.exists() {
        absent.insert(0, cache);
    }
    let found = Checked {
        wishes,
        info,
        git,
        git_version,
        claude,
        claude_version,
        scope,
        project,
        registered,
        installed,
        noted,
        ledger,
        absent,
    };
    // A ZIP is fetched without git.
    let own = found.git.own_login(place, &found.wishes.credential.server);
    match own.filter(|_| found.channel() != Channel::Zip) {
        Some(snag) => Err(snag),
        None => Ok(found),
    }
}

/// In which settings, and in which folder Claude Code is run for that: what was not said is as it was.
fn where_to(place: &Place, wishes: &Wishes, noted: Option<&Setup>) -> Result<(Scope, PathBuf)> {
    match (wishes.scope, noted) {
        (None, Some(noted)) if noted.project.is_dir() => Ok((noted.scope, noted.project.clone())),
        (None, Some(noted)) => {
            let project = noted.project.display();
            Err(Snag::new(
                Kind::Conflict,
                format!("it was set up in `{project}`, and there is no such folder"),
            )
            .hinted("take that back first: agnes setup --undo"))
        }
        (Some(Scope::Project), _) => Ok((Scope::Project, place.here.clone())),
        (Some(Scope::User) | None, _) => Ok((Scope::User, place.home.clone())),
    }
}

/// What the client has; asked only if there may be anything of that name. One question after the other where it has
/// never run here and is about to make its files.
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
    claude.lists(project)
}

/// Whether a marketplace's name stands anywhere in what the client keeps about marketplaces and plugins, whatever
/// the form. What cannot be read may have it.
fn is_mentioned(place: &Place, project: &Path, name: &str) -> bool {
    place.lists(project).iter().any(|path| match fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).contains(name),
        Err(why) => why.kind() != std::io::ErrorKind::NotFound,
    })
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
fn ours(place: &Place, wishes: &Wishes, noted: Option<&Setup>, registered: &Marketplace) -> Result<()> {
    let server = &wishes.credential.server;
    let folder = noted.and_then(|setup| setup.folder.clone());
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
    /// The one way that was asked for, now or before. None: the first that works.
    pub(super) fn asked(&self) -> Option<Channel> {
        match self.wishes.channel {
            By::This(channel) => Some(channel),
            By::First => None,
            // Nobody gets a ZIP without having asked for it.
            By::AsBefore => {
                let noted = self.noted.as_ref();
                noted.filter(|noted| noted.chosen || noted.channel == Channel::Zip).map(|noted| noted.channel)
            }
        }
    }

    /// Which way it will go first. Of those that are tried in turn, the one that worked: whoever cannot have the
    /// other would lose what they have by trying it each time.
    #[must_use]
    pub fn channel(&self) -> Channel {
        let worked = self.noted.as_ref().map(|noted| noted.channel).filter(|way| *way != Channel::Zip);
        self.asked().or(worked).unwrap_or(Channel::Git)
    }

    /// Which plugins to install, where that is not said: as it was before, with what a run that stopped half-way
    /// has left undone.
    #[must_use]
    pub fn choice_before(&self) -> Choice {
        match &self.noted {
            Some(noted) if noted.plugins == Policy::None => Choice::These(noted.pending.clone()),
            _ => Choice::All,
        }
    }

    /// Whether Claude Code has our marketplace by that way.
    pub(super) fn is_registered(&self, place: &Place, channel: Channel) -> bool {
        self.registered.as_ref().is_some_and(|registered| self.is_ours_by(place, registered, channel))
    }

    /// Whether that is our marketplace by that way.
    pub(super) fn is_ours_by(&self, place: &Place, registered: &Marketplace, channel: Channel) -> bool {
        match channel {
            Channel::Git => is_address(registered, &git::repository(&self.wishes.credential.server)),
            Channel::Clone | Channel::Zip => is_folder(registered, &place.folder()),
        }
    }

    /// For whoever does not want it done.
    pub fn withdraw(&self, place: &Place) {
        leave_no_trace(place, &self.ledger, &self.absent);
    }

    /// Names of the plugins that could be asked about.
    #[must_use]
    pub fn offered(&self) -> Vec<String> {
        self.missing(&Choice::All).into_iter().collect()
    }

    /// Names of the plugins that were chosen and are not there.
    pub(super) fn missing(&self, choice: &Choice) -> BTreeSet<String> {
        let there = self.there();
        let names = self.info.plugins.iter().map(|plugin| plugin.name.clone());
        names.filter(|name| choice.has(name) && !there.contains(name)).collect()
    }

    /// Names of the plugins that are installed from the marketplace.
    pub(super) fn there(&self) -> BTreeSet<String> {
        let name_of = |one: &Installed| one.of(&self.info.marketplace_name).map(str::to_owned);
        self.installed.iter().filter_map(name_of).collect()
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
            format!("Have Claude Code take the marketplace `{name}` from there; its plugins stay")
        } else {
            format!("Register it in Claude Code as the marketplace `{name}` ({} scope)", self.scope.word())
        });
        let missing: Vec<String> = self.missing(choice).into_iter().collect();
        if !missing.is_empty() {
            lines.push(format!("Install {}: {}", plugins(missing.len()), missing.join(", ")));
        }
        if self.wishes.hook {
            let path = place.hook_settings(self.scope, &self.project);
            lines.push(format!("Have sessions begin with `{}` ({})", hook::command(place), path.display()));
        }
        lines
    }
}

pub(super) fn plugins(count: usize) -> String {
    format!("{count} plugin{}", if count == 1 { "" } else { "s" })
}
