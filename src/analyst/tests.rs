//! The credentials and git's questions about them.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use super::credentials::{self, Credential};
use super::error::Kind;
use super::helper::{Operation, answer};
use super::ledger::Ledger;
use super::place::Place;
use crate::domain::access::secret::Secret;

pub(super) const TOKEN: &str = "agnes_pat_00000000000000000000000000000000000000000002fwZoB";

pub(super) fn place(home: &Path) -> Place {
    Place {
        home: home.to_owned(),
        config: home.join("config").join("agnes"),
        config_is_chosen: false,
        claude: home.join(".claude"),
        ledger: home.join(".claude.json"),
        git_config: home.join(".gitconfig"),
        agnes: "/opt/a gnes/bin/agnes".into(),
        path: Vec::new(),
        here: home.to_owned(),
        git_trusts: None,
        proxies: Vec::new(),
    }
}

pub(super) fn credential(server: &str, token: &str) -> Credential {
    Credential {
        server: server.parse().unwrap(),
        token: Secret::new(token.into()),
        ca: None,
        rejected: false,
    }
}

fn ask(place: &Place, operation: Operation, asked: &str) -> (Option<String>, Option<String>) {
    let reply = answer(place, operation, asked.as_bytes()).unwrap();
    (reply.git.map(|text| text.expose().to_owned()), reply.talk)
}

#[test]
fn tokens_are_kept_for_their_owner_alone() {
    let home = tempfile::tempdir().unwrap();
    let place = place(home.path());
    credentials::keep(&place, &credential("https://a.example.com/", "one")).unwrap();
    credentials::keep(&place, &credential("https://b.example.com/agnes", "two")).unwrap();
    credentials::keep(&place, &credential("https://a.example.com", "three")).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&place.config), mode(&place.credentials())), (0o700, 0o600));
    let all = credentials::all(&place).unwrap();
    let shown: Vec<_> =
        all.iter().map(|one| (one.server.to_string(), one.token.expose().to_owned())).collect();
    let pair = |server: &str, token: &str| (server.to_owned(), token.to_owned());
    assert_eq!(shown, [pair("https://a.example.com", "three"), pair("https://b.example.com/agnes", "two")]);
    // Somebody has made it everybody's to read.
    fs::set_permissions(place.credentials(), fs::Permissions::from_mode(0o644)).unwrap();
    credentials::all(&place).unwrap();
    assert_eq!(mode(&place.credentials()), 0o600);
    assert!(credentials::forget(&place, &all[0].server).unwrap());
    assert!(!credentials::forget(&place, &all[0].server).unwrap());
    assert!(credentials::forget(&place, &all[1].server).unwrap());
    assert!(!place.credentials().exists());
}

/// Somebody who can write to the folder for a moment puts a link where the tokens are to be: to a file that
/// they can read, or to one of the user's that is to be overwritten.
#[test]
fn a_link_in_the_place_of_the_tokens_is_not_followed() {
    let home = tempfile::tempdir().unwrap();
    let place = place(home.path());
    fs::create_dir_all(&place.config).unwrap();
    let elsewhere = home.path().join("elsewhere");
    fs::write(&elsewhere, "{\"servers\":{}}").unwrap();
    symlink(&elsewhere, place.credentials()).unwrap();
    let refused = credentials::keep(&place, &credential("https://a.example.com", TOKEN)).unwrap_err();
    assert_eq!(refused.kind, Kind::Conflict);
    assert_eq!(fs::read_to_string(&elsewhere).unwrap(), "{\"servers\":{}}");
}

/// Somebody's laptop goes off while a token is written down: what is there then is nobody's to find later.
#[test]
fn a_token_that_was_half_kept_is_forgotten_with_the_others() {
    let home = tempfile::tempdir().unwrap();
    let place = place(home.path());
    let ours = credential("https://a.example.com", TOKEN);
    assert!(!credentials::forget(&place, &ours.server).unwrap() && !place.config.exists());
    credentials::keep(&place, &ours).unwrap();
    let at = |name: &str| place.config.join(name);
    let left = at(".agnes-credentials.json-aB3dE6");
    // Those are others'.
    let others = [".agnes-credentials.json-notes 1", ".agnes-setup.json-aB3dE6", ".agnes-backup"];
    for path in others.iter().map(|name| at(name)).chain([left.clone()]) {
        fs::write(path, TOKEN).unwrap();
    }
    assert!(credentials::forget(&place, &ours.server).unwrap());
    assert!(!left.exists() && !place.credentials().exists());
    assert!(others.iter().all(|name| at(name).exists()));
    // Also where it was the first of all.
    fs::write(&left, TOKEN).unwrap();
    assert!(!credentials::forget(&place, &ours.server).unwrap() && !left.exists());
}

#[test]
fn what_is_not_ours_is_not_taken_for_tokens_and_not_repeated() {
    let home = tempfile::tempdir().unwrap();
    let place = place(home.path());
    fs::create_dir_all(&place.config).unwrap();
    fs::write(place.credentials(), format!("{{\"servers\": \"{TOKEN}\"}}")).unwrap();
    let refused = credentials::all(&place).unwrap_err();
    assert!(refused.kind == Kind::Conflict && !format!("{refused:?}").contains("0000"), "{refused:?}");
}

#[test]
fn git_gets_the_token_of_the_very_server_that_it_asks_about() {
    let home = tempfile::tempdir().unwrap();
    let place = place(home.path());
    credentials::keep(&place, &credential("https://a.example.com:8443", "one")).unwrap();
    credentials::keep(&place, &credential("https://b.example.com/agnes", "two")).unwrap();
    credentials::keep(&place, &credential("https://b.example.com", "three")).unwrap();
    let get = |asked: &str| ask(&place, Operation::Get, asked).0;
    let told = |user: &str, token: &str| Some(format!("username={user}\npassword={token}\n"));
    assert_eq!(get("protocol=https\nhost=a.example.com:8443\n\n"), told("agnes", "one"));
    assert_eq!(
        get("capability[]=authtype\nprotocol=https\nhost=A.example.com:8443\nusername=x\n\n"),
        told("x", "one")
    );
    assert_eq!(
        get("protocol=https\nhost=b.example.com:443\npath=agnes/marketplace.git\n\n"),
        told("agnes", "two")
    );
    assert_eq!(get("protocol=https\nhost=b.example.com\npath=agnesia/x.git\n"), told("agnes", "three"));
    // It says a path for each that has one.
    assert_eq!(get("protocol=https\nhost=b.example.com\n\n"), told("agnes", "three"));
}

/// Nobody is shown the token of another, and none is taken for one that its server did not take.
#[test]
fn where_it_is_not_said_which_of_two_servers_is_meant_none_gets_a_token() {
    let home = tempfile::tempdir().unwrap();
    let place = place(home.path());
    credentials::keep(&place, &credential("https://b.example.com/one", "1")).unwrap();
    let asked = "protocol=https\nhost=b.example.com\n\n";
    // Of only one it is clear.
    assert!(ask(&place, Operation::Get, asked).0.unwrap().contains("password=1"));
    credentials::keep(&place, &credential("https://b.example.com/another", "2")).unwrap();
    let (git, talk) = ask(&place, Operation::Get, asked);
    let talk = talk.unwrap();
    assert!(git.is_none() && talk.contains("agnes setup --server https://b.example.com/one"), "{talk}");
    let refused = "protocol=https\nhost=b.example.com\nusername=x\npassword=2\n\n";
    assert_eq!(ask(&place, Operation::Erase, refused), (None, None));
    assert!(credentials::all(&place).unwrap().iter().all(|one| !one.rejected));
    let (git, _) = ask(&place, Operation::Get, &asked.replace("\n\n", "\npath=one/marketplace.git\n\n"));
    assert!(git.unwrap().contains("password=1"));
}

/// A page or a README makes somebody clone from an address that looks like the server's. git asks all of
/// its helpers about it; ours must not say a word.
#[test]
fn nobody_else_gets_the_token() {
    let home = tempfile::tempdir().unwrap();
    let place = place(home.path());
    credentials::keep(&place, &credential("https://a.example.com:8443", TOKEN)).unwrap();
    for asked in [
        "",
        "protocol=https\n",
        "host=a.example.com:8443\n",
        "protocol=https\nhost=a.example.com\n",
        "protocol=http\nhost=a.example.com:8443\n",
        "protocol=https\nhost=evil.example\n",
        "protocol=https\nhost=a.example.com.evil.example:8443\n",
        "protocol=https\nhost=a.example.com:84430\n",
        "protocol=https\nhost=a.example.com:8443@evil.example\n",
        "protocol=https\nhost=evil.example/a.example.com:8443\n",
        "protocol=https\nhost=a.example.com:8443/x@evil.example\n",
        "protocol=https\nhost=a.example.com:8443#@evil.example\n",
        "protocol=https\nhost=a.example.com:8443\\@evil.example\n",
        "protocol=https\nhost=a.example.com%3a8443\n",
        "protocol=https://a.example.com:8443/\nhost=evil.example\n",
        "protocol=https\nhost=evil.example\n\nhost=a.example.com:8443\n",
        "protocol=https\nhost=a.example.com:8443\nnonsense\n",
        "protocol=ssh\nhost=a.example.com:8443\n",
        "protocol=cert\nhost=\npath=/x\n",
    ] {
        for operation in [Operation::Get, Operation::Store, Operation::Erase] {
            assert_eq!(ask(&place, operation, asked), (None, None), "{asked:?}");
        }
    }
}

/// A server that answered 401 in passing has git erase the token. It would be gone for good.
#[test]
fn what_git_wants_erased_is_kept_and_what_it_wants_stored_is_not() {
    let home = tempfile::tempdir().unwrap();
    let place = place(home.path());
    let ours = credential("https://a.example.com", TOKEN);
    credentials::keep(&place, &ours).unwrap();
    let about = |token: &str| format!("protocol=https\nhost=a.example.com\nusername=x\npassword={token}\n\n");
    let kept = || {
        let one = credentials::of(&place, &ours.server).unwrap().unwrap();
        assert_eq!(one.token.expose(), TOKEN);
        one.rejected
    };
    // One that was typed, or is in an address.
    assert_eq!(ask(&place, Operation::Erase, &about("other")), (None, None));
    assert!(!kept());
    let (git, talk) = ask(&place, Operation::Erase, &about(TOKEN));
    let talk = talk.unwrap();
    assert!(git.is_none() && talk.contains("agnes login --server https://a.example.com"), "{talk}");
    assert!(!talk.contains(TOKEN) && kept());
    // It is still given, since it may have been a passing fault; and when it is taken, all is well again.
    assert!(ask(&place, Operation::Get, &about(TOKEN)).0.unwrap().contains(TOKEN));
    assert_eq!(ask(&place, Operation::Store, &about("another")), (None, None));
    assert!(kept());
    assert_eq!(ask(&place, Operation::Store, &about(TOKEN)), (None, None));
    assert!(!kept());
    let text = fs::read_to_string(place.credentials()).unwrap();
    assert!(!text.contains("another"));
}

/// The client's file about itself is somebody's as soon as they have used the client: their accounts and projects
/// must not be lost for a home that looks as before.
#[test]
fn the_clients_own_file_is_put_back_to_the_very_bytes_or_left() {
    let home = tempfile::tempdir().unwrap();
    let place = place(home.path());
    let backups = place.claude.join("backups");
    fs::create_dir_all(&backups).unwrap();
    let write = |text: &str| fs::write(&place.ledger, text).unwrap();
    let now = || fs::read_to_string(&place.ledger).unwrap_or_default();

    let none = Ledger::of(&place);
    write("{\n  \"machineID\": \"x\"\n}");
    fs::write(backups.join("1"), "").unwrap();
    none.put_back(&place, "agnes", true).unwrap();
    assert!(!place.ledger.exists() && fs::read_dir(&backups).unwrap().count() == 0);
    let lived_in = "{\n  \"machineID\": \"x\",\n  \"projects\": {}\n}";
    write(lived_in);
    fs::write(backups.join("2"), "").unwrap();
    none.put_back(&place, "agnes", true).unwrap();
    assert_eq!((now().as_str(), fs::read_dir(&backups).unwrap().count()), (lived_in, 1));
    write("{\"machineID\": \"x\"}");
    none.put_back(&place, "agnes", false).unwrap();
    assert_eq!(now(), "{\"machineID\": \"x\"}");

    let before = "{\n  \"machineID\": \"x\",\n  \"declinedPlugins\": [\n    \"b@other\"\n  ]\n}";
    write(before);
    let one = Ledger::of(&place);
    let ours = "\n  \"userID\": \"y\",\n  \"declinedPlugins\": [\n    \"b@other\",\n    \"a@agnes\"\n  ]\n}";
    write(&format!("{{\n  \"machineID\": \"x\",{ours}"));
    one.put_back(&place, "agnes", true).unwrap();
    assert_eq!(now(), before);
    // With something of theirs it is theirs; what we had it note goes all the same.
    write(&format!("{{\n  \"machineID\": \"z\",{ours}"));
    one.put_back(&place, "agnes", false).unwrap();
    let left: serde_json::Value = serde_json::from_str(&now()).unwrap();
    assert_eq!(left, serde_json::json!({"machineID": "z", "userID": "y", "declinedPlugins": ["b@other"]}));
    // And what is none of the client's is not touched.
    write("not JSON");
    one.put_back(&place, "agnes", true).unwrap();
    assert_eq!(now(), "not JSON");
}

#[test]
fn git_is_told_for_one_address_and_with_quotes() {
    let home = tempfile::tempdir().unwrap();
    let mut place = place(home.path());
    let server = "https://a.example.com:8443/x".parse().unwrap();
    let told = super::git::settings(&place, &server, Some(Path::new("/ca é.pem")));
    let told: Vec<_> = told.iter().map(|one| (one.key.as_str(), one.values.join("|"))).collect();
    let helper = "credential.https://a.example.com:8443/x.helper";
    let (apart, yes) = ("credential.https://a.example.com:8443/x.useHttpPath", "true".to_owned());
    let authority = "http.https://a.example.com:8443/x/.sslCAInfo";
    let run = "|!'/opt/a gnes/bin/agnes' credential".to_owned();
    assert_eq!(told, [(helper, run), (apart, yes), (authority, "/ca é.pem".to_owned())]);
    place.config_is_chosen = true;
    place.config = "/it's".into();
    let told = super::git::settings(&place, &server, None);
    assert_eq!(told[0].values[1], r"!AGNES_CONFIG_HOME='/it'\''s' '/opt/a gnes/bin/agnes' credential");
}
