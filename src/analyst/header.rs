//! A login that git sends by itself: the printed way (`agnes setup --print`, `GET /setup`) and many a manual have git
//! add a header to each request. It goes beside whatever a helper says, so that no newer token ever counts.

use std::path::Path;

use zeroize::Zeroizing;

use super::error::{Kind, Snag};
use super::git::{BRIEF, Git, repository};
use super::place::Place;
use crate::client::ServerUrl;
use crate::domain::shell::word;

impl Git {
    /// That git sends a login of its own to that server, with what takes it out. What it is, is told to nobody.
    #[must_use]
    pub fn own_login(&self, place: &Place, server: &ServerUrl) -> Option<Snag> {
        let asked = ["config", "--get-urlmatch", "http.extraHeader", &repository(server)];
        let told = self.0.run(&place.home, &asked, BRIEF).ok().filter(|ran| ran.good)?;
        let header = Zeroizing::new(told.stdout);
        let name = header.split(':').next().unwrap_or_default().trim();
        if !name.eq_ignore_ascii_case("authorization") {
            return None;
        }
        let snag = Snag::new(
            Kind::Conflict,
            format!(
                "git sends `{server}` a login of its own (http.extraHeader), beside any that agnes gives it"
            ),
        );
        Some(match self.whence(place, server) {
            Some((file, key)) => snag.because(format!("it is in `{file}`")).hinted(format!(
                "take it out, and run `agnes setup` again: git config --file {} --unset-all {}",
                word(&file),
                word(&key)
            )),
            None => snag.hinted(
                "take it out, and run `agnes setup` again. Where it is: git config --show-origin --name-only \
                 --get-regexp 'extraheader$'",
            ),
        })
    }

    /// The file that it is in, and the key that it has there. Only names are asked for.
    fn whence(&self, place: &Place, server: &ServerUrl) -> Option<(String, String)> {
        let pattern = "^[Aa][Uu][Tt][Hh][Oo][Rr][Ii][Zz][Aa][Tt][Ii][Oo][Nn]:";
        let listing = ["config", "--null", "--show-origin", "--name-only", "--get-regexp"];
        let asked = [&listing[..], &["^http\\.(.*\\.)?extraheader$", pattern]].concat();
        let told = self.0.run(&place.home, &asked, BRIEF).ok()?.stdout;
        let mut parts = told.split('\0');
        let mut found = None;
        while let (Some(origin), Some(key)) = (parts.next(), parts.next()) {
            let about = key.trim_start_matches("http.").trim_end_matches("extraheader");
            let about = about.trim_end_matches('.').trim_end_matches('/');
            if let Some(file) = origin.strip_prefix("file:").filter(|file| Path::new(file).is_absolute())
                && is_below(&repository(server), about)
            {
                found = Some((file.to_owned(), key.to_owned()));
            }
        }
        found
    }
}

fn is_below(address: &str, about: &str) -> bool {
    let rest = address.strip_prefix(about);
    about.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
