//! What can be typed about plugins, and about how they differ.

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Plugin {
    /// List plugins, and why some are not served
    List {
        /// Of this marketplace alone
        #[arg(long, value_name = "SLUG")]
        marketplace: Option<String>,
    },
    /// Show one plugin: entry, manifest, version, commit, files and components
    Show {
        /// Its marketplace's slug and its own name, as `agnes plugin list` shows them
        #[arg(value_name = "SLUG/NAME")]
        plugin: String,
    },
    /// Take a plugin out for everybody, at once, whatever was granted
    ///
    /// From the next request on nobody gets it, and syncs do not bring it back. It need not be listed
    /// yet. To disable it again with another reason changes the reason.
    Disable {
        /// Its marketplace's slug and its own name
        #[arg(value_name = "SLUG/NAME")]
        plugin: String,
        /// Why, in one line: whoever was granted it is told
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Give a plugin back to whoever was granted it
    Enable {
        /// Its marketplace's slug and its own name
        #[arg(value_name = "SLUG/NAME")]
        plugin: String,
    },
}

#[derive(Debug, Args)]
pub(in crate::cli) struct DiffArgs {
    /// Which marketplace
    pub slug: String,
    /// A commit, how its id begins, or a state [default: what is served; if that is what was fetched
    /// last, what was fetched before it]
    pub from: Option<String>,
    /// The same [default: what was fetched last]
    pub to: Option<String>,
    /// Of this plugin alone, by its own name, and at greater length
    #[arg(long, value_name = "NAME")]
    pub plugin: Option<String>,
    /// Show each file as text, not only what runs code
    #[arg(long)]
    pub everything: bool,
}
