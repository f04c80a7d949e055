//! Personal access tokens as people and scripts meet them.

use std::fs;
use std::path::Path;

use agnes::domain::access::secret::Secret;
use agnes::domain::access::token::Token;
use agnes::domain::digest::Digest;

use crate::support::{ADA, GRACE, World};

fn world() -> World {
    let world = World::new();
    for email in [ADA, GRACE] {
        world.agnes(&["user", "add", email]);
    }
    world
}

/// `agnes token create … | pbcopy` copies the token, a line feed, and nothing else.
#[test]
fn the_token_alone_is_on_stdout() {
    let world = world();
    let ran = world.run(&["token", "create", "--user", ADA, "--name", "laptop", "--expires", "2999-01-01"]);
    let token = ran.text();
    assert!(Token::parse(&Secret::new(token.trim_end().to_owned())).is_ok() && token.ends_with('\n'));
    assert_eq!(token.len(), 60);
    let list = world.json(&["token", "list", "--user", ADA]);
    let id = list[0]["id"].as_str().unwrap();
    assert_eq!(
        ran.stderr,
        format!(
            "A token of {ADA}, good until 2999-01-01T00:00:00Z. It is shown this once.\nTo end it: agnes token revoke {id}\n"
        )
    );
    let quiet = world.run(&["token", "create", "--user", GRACE, "--quiet"]);
    assert_eq!((quiet.text().len(), quiet.stderr.as_str()), (60, ""));
    let json = world.json(&["token", "create", "--user", GRACE, "--name", "ci"]);
    assert_eq!(json["token"].as_str().unwrap().len(), 59);
    assert_eq!((json["user"].as_str(), json["name"].as_str()), (Some(GRACE), Some("ci")));
    assert!(json["expires_at"].is_null());
}

#[test]
fn a_token_is_listed_and_revoked_by_its_id() {
    let world = world();
    assert_eq!(world.agnes(&["token", "list"]), "");
    let made = world.json(&["token", "create", "--user", ADA, "--name", "Ada's laptop"]);
    world.agnes(&["token", "create", "--user", GRACE]);
    let id = made["id"].as_str().unwrap();
    assert_eq!(world.json(&["token", "list"]).as_array().unwrap().len(), 2);
    assert_eq!(world.json(&["token", "list", "--all"]).as_array().unwrap().len(), 2);
    let text = world.agnes(&["token", "list", "--user", ADA]);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].starts_with("ID ") && lines[0].ends_with("EXPIRES  LAST USED  REVOKED"), "{text}");
    assert!(lines[1].starts_with(&format!("{id}  {ADA}  Ada's laptop  ")), "{text}");
    for _ in 0..2 {
        let ran = world.run(&["token", "revoke", id]);
        assert_eq!((ran.code, ran.stderr), (Some(0), format!("Revoked the token {id}.\n")));
    }
    assert!(world.json(&["token", "list", "--user", ADA])[0]["revoked_at"].is_string());

    let audit = world.json(&["audit", "--what", "token", "--which", ADA]);
    let acts: Vec<_> = audit.as_array().unwrap().iter().map(|act| act["action"].as_str().unwrap()).collect();
    assert_eq!(acts, ["token.revoke", "token.create"]);
    assert_eq!(audit[0]["detail"].as_str().unwrap(), format!("{id} (Ada's laptop)"));
    assert_eq!(world.json(&["audit", "--who", "nobody"]).as_array().unwrap().len(), 0);
    world.agnes(&["user", "remove", ADA]);
    assert_eq!(world.json(&["token", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn what_is_wrong_is_said_with_what_would_be_right() {
    let world = world();
    assert_eq!(
        world.refused(2, &["token", "create"]),
        "error: whose is the token to be? The operator is no user and has none: `user` is needed\n\
         hint: agnes token create --user EMAIL\n"
    );
    assert_eq!(
        world.refused(3, &["token", "create", "--user", "nobody@example.com"]),
        "error: there is no user `nobody@example.com`\nhint: agnes user list\n"
    );
    assert_eq!(
        world.refused(2, &["token", "create", "--user", ADA, "--expires", "soon"]),
        "error: `soon` is no time to expire at: `90d`, `12h`, `4w`, a date like `2027-01-31` or a time like \
         `2027-01-31T12:00:00Z` is needed\n"
    );
    assert_eq!(
        world.refused(2, &["token", "create", "--user", ADA, "--expires", "2001-01-01"]),
        "error: `2001-01-01` is 2001-01-01T00:00:00Z, which is past\n"
    );
    assert_eq!(
        world.refused(3, &["token", "revoke", "0123"]),
        "error: there is no token `0123`\nhint: agnes token list\n"
    );
    assert!(world.refused(2, &["token", "list", "--user", ADA, "--all"]).contains("cannot be used with"));
}

/// Somebody gets hold of the whole data folder, and of all that agnes prints but for the one line: no
/// token is in it, and nothing that would open in its place.
#[test]
fn a_token_is_kept_nowhere() {
    let world = world();
    let token = world.agnes(&["token", "create", "--user", ADA, "--name", "laptop"]);
    let token = token.trim_end();
    let mut said = String::new();
    for args in [&["token", "list"][..], &["audit"], &["user", "show", ADA], &["doctor"]] {
        said.push_str(&world.agnes(args));
        said.push_str(&world.json(args).to_string());
    }
    // Pasted where an id or a name belongs, it is not repeated either.
    said.push_str(&world.refused(3, &["token", "revoke", token]));
    said.push_str(&world.refused(2, &["token", "create", "--user", ADA, "--name", token]));
    assert!(!said.contains(&token[10..53]), "{said}");
    let hash = Digest::of(token.as_bytes()).to_string();
    assert!(!said.contains(&hash), "the hash is nobody's business");
    let mut seen = 0;
    search(&world.data(), token, &mut seen);
    assert!(seen > 1);
}

fn search(folder: &Path, token: &str, seen: &mut usize) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            search(&path, token, seen);
            continue;
        }
        *seen += 1;
        let bytes = fs::read(&path).unwrap();
        // DuckDB may cut long texts; a third of the secret is as bad as all of it.
        let found =
            token.as_bytes()[10..52].chunks(14).any(|part| bytes.windows(part.len()).any(|w| w == part));
        assert!(!found, "{} has it", path.display());
    }
}
