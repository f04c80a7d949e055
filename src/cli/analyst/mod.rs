//! The commands of an analyst's own machine: `setup`, `login`, `logout`, `whoami`, `credential`.

mod asking;
mod credential;
mod here;
mod login;
mod print;
mod refresh;
mod setup;
mod status;
mod whoami;

pub(super) use credential::run as credential;
pub(super) use login::{login, logout};
pub(super) use refresh::run as refresh;
pub(super) use setup::run as setup;
pub(super) use status::run as status;
pub(super) use whoami::run as whoami;
