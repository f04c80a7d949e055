//! Where things are on this machine, from the environment.

use std::env;
use std::path::{Path, PathBuf};

use crate::analyst::Place;
use crate::cli::exit::Failure;

const PROXIES: [&str; 6] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"];

pub(super) fn place() -> Result<Place, Failure> {
    let variable = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let homeless = || Failure::usage("there is no home folder on this machine").hinted("set HOME");
    let home = directories::BaseDirs::new().ok_or_else(homeless)?.home_dir().to_owned();
    let chosen = variable("AGNES_CONFIG_HOME");
    let config = if let Some(folder) = &chosen {
        absolute(folder)?
    } else {
        let dirs = directories::ProjectDirs::from("", "", "agnes").ok_or_else(homeless)?;
        dirs.config_dir().to_owned()
    };
    let (claude, ledger) = match variable("CLAUDE_CONFIG_DIR") {
        Some(folder) => (absolute(&folder)?, absolute(&folder)?),
        None => (home.join(".claude"), home.clone()),
    };
    let path: Vec<PathBuf> =
        variable("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default();
    let agnes = env::current_exe()
        .map_err(|why| Failure::usage(format!("it cannot be found out where this program is: {why}")))?;
    let here = env::current_dir().unwrap_or_else(|_| home.clone());
    Ok(Place {
        // As it is called: what it leads to may be another folder after an upgrade.
        agnes: path
            .iter()
            .map(|folder| folder.join("agnes"))
            .find(|one| is_same(one, &agnes))
            .unwrap_or(agnes),
        git_config: git_config(&home, &variable),
        config_is_chosen: chosen.is_some(),
        home,
        config,
        claude,
        ledger: ledger.join(".claude.json"),
        path,
        here,
        git_trusts: variable("GIT_SSL_CAINFO"),
        proxies: PROXIES.into_iter().filter(|name| variable(name).is_some()).collect(),
    })
}

/// The file that `git config --global` writes (git-config(1), "FILES").
fn git_config(home: &Path, variable: &dyn Fn(&str) -> Option<PathBuf>) -> PathBuf {
    if let Some(path) = variable("GIT_CONFIG_GLOBAL") {
        return path;
    }
    let usual = home.join(".gitconfig");
    let other =
        variable("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config")).join("git").join("config");
    if !usual.exists() && other.exists() { other } else { usual }
}

pub(super) fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|why| Failure::usage(format!("`{}`: {why}", path.display())))
}

fn is_same(one: &Path, other: &Path) -> bool {
    one.is_absolute()
        && one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}
