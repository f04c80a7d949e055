//! What can be granted.

use std::fmt;
use std::str::FromStr;

use crate::domain::note::quoted;
use crate::domain::plugin::names::PluginName;
use crate::domain::upstream::slug::Slug;

/// `slug/plugin`: one plugin. `slug/*`: all of a marketplace, present and future.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resource {
    pub slug: Slug,
    /// `None` for all of them.
    pub plugin: Option<PluginName>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is not something to grant: `marketplace/plugin`, or `marketplace/*` for all of it ({why})", quoted(.text))]
pub struct BadResource {
    text: String,
    why: String,
}

impl Resource {
    /// The parts of an id that was written by [`fmt::Display`], without checking them again: the slug, and
    /// the plugin or `None` for all.
    #[must_use]
    pub fn parts(id: &str) -> Option<(&str, Option<&str>)> {
        let (slug, plugin) = id.split_once('/')?;
        Some((slug, (plugin != "*").then_some(plugin)))
    }

    /// All of the marketplace that it is of: who has that has this, too.
    #[must_use]
    pub fn whole(&self) -> Self {
        Self { slug: self.slug.clone(), plugin: None }
    }
}

impl FromStr for Resource {
    type Err = BadResource;

    fn from_str(text: &str) -> Result<Self, BadResource> {
        let refuse = |why: String| BadResource { text: text.to_owned(), why };
        let (slug, plugin) = text.split_once('/').ok_or_else(|| refuse("there is no `/`".into()))?;
        let slug = slug.parse::<Slug>().map_err(|why| refuse(why.to_string()))?;
        let plugin = match plugin {
            "*" => None,
            name => Some(name.parse::<PluginName>().map_err(|why| refuse(why.to_string()))?),
        };
        Ok(Self { slug, plugin })
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.plugin {
            Some(plugin) => write!(f, "{}/{plugin}", self.slug),
            None => write!(f, "{}/*", self.slug),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for text in ["tools/formatter", "tools/*"] {
            assert_eq!(text.parse::<Resource>().unwrap().to_string(), text);
        }
        for text in ["tools", "tools/", "/x", "*/x", "*", "tools/a/b", "Tools/x", "tools/**"] {
            assert!(text.parse::<Resource>().is_err(), "{text}");
        }
    }
}
