//! Before anything is changed: is everything there, and is nothing in the way?

use std::path::Path;

use super::{Checked, Choice, Wishes};
use crate::analyst::claude::{Claude, Installed, Marketplace};
use crate::analyst::error::{Kind, Result, Snag};
use crate::analyst::git::{self, Git};
use crate::analyst::place::Place;
use crate::analyst::state::{Channel, Scope, State};
use crate::analyst::{hook, server, settings};

/// Looks at server, token, programs and settings, and changes nothing.
///
/// # Errors
/// What is missing, wrong or in the way, with what to do about it.
pub fn check(place: &Place, wishes: Wishes) -> Result<Checked> {
    let project = match wishes.scope {
        Scope::User => place.home.clone(),
        Scope::Project => place.here.clone(),
    };
    let git = Git::find(place)?;
    let claude = Claude::find(place)?;
    let path = place.settings(wishes.scope, &project);
    settings::usable(&path)?;
    if wishes.hook {
        hook::refuse_link(&path)?;
    }
    // The three take a while each, and have nothing to do with each other.
    let (info, clients, git_version) = std::thread::scope(|scope| {
        let info = scope.spawn(|| server::info(&wishes.credential));
        let listed =
            scope.spawn(|| Ok::<_, Snag>((claude.marketplaces(&project)?, claude.installed(&project)?)));
        let version = scope.spawn(|| claude.version(place));
        let git_version = git.version(place);
        let broken = || Snag::failed("a check stopped short");
        let info = info.join().unwrap_or_else(|_| Err(broken()));
        let version = version.join().unwrap_or_else(|_| Err(broken()));
        let listed = listed.join().unwrap_or_else(|_| Err(broken()));
        (info, version.and_then(|version| Ok((version, listed?))), git_version)
    });
    let (claude_version, (marketplaces, installed)) = clients?;
    let (info, git_version) = (info?, git_version?);
    let registered = marketplaces.into_iter().find(|one| one.name == info.marketplace_name);
    if let Some(registered) = &registered {
        ours(place, &wishes, registered)?;
    }
    Ok(Checked { wishes, info, git, git_version, claude, claude_version, project, registered, installed })
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

    /// Names of the plugins that are still to be installed.
    #[must_use]
    pub fn missing(&self, place: &Place, choice: &Choice) -> Vec<String> {
        // Registering it anew uninstalls them.
        let anew = self.registered.is_some() && !self.is_registered(place, self.channel());
        let name_of = |one: &Installed| one.of(&self.info.marketplace_name).map(str::to_owned);
        let there: Vec<String> = self.installed.iter().filter_map(name_of).collect();
        let have = |name: &String| !anew && there.contains(name);
        let names = self.info.plugins.iter().map(|plugin| plugin.name.clone());
        names.filter(|name| choice.has(name) && !have(name)).collect()
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
        let missing = self.missing(place, choice);
        if !missing.is_empty() {
            lines.push(format!("Install {}: {}", plugins(missing.len()), missing.join(", ")));
        }
        if self.wishes.hook {
            let path = place.settings(self.wishes.scope, &self.project);
            lines.push(format!("Have sessions begin with `{}` ({})", hook::command(place), path.display()));
        }
        lines
    }
}

pub(super) fn plugins(count: usize) -> String {
    format!("{count} plugin{}", if count == 1 { "" } else { "s" })
}
