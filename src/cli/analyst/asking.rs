//! Which server, with which token: what was given, what is known, and what has to be asked for.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use crate::analyst::credentials::{self, Credential};
use crate::analyst::state::State;
use crate::analyst::{Place, Snag};
use crate::cli::args::{Global, LoginArgs};
use crate::cli::exit::Failure;
use crate::cli::secrets;
use crate::client::ServerUrl;
use crate::domain::access::secret::Secret;
use crate::domain::access::token::Token;

/// The server that was named, in whichever way.
pub(super) fn named(global: &Global) -> Result<Option<ServerUrl>, Failure> {
    let variable = || std::env::var("AGNES_SERVER").ok();
    let text = global.server.clone().or_else(variable).filter(|text| !text.is_empty());
    text.map(|text| text.parse().map_err(|why: crate::client::BadServer| Failure::usage(why.to_string())))
        .transpose()
}

/// The credential for the server that was named, or for the only one that there is.
pub(super) fn known(place: &Place, global: &Global) -> Result<Credential, Failure> {
    let mut all = credentials::all(place)?;
    let server = named(global)?;
    if let Some(server) = &server {
        all.retain(|one| one.server == *server);
    }
    let count = all.len();
    match (all.pop(), server) {
        (Some(one), _) if count == 1 => Ok(one),
        (Some(_), _) => {
            Err(Failure::usage("there are tokens for several servers").hinted("say which: --server URL"))
        }
        (None, Some(server)) => {
            let hint = format!("agnes login --server {server}");
            Err(Snag::new(crate::analyst::Kind::Missing, format!("there is no token for `{server}` here"))
                .hinted(hint))?
        }
        (None, None) => {
            // Whoever has logged out comes back to where they were.
            let state = State::read(place)?;
            let hint = match state.one(None) {
                Ok((server, _)) => format!("agnes login --server {server}"),
                Err(_) => "agnes setup --server https://…".to_owned(),
            };
            Err(Snag::new(crate::analyst::Kind::Missing, "there is no token for any server here")
                .hinted(hint))?
        }
    }
}

/// Everything that is needed to ask a server. What is not given is taken from what is kept, if `kept` says so,
/// and else asked for.
pub(super) fn credential(
    place: &Place,
    global: &Global,
    args: &LoginArgs,
    kept: bool,
) -> Result<Credential, Failure> {
    let all = credentials::all(place)?;
    let server = match named(global)? {
        Some(server) => server,
        None if all.len() == 1 => all.iter().map(|one| one.server.clone()).next().ok_or_else(nameless)?,
        None if io::stdin().is_terminal() && !args.token_stdin => {
            let text = line("Address of the server (https://…): ")?;
            text.parse().map_err(|why: crate::client::BadServer| Failure::usage(why.to_string()))?
        }
        None => return Err(nameless()),
    };
    let there = all.into_iter().find(|one| one.server == server);
    let ca: Option<PathBuf> = match args.ca.as_ref().or(global.server_ca.as_ref()) {
        Some(path) => Some(super::here::absolute(path)?),
        None => there.as_ref().and_then(|there| there.ca.clone()),
    };
    let token = match (given(global, args)?, &there) {
        (Some(token), _) => token,
        (None, Some(there)) if kept => there.token.clone(),
        (None, _) => asked(&server)?,
    };
    let parsed = Token::parse(&token).map_err(|_| {
        Failure::usage("that is not a whole token of an agnes server: it is mistyped or cut off")
            .hinted("copy it again: it begins with `agnes_pat_` and has 59 characters")
    })?;
    Ok(Credential { server, token: parsed.into_secret(), ca, rejected: false })
}

fn nameless() -> Failure {
    Failure::usage("it was not said which server").hinted("agnes setup --server https://…")
}

/// The token that was given, if any was.
fn given(global: &Global, args: &LoginArgs) -> Result<Option<Secret>, Failure> {
    if args.token_stdin {
        return secrets::stdin().map(Some);
    }
    if let Some(path) = &global.server_token_file {
        return secrets::from_file(path).map(Some);
    }
    let variable = std::env::var("AGNES_TOKEN").ok().filter(|text| !text.is_empty());
    variable.map(secrets::given).transpose()
}

fn asked(server: &ServerUrl) -> Result<Secret, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::usage(format!("there is no token for `{server}`"))
            .hinted("give it on stdin: --token-stdin"));
    }
    let text = rpassword::prompt_password(format!("Your token for {server}: "))
        .map_err(|why| Failure::usage(format!("the token cannot be asked for: {why}")))?;
    secrets::given(text)
}

/// A line that whoever sits there types.
pub(super) fn line(question: &str) -> Result<String, Failure> {
    use std::io::Write as _;
    let mut err = io::stderr().lock();
    let _ = write!(err, "{question}").and_then(|()| err.flush());
    drop(err);
    let mut text = String::new();
    io::stdin()
        .read_line(&mut text)
        .map_err(|why| Failure::usage(format!("nothing can be read from the terminal: {why}")))?;
    Ok(text.trim().to_owned())
}

/// Yes, unless something else is typed.
pub(super) fn yes(question: &str) -> Result<bool, Failure> {
    let answer = line(&format!("{question} [Y/n] "))?.to_lowercase();
    Ok(answer.is_empty() || answer == "y" || answer == "yes")
}
