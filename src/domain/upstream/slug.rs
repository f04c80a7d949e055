//! The short name of a registered marketplace.

use std::fmt;
use std::str::FromStr;

/// `[a-z0-9][a-z0-9_-]{0,63}`, and no name that the data folder uses itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

/// Folders beside the marketplaces' own, in `<data>/marketplaces/`.
const TAKEN: [&str; 3] = ["git-cache", "zip-cache", "store"];

const LONGEST: usize = 64;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSlug {
    #[error(
        "`{}` is not a slug: 1 to 64 of a-z, 0-9, `-` and `_`, beginning with a letter or digit",
        .0.escape_debug()
    )]
    Shape(String),
    #[error("`{0}` cannot be a slug: the data folder uses that name itself")]
    Taken(String),
}

impl Slug {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The environment variable that holds this marketplace's token. Two slugs may spell the same
    /// one (`a-b` and `a_b`); the registry refuses the second.
    #[must_use]
    pub fn token_variable(&self) -> String {
        format!("AGNES_MARKETPLACE_{}_TOKEN", self.0.to_ascii_uppercase().replace('-', "_"))
    }

    /// The slug that somebody would choose for a repository: its last path segment without
    /// `.git`, lowercased, with everything else turned into single dashes.
    #[must_use]
    pub fn suggest(url: &str) -> Option<Self> {
        let path = url.split(['?', '#']).next().unwrap_or(url).trim_end_matches(['/', '\\']);
        let last = path.rsplit(['/', ':', '\\']).next()?;
        let last = last.strip_suffix(".git").unwrap_or(last);
        let mut slug = String::new();
        for c in last.chars() {
            match c.to_ascii_lowercase() {
                c @ ('a'..='z' | '0'..='9' | '_') => slug.push(c),
                _ if !slug.ends_with('-') => slug.push('-'),
                _ => {}
            }
        }
        let slug: String = slug.trim_matches(['-', '_']).chars().take(LONGEST).collect();
        slug.parse().ok()
    }
}

impl FromStr for Slug {
    type Err = BadSlug;

    fn from_str(text: &str) -> Result<Self, BadSlug> {
        let good = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '-' | '_');
        if text.is_empty() || text.len() > LONGEST || text.starts_with(['-', '_']) || !text.chars().all(good)
        {
            return Err(BadSlug::Shape(text.to_owned()));
        }
        if TAKEN.contains(&text) {
            return Err(BadSlug::Taken(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for Slug {
    type Error = BadSlug;

    fn try_from(text: String) -> Result<Self, BadSlug> {
        text.parse()
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_the_design_allows() {
        for text in ["a", "0", "a-b_c", &"x".repeat(64)] {
            assert_eq!(text.parse::<Slug>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn refuses_the_rest() {
        for text in ["", "-a", "_a", "A", "a.b", "a/b", "..", "é", "a b", "a\u{202e}b", &"x".repeat(65)] {
            assert!(matches!(text.parse::<Slug>(), Err(BadSlug::Shape(_))), "{text}");
        }
        for text in TAKEN {
            assert!(matches!(text.parse::<Slug>(), Err(BadSlug::Taken(_))), "{text}");
        }
    }

    #[test]
    fn suggests_from_a_url() {
        for (url, slug) in [
            ("https://git.example/Team/Plugin.Market.git", "plugin-market"),
            ("https://git.example/team/tools/", "tools"),
            ("git@git.example:team/My_Tools.git", "my_tools"),
            ("/srv/git/__x__.git", "x"),
        ] {
            assert_eq!(Slug::suggest(url).unwrap().as_str(), slug, "{url}");
        }
        assert_eq!(Slug::suggest("https://git.example/store.git"), None);
    }

    #[test]
    fn two_slugs_may_spell_one_variable() {
        let variable = |text: &str| text.parse::<Slug>().unwrap().token_variable();
        assert_eq!(variable("a-b"), variable("a_b"));
        assert_eq!(variable("a-b"), "AGNES_MARKETPLACE_A_B_TOKEN");
    }
}
