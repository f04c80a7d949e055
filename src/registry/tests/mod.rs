//! The use cases, in one process and without the mouths.

mod access;
mod bundles;
mod marketplaces;
mod moments;
mod outbound;
mod syncs;
mod tokens;
