//! The people of the demo, in the tests' worlds.

use super::World;

/// Who is in which group, and what the group is granted: as `agnes demo` has it.
pub const PEOPLE: [(&str, &str, &[&str]); 2] = [
    ("ada@example.com", "Engineering", &["acme-tools/*", "globex-skills/code-review"]),
    ("grace@example.com", "Analytics", &["globex-skills/*", "acme-tools/sql-helpers"]),
];

pub const ADA: &str = PEOPLE[0].0;
pub const GRACE: &str = PEOPLE[1].0;

impl World {
    /// The example marketplaces, and the demo's two users with the demo's grants.
    pub fn with_people() -> Self {
        let world = Self::with_examples();
        world.admit_people();
        world
    }

    pub fn admit_people(&self) {
        for (email, group, resources) in PEOPLE {
            self.agnes(&["user", "add", email]);
            self.agnes(&["group", "add", group]);
            self.agnes(&["group", "join", group, email]);
            self.agnes(&[&["grant", group], resources].concat());
        }
    }

    /// The etag that `info` tells.
    #[track_caller]
    pub fn etag(&self, email: &str) -> String {
        self.json(&["info", "--user", email])["etag"].as_str().unwrap().to_owned()
    }
}
