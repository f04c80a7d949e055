//! `agnes setup` as most use it: somebody sits there, is asked, and types.

use crate::support::terminal::{hidden, in_terminal, typed};
use crate::support::{ADA, Laptop, World, have};

const CREDENTIALS: &str = ".config/agnes/credentials.json";

/// A token that is shown while it is typed is in the terminal's history, and on a projector.
#[test]
fn the_token_is_asked_for_and_not_shown() {
    if !have(["python3"], "the_token_is_asked_for_and_not_shown") {
        return;
    }
    let world = World::with_people();
    let Some(laptop) = Laptop::one(&world, "the_token_is_asked_for_and_not_shown") else { return };
    let server = world.serve(&[]);
    let token = world.token(ADA);
    let mut setup = laptop.command(env!("CARGO_BIN_EXE_agnes"));
    setup.arg("setup");

    // Whoever has second thoughts has nothing changed, not even by the client that was asked.
    let before = laptop.everything();
    let told = [typed("Address of the server (https://…): ", server.url()), typed("", "\n")];
    let asked = hidden("Your token for", &token);
    let no =
        in_terminal(&setup, &[told[0], told[1], asked, hidden("", "\r"), typed("Do that? [Y/n] ", "n\n")]);
    assert!(no.code == Some(1) && no.text().contains("Nothing was done."), "{no:?}");
    assert!(!no.text().contains(&token), "it is shown");
    assert_eq!(laptop.everything(), before);

    let yes =
        in_terminal(&setup, &[told[0], told[1], asked, hidden("", "\r"), typed("Do that? [Y/n] ", "\n")]);
    assert!(yes.code == Some(0) && yes.text().contains("7 plugins of it"), "{yes:?}");
    assert!(!yes.text().contains(&token), "it is shown");
    assert_eq!(laptop.files_with(&token), [CREDENTIALS]);

    // The same for the next one; and a typing mistake changes nothing.
    let mut login = laptop.command(env!("CARGO_BIN_EXE_agnes"));
    login.arg("login");
    let wrong = in_terminal(&login, &[hidden("Your token for", "agnes_pat_oops\r")]);
    assert!(wrong.code == Some(2) && wrong.text().contains("copy it again"), "{wrong:?}");
    assert!(!wrong.text().contains("oops"), "{wrong:?}");
    let empty = in_terminal(&login, &[hidden("Your token for", "\r")]);
    assert!(empty.code == Some(2) && empty.text().contains("empty"), "{empty:?}");
    assert_eq!(laptop.files_with(&token), [CREDENTIALS]);
    let next = world.token(ADA);
    let good = in_terminal(&login, &[hidden("Your token for", &next), hidden("", "\r")]);
    assert!(good.code == Some(0) && good.text().contains("in place of any other"), "{good:?}");
    assert!(!good.text().contains(&next) && laptop.files_with(&token).is_empty());
    assert_eq!(laptop.files_with(&next), [CREDENTIALS]);

    let mut undo = laptop.command(env!("CARGO_BIN_EXE_agnes"));
    undo.args(["setup", "--undo"]);
    let kept = in_terminal(&undo, &[typed("Do that? [Y/n] ", "no\n")]);
    assert!(kept.code == Some(1) && laptop.config().exists(), "{kept:?}");
    let undone = in_terminal(&undo, &[typed("Do that? [Y/n] ", "y\n")]);
    assert!(undone.code == Some(0), "{undone:?}");
    assert_eq!(laptop.everything(), before);
}

#[test]
fn each_plugin_can_be_asked_about() {
    if !have(["python3"], "each_plugin_can_be_asked_about") {
        return;
    }
    let (world, _upstream) = World::with_moving();
    let Some(laptop) = Laptop::one(&world, "each_plugin_can_be_asked_about") else { return };
    let server = world.serve(&[]);
    let token = world.token(ADA);
    let mut setup = laptop.command(env!("CARGO_BIN_EXE_agnes"));
    setup.args(["setup", "--server", server.url(), "--plugins", "ask"]);
    let dialogue = [
        hidden("Your token for", &token),
        hidden("", "\r"),
        typed("Install moved?", "n\n"),
        typed("Install still?", "\n"),
        typed("Do that? [Y/n] ", "\n"),
    ];
    let ran = in_terminal(&setup, &dialogue);
    assert!(ran.code == Some(0) && ran.text().contains("Install 1 plugin: still"), "{ran:?}");
    assert_eq!(laptop.plugins().into_keys().collect::<Vec<_>>(), ["still"]);
    // Who was asked once is not surprised later: nothing is installed by itself.
    world.agnes(&["grant", "group of ada@example.com", "up/later"]);
    laptop.agnes(&["refresh"]);
    assert_eq!(laptop.plugins().into_keys().collect::<Vec<_>>(), ["still"]);
    // Asked again, only about what is not there; with a token that is known by now.
    let mut again = laptop.command(env!("CARGO_BIN_EXE_agnes"));
    again.args(["setup", "--plugins", "ask"]);
    let dialogue =
        [typed("Install later?", "y\n"), typed("Install moved?", "n\n"), typed("Do that? [Y/n] ", "y\n")];
    let ran = in_terminal(&again, &dialogue);
    assert!(ran.code == Some(0) && !ran.text().contains("Install still?"), "{ran:?}");
    assert_eq!(laptop.plugins().into_keys().collect::<Vec<_>>(), ["later", "still"]);

    // Where nobody sits, nobody can be asked.
    let said = laptop.refused(2, &["setup", "--plugins", "ask", "--yes"], "");
    assert!(said.contains("nobody to ask") && said.contains("--plugins all"), "{said}");
}
