//! The road by a child process: `git-upload-pack` for a local folder, `ssh` for a remote one.
//!
//! Nothing here can ask anybody anything: ssh runs in batch mode, standard input is a pipe, and what
//! the child says on standard error is kept for the error message.

use std::io::{self, BufRead, Cursor, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::FetchError;
use super::address::{Address, Road};
use super::guard::{Guard, TICK, lock};
use crate::domain::repository::variables::OF_A_REPOSITORY;
use crate::git::user::Ssh;

/// Bytes of standard error that are kept.
const KEPT: usize = 16 * 1024;

/// Variables that configure git for once, make it prompt, or have it write to the terminal.
const NOT_INHERITED: [&str; 6] = [
    "GIT_ASKPASS",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_PARAMETERS",
    "GIT_TRACE",
    "GIT_TRACE_PACKET",
    "SSH_ASKPASS",
];

/// A running child, ended when dropped.
pub(super) struct Program {
    child: Arc<Mutex<Child>>,
    said: Arc<Mutex<Vec<u8>>>,
    said_all: Receiver<()>,
}

/// What comes out of it, under the guard's eyes.
pub(super) struct Output<'a> {
    from: From,
    guard: &'a Guard<'a>,
}

enum From {
    /// Ending the child ends the reading.
    Pipe(ChildStdout),
    /// Read by a thread: programs that the child started may hold the pipe open when it is gone.
    Thread(Receiver<io::Result<Vec<u8>>>, Cursor<Vec<u8>>),
}

impl Read for Output<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.guard.begin_wait();
        let read = match &mut self.from {
            From::Pipe(stdout) => stdout.read(buf),
            From::Thread(chunks, chunk) => next(chunks, chunk, self.guard).and_then(|()| chunk.read(buf)),
        };
        self.guard.end_wait();
        self.guard.check()?;
        let read = read?;
        self.guard.count(read)?;
        Ok(read)
    }
}

/// Waits for bytes, until there are no more or somebody says stop.
fn next(
    chunks: &Receiver<io::Result<Vec<u8>>>,
    chunk: &mut Cursor<Vec<u8>>,
    guard: &Guard<'_>,
) -> io::Result<()> {
    while chunk.fill_buf()?.is_empty() {
        match chunks.recv_timeout(TICK) {
            Ok(bytes) => *chunk = Cursor::new(bytes?),
            Err(RecvTimeoutError::Timeout) => guard.check()?,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
    Ok(())
}

fn pump(mut stdout: ChildStdout) -> Receiver<io::Result<Vec<u8>>> {
    let (send, chunks) = mpsc::sync_channel(8);
    std::thread::spawn(move || {
        let mut buf = vec![0; 64 * 1024];
        loop {
            let read = stdout.read(&mut buf);
            let end = !matches!(read, Ok(1..));
            if matches!(read, Ok(0)) || send.send(read.map(|read| buf[..read].to_vec())).is_err() || end {
                return;
            }
        }
    });
    chunks
}

/// The command for a repository on this machine.
pub(super) fn local(path: &str, address: &Address) -> Result<Command, FetchError> {
    if !Path::new(path).exists() {
        return Err(FetchError::NotFound { url: address.shown.clone() });
    }
    // `git` is on everybody's path, its sub-programs are not on every machine's.
    let mut command = Command::new(found_in_path("git-upload-pack").unwrap_or_else(|| "git".into()));
    if command.get_program() == "git" {
        command.arg("upload-pack");
    }
    // Absolute, it cannot be taken for an option.
    command.arg(std::path::absolute(path).unwrap_or_else(|_| path.into()));
    Ok(command)
}

/// The command for a repository behind ssh.
pub(super) fn ssh(
    user: Option<&str>,
    host: &str,
    port: Option<u16>,
    path: &str,
    guard: &Guard<'_>,
) -> Command {
    let mut command = match guard.options.user.ssh() {
        // Only a shell knows how to read it. Options follow as arguments. The shell gives way to ssh where it
        // can, so that ending the child ends ssh.
        Some(Ssh::Line(line)) => {
            let simple = !line.contains(['\n', ';', '|', '&', '(', ')', '<', '>', '`', '{']);
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(format!("{}{line} \"$@\"", if simple { "exec env " } else { "" })).arg("ssh");
            shell
        }
        Some(Ssh::Program(program)) => Command::new(program),
        None => Command::new("ssh"),
    };
    let wait = guard.options.connect_timeout.as_secs().max(1);
    command.args(["-o", "BatchMode=yes", "-o", "SendEnv=GIT_PROTOCOL"]);
    command.arg("-o").arg(format!("ConnectTimeout={wait}"));
    if let Some(port) = port {
        command.arg("-p").arg(port.to_string());
    }
    command.arg(user.map_or(host.to_owned(), |user| format!("{user}@{host}")));
    command.arg(format!("git-upload-pack {}", quoted(path)));
    command
}

/// One word for the shell on the other side. A leading `~user` stays outside of the quotes, for
/// that shell to expand.
fn quoted(path: &str) -> String {
    let (home, rest) = match path.strip_prefix('~') {
        Some(_) => path.split_at(path.find('/').unwrap_or(path.len())),
        None => ("", path),
    };
    let plain = home.chars().skip(1).all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    let (home, rest) = if plain { (home, rest) } else { ("", path) };
    format!("{home}'{}'", rest.replace('\'', r"'\''"))
}

impl Program {
    pub(super) fn start<'a>(
        mut command: Command,
        address: &Address,
        guard: &'a Guard<'a>,
    ) -> Result<(Self, Output<'a>, ChildStdin), FetchError> {
        for name in NOT_INHERITED.iter().chain(&OF_A_REPOSITORY) {
            command.env_remove(name);
        }
        command
            .env("GIT_PROTOCOL", "version=2")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("SSH_ASKPASS_REQUIRE", "never");
        // Messages are read below, in English.
        command.env("LC_ALL", "C");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let program = command.get_program().to_string_lossy().into_owned();
        let failed = |reason: String| address.other(format!("cannot run `{program}`: {reason}"));
        let mut child = command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => failed("it is not installed".into()),
            _ => failed(error.to_string()),
        })?;
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(failed("it has no pipes".into()));
        };
        let said = Arc::new(Mutex::new(Vec::new()));
        let (finished, said_all) = mpsc::channel();
        let listening = Arc::clone(&said);
        // Not joined: a program that stays in the background (a shared ssh connection) may hold this
        // pipe open for hours.
        std::thread::spawn(move || {
            listen(stderr, &listening);
            drop(finished);
        });
        let child = Arc::new(Mutex::new(child));
        guard.depends_on(Some(Arc::clone(&child)));
        let from = match address.road {
            Road::Ssh { .. } => From::Thread(pump(stdout), Cursor::default()),
            _ => From::Pipe(stdout),
        };
        Ok((Self { child, said, said_all }, Output { from, guard }, stdin))
    }

    /// What the child had to say for itself, when it ended too early.
    pub(super) fn last_words(&self) -> String {
        // Whoever closed its end of the pipe is about to be finished with the other one too.
        let _ = self.said_all.recv_timeout(Duration::from_millis(500));
        let said = lock(&self.said);
        let text = String::from_utf8_lossy(&said);
        let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        crate::git::shown(&lines.join(" "))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let mut child = lock(&self.child);
        let _ = child.kill();
        let _ = child.wait();
    }
}

fn listen(mut stderr: impl Read, said: &Mutex<Vec<u8>>) {
    let mut buf = [0; 4096];
    while let Ok(read @ 1..) = stderr.read(&mut buf) {
        let mut said = lock(said);
        let room = KEPT.saturating_sub(said.len());
        said.extend_from_slice(&buf[..read.min(room)]);
    }
}

/// What the child's words mean, as far as git's and OpenSSH's usual ones go.
pub(super) fn understand(words: &str, address: &Address) -> Option<FetchError> {
    let has = |needles: &[&str]| needles.iter().any(|needle| words.contains(needle));
    let (host, url) = (address.host.clone(), address.shown.clone());
    if has(&["Host key verification failed"]) {
        return Some(FetchError::UnknownHostKey { host, reason: words.to_owned() });
    }
    if has(&["Permission denied (", "Authentication failed"]) {
        return Some(FetchError::NoSshKey { host, reason: words.to_owned() });
    }
    if has(&["dubious ownership"]) {
        return Some(address.other(format!(
            "git refuses repositories of other users (see safe.directory in git-config): {words}"
        )));
    }
    if has(&["does not appear to be a git repository", "epository not found", "not found.", "does not exist"])
    {
        return Some(FetchError::NotFound { url });
    }
    if has(&["Could not resolve hostname", "Connection refused", "Connection timed out", "No route to host"])
    {
        return Some(FetchError::Unreachable { host, reason: words.to_owned() });
    }
    None
}

/// By its whole path it need not be looked for once more, by a copy of this process that cannot go on before.
fn found_in_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_path_is_one_word_for_the_shell_over_there() {
        assert_eq!(quoted("/srv/a b.git"), "'/srv/a b.git'");
        assert_eq!(quoted("x'; rm -rf /; '"), r"'x'\''; rm -rf /; '\'''");
        assert_eq!(quoted("~/a"), "~'/a'");
        assert_eq!(quoted("~git/a"), "~git'/a'");
        assert_eq!(quoted("~$(id)/a"), "'~$(id)/a'");
    }
}
