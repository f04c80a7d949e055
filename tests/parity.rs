//! What the real client loads through Agnes is what it loads from the upstream itself: component by component,
//! for every locally sourced plugin of the corpus and of the examples, for packages, and after a rename.

mod cases;
mod corpus;
mod sources;
