//! Running the user's own programs: found in the `PATH`, with an end to how long they may take, and without
//! any secret of ours, in arguments or in the environment.

use std::io::Read;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::error::{Kind, MAKE_ROOM, MAKE_WRITABLE, Result, Snag};
use super::place::Place;
use crate::domain::repository::variables::OF_A_REPOSITORY;

/// Variables of ours with secrets in them, and those by which a running Claude Code tells its children that
/// they are in a session.
const NOT_FOR_CHILDREN: [&str; 5] =
    ["AGNES_TOKEN", "SCHEDULER_API_TOKEN", "CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_PROJECT_DIR"];

/// A dozen programs run one after the other, and each ends up to this long before it is noticed.
const PAUSE: Duration = Duration::from_millis(1);

/// What a program that has ended left behind.
#[derive(Debug)]
pub struct Ran {
    pub good: bool,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// What it said last, for a message.
    pub(super) fn said(&self) -> Vec<String> {
        let lines = self.stderr.lines().chain(self.stdout.lines());
        let told: Vec<_> = lines.map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
        let from = told.len().saturating_sub(4);
        told.into_iter().skip(from).collect()
    }
}

/// A program of the user's.
#[derive(Debug, Clone)]
pub struct Program {
    name: &'static str,
    path: PathBuf,
}

impl Program {
    /// The first of that name in the `PATH`.
    ///
    /// # Errors
    /// When there is none, with where to get it.
    pub fn find(place: &Place, name: &'static str, get: &str) -> Result<Self> {
        let found = place.path.iter().map(|folder| folder.join(name)).find(|path| is_program(path));
        found.map(|path| Self { name, path }).ok_or_else(|| {
            Snag::new(Kind::Missing, format!("there is no `{name}` in your PATH")).hinted(get.to_owned())
        })
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A command in that folder. Nobody is asked anything by it.
    pub(super) fn command(&self, folder: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(&self.path);
        command.args(args).current_dir(folder).stdin(Stdio::null());
        // A session that a hook of git's begins is told of the repository of that hook: ours is another.
        for name in NOT_FOR_CHILDREN.iter().chain(&OF_A_REPOSITORY) {
            command.env_remove(name);
        }
        // What cannot be answered by a helper fails, instead of waiting for somebody.
        command.env("GIT_TERMINAL_PROMPT", "0").env("GIT_ASKPASS", "").env("SSH_ASKPASS", "");
        command
    }

    /// Runs it to its end, however that is.
    pub(super) fn run(&self, folder: &Path, args: &[&str], within: Duration) -> Result<Ran> {
        let failed =
            |why: &std::io::Error| Snag::failed(format!("`{}` cannot be run: {why}", self.path.display()));
        let mut command = self.command(folder, args);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.map_err(|why| failed(&why))?;
        let (out, err) = (listen(child.stdout.take()), listen(child.stderr.take()));
        let status = wait(&mut child, within).map_err(|why| failed(&why))?;
        let Some(status) = status else {
            let what = shown(args);
            let seconds = within.as_secs();
            return Err(Snag::new(
                Kind::Away,
                format!("`{} {what}` was not done after {seconds} s and was stopped", self.name),
            ));
        };
        let heard = |thread: Option<std::thread::JoinHandle<Vec<u8>>>| {
            let bytes = thread.and_then(|thread| thread.join().ok()).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        Ok(Ran { good: status.success(), stdout: heard(out), stderr: heard(err) })
    }

    /// The same for what has to succeed.
    pub(super) fn succeed(&self, folder: &Path, args: &[&str], within: Duration) -> Result<String> {
        let ran = self.run(folder, args, within)?;
        if ran.good {
            return Ok(ran.stdout);
        }
        let what = shown(args);
        let said = ran.said();
        let mut snag = Snag::failed(format!("`{} {what}` failed", self.name));
        snag.hint = obstacle(&said).map(str::to_owned);
        Err(said.into_iter().fold(snag, Snag::because))
    }

    /// Its version, which has to be so recent.
    pub(super) fn version(&self, place: &Place, least: [u32; 3], update: &str) -> Result<String> {
        let told = self.succeed(&place.home, &["--version"], Duration::from_secs(20))?;
        let text = told.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        self.new_enough(text.unwrap_or_default(), least, update)
    }

    /// That version, if it is.
    pub(super) fn new_enough(&self, text: &str, least: [u32; 3], update: &str) -> Result<String> {
        if numbers(text) < least {
            let [major, minor, patch] = least;
            return Err(Snag::failed(format!(
                "`{}` is {}, and {major}.{minor}.{patch} or later is needed",
                self.name,
                if text.is_empty() { "of a version that it does not tell" } else { text },
            ))
            .because(format!("it is {}", self.path.display()))
            .hinted(update.to_owned()));
        }
        Ok(text.to_owned())
    }
}

/// What it was to do, for a message. Where it was to do that does not fit in.
fn shown(args: &[&str]) -> String {
    let is_where = |arg: &&&str| arg.starts_with("--") && arg.contains('=');
    args.iter().skip_while(is_where).take(3).copied().collect::<Vec<_>>().join(" ")
}

/// The first three numbers of a version.
pub(super) fn numbers(text: &str) -> [u32; 3] {
    let mut found = [0; 3];
    for (place, part) in found.iter_mut().zip(text.split('.')) {
        let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
        *place = digits.parse().unwrap_or(0);
    }
    found
}

/// What to do about what keeps any program from writing, if that is what it says.
pub(super) fn obstacle(said: &[String]) -> Option<&'static str> {
    let says = |words: &[&str]| said.iter().any(|line| words.iter().any(|word| line.contains(word)));
    if says(&["No space left", "ENOSPC", "Disk quota exceeded", "EDQUOT"]) {
        Some(MAKE_ROOM)
    } else if says(&["Read-only file system", "EROFS", "Permission denied", "EACCES"]) {
        Some(MAKE_WRITABLE)
    } else {
        None
    }
}

fn is_program(path: &Path) -> bool {
    let Ok(facts) = std::fs::metadata(path) else { return false };
    facts.is_file() && facts.permissions().mode() & 0o111 != 0
}

fn listen<R: Read + Send + 'static>(from: Option<R>) -> Option<std::thread::JoinHandle<Vec<u8>>> {
    let mut from = from?;
    Some(std::thread::spawn(move || {
        let mut heard = Vec::new();
        let _ = from.read_to_end(&mut heard);
        heard
    }))
}

fn wait(child: &mut Child, within: Duration) -> std::io::Result<Option<std::process::ExitStatus>> {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if began.elapsed() > within {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Git itself says by which variables it can be led elsewhere.
    #[test]
    fn no_program_is_told_of_a_repository_that_is_not_ours() {
        let git = Program { name: "git", path: "git".into() };
        let listed = git.succeed(Path::new("."), &["rev-parse", "--local-env-vars"], Duration::from_secs(20));
        let command = git.command(Path::new("."), &[]);
        let removed: Vec<_> = command
            .get_envs()
            .filter_map(|(name, value)| value.is_none().then_some(name.to_str()?))
            .collect();
        for name in listed.unwrap().lines().filter(|name| !name.starts_with("GIT_CONFIG_")) {
            assert!(removed.contains(&name), "{name}");
        }
    }

    #[test]
    fn messages_say_what_was_to_be_done_and_not_where() {
        assert_eq!(
            shown(&["--git-dir=/x", "--work-tree=/y", "fetch", "--quiet", "origin", "HEAD"]),
            "fetch --quiet origin"
        );
        assert_eq!(shown(&["--version"]), "--version");
    }
}
