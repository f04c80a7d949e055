//! Fetching, with the real `git` as the upstream and as the judge.

mod folders;
mod hostile;
mod killed;
mod lfs;
mod local;
mod measure;
mod outbound;
mod roads;
pub(crate) mod server;
mod web;
