//! What somebody gets: the granted plugins under their names in the feed, the catalog in its two forms, where all of
//! it comes from, and how to set it up by hand.

pub mod guide;
pub mod hosted;
pub mod provenance;
pub mod served;
pub mod view;
