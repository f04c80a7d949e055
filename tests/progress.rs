//! What `agnes marketplace sync` shows meanwhile: bars to somebody who sits there, lines to cron.

use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::support::terminal::in_terminal;
use crate::support::web::{Server, http_backend};
use crate::support::{Ran, World, have};

/// A marketplace whose server takes its time, so that there is something to see, and one that is gone.
struct Field {
    world: World,
    server: Server,
}

impl Field {
    fn new() -> Self {
        let world = World::new();
        world.upstream("up").plugins(&["alpha", "beta"]).commit("Publish");
        let root = world.path("upstreams");
        let server = Server::https(move |request| {
            std::thread::sleep(Duration::from_millis(400));
            http_backend(&root, request)
        });
        let field = Self { world, server };
        let gone = field.world.upstream("gone");
        for (slug, url) in [("slow", format!("{}/up/.git", field.server.url)), ("gone", gone.url())] {
            field.world.agnes(&["marketplace", "add", &url, "--slug", slug]);
        }
        fs::remove_dir_all(gone.folder()).unwrap();
        field
    }

    fn trusting(&self, mut command: Command) -> Command {
        command.env("AGNES_SYNC_CA_BUNDLE", &self.server.ca).env("TERM", "xterm");
        command
    }

    fn sync(&self) -> Command {
        self.trusting(self.world.agnes_command(&["marketplace", "sync"]))
    }
}

#[test]
fn somebody_at_a_terminal_sees_a_bar_for_each_marketplace() {
    if !have(["python3"], "somebody_at_a_terminal_sees_a_bar_for_each_marketplace") {
        return;
    }
    let field = Field::new();
    let ran = in_terminal(&field.sync(), &[]);
    let shown = ran.text();
    assert_eq!(ran.code, Some(6), "{shown}");
    // While it waits: the name, and what it waits for. One bar is drawn over, not each on a line of its own.
    let bar = format!("{:24} \u{2591}", "slow");
    assert!(shown.contains(&bar) && shown.contains(" connecting") && shown.contains("\x1b["), "{shown:?}");
    // What became of each stays; and what went wrong is told below, where nothing is drawn over it.
    let last = |text: &str| shown.rfind(text).unwrap_or_else(|| panic!("no `{text}`: {shown:?}"));
    assert!(shown.contains(": 2 added, 0 updated, 0 removed"), "{shown:?}");
    let bars = last("now at ").max(last(&format!("{:24} failed", "gone")));
    let below = &shown[bars..];
    assert!(below.contains("error: gone: ") && !below.contains("\u{2591}"), "{shown:?}");
    assert!(!shown.contains("slow: now at"), "what the bars told is told again: {shown:?}");

    // Where stdout goes elsewhere, it has what a script reads, and the terminal has the bars.
    let script = field.world.command("sh");
    let mut script = field.trusting(script);
    script.args(["-c", "exec \"$0\" marketplace sync >told", env!("CARGO_BIN_EXE_agnes")]);
    let ran = in_terminal(&script, &[]);
    assert!(ran.code == Some(6) && ran.text().contains("connecting"), "{:?}", ran.text());
    let told = fs::read_to_string(field.world.path("told")).unwrap();
    assert!(told.starts_with("slow: nothing new at ") && told.lines().count() == 1, "{told:?}");
}

#[test]
fn cron_gets_a_line_for_each_marketplace() {
    let field = Field::new();
    let ran = Ran::from(field.sync().output().unwrap());
    assert_eq!(ran.code, Some(6), "{}", ran.stderr);
    let told = ran.text();
    assert!(told.starts_with("slow: now at ") && told.lines().count() == 1, "{told:?}");
    assert!(ran.stderr.starts_with("error: gone: "), "{:?}", ran.stderr);
    assert_eq!(ran.stderr.matches("error:").count(), 1, "{:?}", ran.stderr);
    assert!(!(told + &ran.stderr).contains(['\x1b', '\r', '\u{2591}', '\u{2588}']), "{:?}", ran.stderr);
}
