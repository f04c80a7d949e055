//! The ways that plugins take, with the real clients: what was chosen once stays, and whoever has no network for a
//! moment loses nothing of what they have.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::server::argument;
use crate::support::{ADA, Laptop, Ran, World};

/// A laptop on which a program is another, that does these lines of a shell before what it does else.
struct Odd<'a> {
    laptop: &'a Laptop,
    path: String,
}

impl<'a> Odd<'a> {
    fn new(laptop: &'a Laptop, program: &str, lines: &str) -> Self {
        let bin = laptop.home().join("other bin");
        fs::create_dir_all(&bin).unwrap();
        let real = laptop.command("sh").args(["-c", &format!("command -v {program}")]).output().unwrap();
        let real = String::from_utf8(real.stdout).unwrap();
        let wrapper = format!("#!/bin/sh\n{lines}\nexec '{}' \"$@\"\n", real.trim());
        fs::write(bin.join(program), wrapper).unwrap();
        fs::set_permissions(bin.join(program), fs::Permissions::from_mode(0o755)).unwrap();
        Self { laptop, path: format!("{}:{}", bin.display(), laptop.path()) }
    }

    fn agnes(&self, args: &[&str], stdin: &str) -> Ran {
        let mut command = self.laptop.command(env!("CARGO_BIN_EXE_agnes"));
        Laptop::run(command.args(args).env("PATH", &self.path), stdin)
    }

    #[track_caller]
    fn ends(&self, code: i32, args: &[&str], stdin: &str) -> Ran {
        let ran = self.agnes(args, stdin);
        assert_eq!(ran.code, Some(code), "{args:?}: {}{}", ran.text(), ran.stderr);
        ran
    }

    fn status(&self) -> String {
        self.agnes(&["status"], "").text()
    }
}

/// The client's git is told to ask no helper, as old clients do it in the background; and what the client was asked to
/// do is written down.
fn without_helpers(home: &str, url: &str) -> String {
    format!(
        "export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=credential.{url}.helper GIT_CONFIG_VALUE_0=\n\
         echo \"$*\" >>'{home}/asked'"
    )
}

/// It cannot have the address. The clone that took its place is what there is from then on: nothing is tried again that
/// takes plugins away first; and all can be taken back, byte for byte.
#[test]
fn where_the_client_cannot_clone_the_address_a_clone_takes_its_place() {
    let world = World::with_people();
    let server = world.serve(&[]);
    for laptop in Laptop::all(&world, "where_the_client_cannot_clone_the_address_a_clone_takes_its_place") {
        let token = world.token(ADA);
        // Without a line feed at its end: git would write one.
        fs::write(laptop.home().join(".gitconfig"), "[user]\n  name = Ada").unwrap();
        laptop.claude.plugin(&["list", "--json"]);
        let lines = without_helpers(argument(laptop.home()), server.url());
        let odd = Odd::new(&laptop, "claude", &lines);
        let before = laptop.everything();
        let setup = ["setup", "--server", server.url(), "--token-stdin", "--yes"];
        let ran = odd.ends(0, &setup, &token);
        assert!(ran.stderr.contains("a clone of your own takes its place"), "{}", ran.stderr);
        assert_eq!(laptop.plugins().len(), 7);
        assert_eq!(laptop.files_with(&token), [".config/agnes/credentials.json"]);
        let origin = fs::read_to_string(laptop.home().join("agnes-marketplace/.git/config")).unwrap();
        assert!(origin.contains("rebase = true") && origin.contains("agnes credential"), "{origin}");
        // git was told in the clone, and is asked there.
        let status = odd.status();
        assert!(status.contains(ADA) && status.contains("by clone") && !status.contains(&token), "{status}");
        assert!(status.contains("whom to ask for the token") && !status.contains("agnes setup"), "{status}");

        let asked = laptop.home().join("asked");
        for more in [&[][..], &["--channel", "auto"]] {
            fs::remove_file(&asked).unwrap();
            let ran = odd.ends(0, &[&["setup", "--yes"], more].concat(), "");
            assert!(!ran.stderr.contains("takes its place"), "{}", ran.stderr);
            let asked = fs::read_to_string(&asked).unwrap();
            assert!(!asked.contains("marketplace remove") && !asked.contains("marketplace add"), "{asked}");
        }
        // Whoever wants the other way all the same is told that it does not work, and keeps what there is.
        let there = laptop.plugins();
        odd.ends(1, &["setup", "--yes", "--channel", "git"], "");
        assert_eq!(laptop.plugins(), there);
        assert!(odd.status().contains("by clone"));
        odd.ends(0, &["refresh"], "");
        odd.ends(0, &["setup", "--yes"], "");
        odd.ends(0, &["setup", "--undo", "--yes"], "");
        fs::remove_file(&asked).unwrap();
        assert_eq!(laptop.everything(), before);
    }
}

/// The network was away for a moment, just then: that is no reason to have another way from now on.
#[test]
fn a_fault_that_passes_moves_nobody_to_another_way() {
    let (world, _upstream) = World::with_moving();
    let server = world.serve(&[]);
    for laptop in Laptop::all(&world, "a_fault_that_passes_moves_nobody_to_another_way") {
        laptop.good(&["setup", "--server", server.url(), "--token-stdin", "--yes"], &world.token(ADA));
        let there = laptop.plugins();
        let odd = Odd::new(&laptop, "claude", "[ \"$2 $3\" = 'marketplace update' ] && exit 1");
        let ran = odd.ends(1, &["setup", "--yes"], "");
        assert!(ran.stderr.contains("agnes setup --channel clone"), "{}", ran.stderr);
        assert!(odd.status().contains("by git") && !laptop.home().join("agnes-marketplace").exists());
        assert_eq!(laptop.plugins(), there);
        // From a ZIP to a clone that git does not get at: the ZIP stays.
        laptop.agnes(&["setup", "--yes", "--channel", "zip"]);
        let odd = Odd::new(&laptop, "git", "[ \"$1\" = clone ] && exit 1");
        odd.ends(1, &["setup", "--yes", "--channel", "clone"], "");
        assert!(laptop.home().join("agnes-marketplace/.claude-plugin/marketplace.json").is_file());
        assert_eq!(laptop.plugins(), there);
        let status = laptop.agnes(&["status"]).text();
        // Which needs no git.
        assert!(status.contains("by zip") && !status.contains("git reaches it"), "{status}");
        laptop.agnes(&["refresh"]);
        // Nothing that was put aside is left lying about.
        let left = laptop.everything().into_keys().find(|name| name.starts_with(".agnes-"));
        assert_eq!(left, None);
    }
}

/// `agnes setup` with some other option, weeks later: nobody remembers then what they chose at first.
#[test]
fn what_was_chosen_once_stays_until_something_else_is_chosen() {
    let (world, _upstream) = World::with_moving();
    let (server, ca) = world.serve_privately(&[]);
    for laptop in Laptop::all(&world, "what_was_chosen_once_stays_until_something_else_is_chosen") {
        let setup = ["setup", "--server", server.url(), "--ca", argument(&ca), "--token-stdin", "--yes"];
        let chosen = ["--plugins", "none", "--channel", "zip"];
        laptop.good(&[&setup[..], &chosen].concat(), &world.token(ADA));
        for more in [&[][..], &["--hook"], &["--ca", argument(&ca)]] {
            laptop.agnes(&[&["setup", "--yes"], more].concat());
            assert_eq!(laptop.plugins().len(), 0, "{more:?}");
            let status = laptop.agnes(&["status"]).text();
            assert!(status.contains("by zip"), "{status}");
            assert!(!laptop.home().join(".gitconfig").exists());
        }
        laptop.agnes(&["setup", "--yes", "--plugins", "all"]);
        assert_eq!(laptop.plugins().len(), 2);
        laptop.agnes(&["setup", "--yes", "--channel", "auto"]);
        let status = laptop.agnes(&["status"]).text();
        assert!(status.contains("by git") && laptop.plugins().len() == 2, "{status}");
    }
}

/// What a client says that it did may not be so.
#[test]
fn what_the_client_does_not_have_after_all_is_told() {
    let (world, _upstream) = World::with_moving();
    let server = world.serve(&[]);
    let Some(laptop) = Laptop::one(&world, "what_the_client_does_not_have_after_all_is_told") else { return };
    let token = world.token(ADA);
    let setup = ["setup", "--server", server.url(), "--token-stdin", "--yes"];
    let odd = Odd::new(&laptop, "claude", "[ \"$2 $3\" = 'marketplace add' ] && exit 0");
    let ran = odd.ends(1, &[&setup[..], &["--plugins", "none"]].concat(), &token);
    assert!(ran.stderr.contains("does not list it"), "{}", ran.stderr);
    let odd = Odd::new(&laptop, "claude", "[ \"$2\" = install ] && exit 0");
    let ran = odd.ends(1, &["setup", "--yes", "--plugins", "all"], "");
    assert!(
        ran.stderr.contains("Not installed or updated: moved: Claude Code does not list it"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("and 0 plugins of it") && ran.stderr.contains("agnes setup"),
        "{}",
        ran.stderr
    );
    // Whoever does as they are told gets them.
    laptop.agnes(&["setup", "--yes"]);
    assert_eq!(laptop.plugins().len(), 2);
}
