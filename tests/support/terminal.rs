//! Somebody who sits before a terminal, reads what is asked there, and types. The terminal is Python's.

use std::process::{Command, Stdio};

use super::{Laptop, Ran};

/// What is typed once that is to be read; and whether the terminal has to have stopped showing what is typed.
#[derive(Debug, Clone, Copy)]
pub struct Typed<'a> {
    pub after: &'a str,
    pub text: &'a str,
    pub hidden: bool,
}

/// `text`, typed once `after` is to be read.
pub fn typed<'a>(after: &'a str, text: &'a str) -> Typed<'a> {
    Typed { after, text, hidden: false }
}

/// The same for what must not be shown.
pub fn hidden<'a>(after: &'a str, text: &'a str) -> Typed<'a> {
    Typed { after, text, hidden: true }
}

const TERMINAL: &str = r#"
import json, os, pty, select, sys, termios, time

talk, end = json.load(sys.stdin), time.monotonic() + 120
child, terminal = pty.fork()
if child == 0:
    os.execvpe(sys.argv[1], sys.argv[1:], os.environ)
shown, seen = b"", 0

def more():
    global shown
    if select.select([terminal], [], [], 0.2)[0]:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            return False
        shown += data
        return bool(data)
    return time.monotonic() < end

def ended(code):
    sys.stdout.buffer.write(shown)
    sys.stdout.flush()
    os._exit(code)

for after, text, hidden in talk:
    at = shown.find(after.encode(), seen)
    while at < 0:
        if not more():
            print(f"never asked: {after}", file=sys.stderr, flush=True)
            os.close(terminal)
            ended(100)
        at = shown.find(after.encode(), seen)
    seen = at + len(after.encode())
    while hidden and termios.tcgetattr(terminal)[3] & termios.ECHO:
        if not more():
            print(f"it would be shown: {after}", file=sys.stderr, flush=True)
            ended(101)
    data = text.encode()
    while data:
        data = data[os.write(terminal, data[:512]):]
        more()
while more():
    pass
ended(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"#;

/// Runs a command in a terminal, with that dialogue. What was shown there is its stdout.
pub fn in_terminal(command: &Command, dialogue: &[Typed]) -> Ran {
    let mut terminal = Command::new("python3");
    terminal.args(["-c", TERMINAL]).arg(command.get_program()).args(command.get_args());
    terminal.env_clear().env("TERM", "dumb");
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            terminal.env(name, value);
        }
    }
    terminal.stdout(Stdio::piped());
    if let Some(folder) = command.get_current_dir() {
        terminal.current_dir(folder);
    }
    let talk: Vec<_> = dialogue.iter().map(|one| (one.after, one.text, one.hidden)).collect();
    Laptop::run(&mut terminal, &serde_json::to_string(&talk).unwrap())
}
