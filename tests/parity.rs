//! What the real client loads through Agnes is what it loads from the upstream itself: component by component,
//! for every locally sourced plugin of the corpus and of the examples.

mod cases;
mod corpus;
