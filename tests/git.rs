//! The git channel of a live server, and the machine's `git` as its client. The cases are those of git's own
//! tests of smart HTTP, shallow and partial clones (t5551, t5702, t5537, t5539, t5616).

mod cache;
mod clone;
mod doors;
mod fetch;
mod partial;
mod rude;
mod turns;
