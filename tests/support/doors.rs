//! The three ways in, each with a world of its own, and what may differ between them.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use super::server::Server;
use super::web::{self, http_backend};
use super::{Ran, World};

/// Who administers from afar.
pub const ADMIN: &str = "admin@example.com";

/// What cron shows.
pub const SCHEDULER: &str = "a-long-secret-that-cron-has-in-its-environment";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// No server: the command opens the data folder.
    Here,
    Socket,
    Https,
}

pub struct Door {
    pub world: World,
    pub way: Way,
    pub server: Option<Server>,
    /// The administrator's access token.
    pub token: String,
    /// What every command and the server need to reach the upstreams.
    environment: Vec<(&'static str, String)>,
}

/// A certificate for this machine, and its key, as files; the first is also the authority.
pub fn certificate(world: &World) -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let (cert, key) = (world.path("cert.pem"), world.path("key.pem"));
    fs::write(&cert, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (cert.display().to_string(), key.display().to_string())
}

/// The upstreams of that world, behind https.
pub fn upstreams(world: &World) -> web::Server {
    let root = world.path("upstreams");
    web::Server::https(move |request| http_backend(&root, request))
}

/// Whoever runs these tests, as the server sees them at its socket.
pub fn me() -> String {
    let said = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}

impl Door {
    /// A world with an administrator and nothing else, behind this door.
    pub fn open(way: Way, upstreams: &web::Server) -> Self {
        let world = World::new();
        let environment = vec![
            ("AGNES_SYNC_CA_BUNDLE", upstreams.ca.display().to_string()),
            ("AGNES_SYNC_ALLOW_NETWORKS", "127.0.0.0/8 ::1".to_owned()),
            ("SCHEDULER_API_TOKEN", SCHEDULER.to_owned()),
            ("USER", me()),
        ];
        let mut door = Self { world, way: Way::Here, server: None, token: String::new(), environment };
        for args in [&["user", "add", ADMIN][..], &["group", "join", "Admin", ADMIN]] {
            assert_eq!(door.run(args).code, Some(0));
        }
        let made = door.run(&["token", "create", "--user", ADMIN]);
        made.text().trim().clone_into(&mut door.token);
        door.way = way;
        let mut command = door.world.agnes_command(&["serve", "--json", "--listen", "127.0.0.1:0"]);
        command.envs(door.environment.iter().map(|(name, value)| (name, value)));
        if way == Way::Https {
            let (cert, key) = certificate(&door.world);
            command.args(["--tls-cert", &cert, "--tls-key", &key]);
        }
        if way != Way::Here {
            door.server = Some(Server::begin(&door.world, command));
        }
        door
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.world.agnes_command(args);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if let (Way::Https, Some(server)) = (self.way, &self.server) {
            command
                .env("AGNES_SERVER", server.url())
                .env("AGNES_SERVER_CA", self.world.path("cert.pem"))
                .env("AGNES_TOKEN", &self.token)
                // From another machine there is no data folder to open.
                .env("AGNES_DATA_DIR", self.world.path("nowhere"));
        }
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        Ran::from(self.command(args).output().unwrap())
    }

    /// The same with something on its stdin.
    pub fn fed(&self, args: &[&str], input: &str) -> Ran {
        let mut command = self.command(args);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A command that is refused at once reads nothing.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Ran::from(child.wait_with_output().unwrap())
    }

    /// Without what has to differ from one world to the next, or depends on who asks: folders, times,
    /// durations, random ids and tokens, and the name of whoever did it. A shorter name makes a table's
    /// column narrower, so runs of spaces are one.
    pub fn plain(&self, text: &str) -> String {
        let home = self.world.home().display().to_string();
        let mut out = String::new();
        for line in text.replace(&home, "HOME").lines() {
            let mut line = words(line);
            if let Some(at) = line.find("\"seconds\":") {
                line.replace_range(at + 10.., " N");
            }
            out.push_str(
                line.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ").as_str(),
            );
            out.push('\n');
        }
        out
    }
}

/// A line whose words that differ are replaced.
fn words(line: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "_-:@.".contains(c);
    let (me, mut out, mut rest) = (me(), String::new(), line);
    while !rest.is_empty() {
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let bare = word.trim_end_matches(['.', ':']);
        let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_time = bare.len() == 20 && bare.ends_with('Z') && bare.as_bytes()[10] == b'T';
        let replaced = if bare == ADMIN || bare == me {
            Some("WHO")
        } else if bare.starts_with("agnes_pat_") {
            Some("TOKEN")
        } else if bare.len() == 32 && is_hex(bare) {
            Some("ID")
        } else if is_time && !bare.starts_with("2999") {
            Some("TIME")
        } else {
            None
        };
        match replaced {
            Some(name) => out.push_str(&(name.to_owned() + &word[bare.len()..])),
            None => out.push_str(word),
        }
        let mut chars = after.chars();
        out.extend(chars.next());
        rest = chars.as_str();
    }
    out
}
