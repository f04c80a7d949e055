//! The use cases, in one process and without the mouths.

mod access;
mod bundles;
mod channel;
mod diff;
mod disabling;
mod marketplaces;
mod moments;
mod outbound;
mod packages;
mod parcels;
mod states;
mod syncs;
mod terms;
mod tokens;
mod told;
