//! Which skills of a plugin are loaded when its entry lists them.
//!
//! Seen in Claude Code 2.1.197 and 2.1.329. Under a root source (`./`) an entry's `skills` take the
//! place of the `skills/` folder, if at least one of them names a folder that exists and none names
//! `skills/` or the root itself; an empty list, and one of nothing but missing folders, restrict
//! nothing. Under any other source they are added to `skills/`. The feed moves every plugin into a
//! folder, so what was not listed must not come along.
//!
//! A folder that is looked into for skills is one if it holds a `SKILL.md`; else each of its own
//! folders that holds one is. Nobody looks deeper. A plugin's own `SKILL.md` counts only where it has
//! no `skills/` and lists none.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;

use super::content::Content;
use super::fields::Object;
use crate::domain::repository::path::RepoPath;

const FOLDER: &str = "skills/";
const FILE: &str = "SKILL.md";

/// Takes out the skills that a root-source entry does not list.
pub fn prune_unlisted(content: &mut Content, entry: &Object) {
    let Some(listed) = restriction(entry, |path| content.has_folder(path)) else { return };
    let listed: HashSet<String> = listed.iter().map(|path| path.to_key() + "/").collect();
    content.skills_listed = true;
    let children: BTreeSet<String> = content
        .files
        .keys()
        .filter_map(|path| path.strip_prefix(FOLDER)?.split_once('/'))
        .map(|(child, _)| child.to_owned())
        .collect();
    let unlisted: HashSet<String> = children
        .into_iter()
        .map(|child| format!("{FOLDER}{child}/"))
        .filter(|start| content.files.contains_key(&format!("{start}{FILE}")) && !is_below(start, &listed))
        .collect();
    let goes = |path: &str| {
        path == FILE || path == "skills/SKILL.md" || (is_below(path, &unlisted) && !is_below(path, &listed))
    };
    content.files.retain(|path, _| !goes(path));
    content.crlf.retain(|path| !goes(path));
}

/// The folders that a root-source entry restricts its skills to; `None` for no restriction.
pub fn restriction(entry: &Object, is_there: impl Fn(&RepoPath) -> bool) -> Option<Vec<RepoPath>> {
    let texts = match entry.get("skills") {
        Some(Value::String(text)) => vec![text.as_str()],
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    let paths = texts.into_iter().filter_map(|text| RepoPath::parse(text).ok());
    let there: Vec<RepoPath> = paths.filter(|path| path.is_root() || is_there(path)).collect();
    let whole = |path: &RepoPath| path.is_root() || path.to_key() == "skills";
    (!there.is_empty() && !there.iter().any(whole)).then_some(there)
}

/// Whether a path is in one of the folders, each of which ends with a slash. There may be as many as files.
fn is_below(path: &str, folders: &HashSet<String>) -> bool {
    path.match_indices('/').any(|(slash, _)| folders.contains(&path[..=slash]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::content::File;
    use super::*;
    use crate::domain::repository::oid::Oid;

    const ALL: [&str; 9] = [
        "SKILL.md",
        "other/d/SKILL.md",
        "skills/a/SKILL.md",
        "skills/a/run.sh",
        "skills/b/SKILL.md",
        "skills/b/inner/SKILL.md",
        "skills/common/util.py",
        "skills/group/nested/SKILL.md",
        "skills/readme.txt",
    ];

    fn left(paths: &[&str], skills: Value) -> Vec<String> {
        let file = File { executable: false, blob: Oid([0; 20]), size: 1 };
        let files = paths.iter().map(|path| ((*path).to_owned(), file)).collect();
        let mut content = Content { files, ..Content::default() };
        let entry = [("skills".to_owned(), skills)].into_iter().collect();
        prune_unlisted(&mut content, &entry);
        content.files.into_keys().collect()
    }

    #[test]
    fn only_the_listed_stay_with_what_is_no_skill() {
        let kept = [
            "other/d/SKILL.md",
            "skills/a/SKILL.md",
            "skills/a/run.sh",
            "skills/common/util.py",
            "skills/group/nested/SKILL.md",
            "skills/readme.txt",
        ];
        assert_eq!(left(&ALL, json!(["./skills/a"])), kept);
        assert_eq!(left(&ALL, json!("./skills/a/")), kept);
        assert_eq!(left(&ALL, json!(["./skills/a", "./skills/gone"])), kept);
    }

    #[test]
    fn a_list_of_folders_elsewhere_leaves_none_of_the_default_ones() {
        let kept = [
            "other/d/SKILL.md",
            "skills/common/util.py",
            "skills/group/nested/SKILL.md",
            "skills/readme.txt",
        ];
        assert_eq!(left(&ALL, json!(["./other"])), kept);
    }

    #[test]
    fn a_skill_inside_an_unlisted_one_is_all_that_stays_of_it() {
        let kept = left(&ALL, json!(["./skills/b/inner"]));
        assert!(kept.contains(&"skills/b/inner/SKILL.md".to_owned()));
        assert!(!kept.contains(&"skills/b/SKILL.md".to_owned()));
    }

    /// A curator fills a plugin with skills, and lists each of them many times.
    #[test]
    fn many_skills_that_are_listed_many_times_are_looked_at_in_no_time() {
        let paths: Vec<String> = (0..20_000).map(|i| format!("skills/{i}/SKILL.md")).collect();
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let listed: Vec<String> = (0..400_000).map(|i| format!("./skills/{}", i % 10_000)).collect();
        let began = std::time::Instant::now();
        assert_eq!(left(&paths, json!(listed)).len(), 10_000);
        assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    }

    #[test]
    fn lists_that_restrict_nothing() {
        for skills in [
            json!([]),
            json!(["./"]),
            json!("./skills"),
            json!(["./", "./skills/a"]),
            json!(["./skills/gone"]),
            json!(3),
        ] {
            assert_eq!(left(&ALL, skills.clone()), ALL, "{skills}");
        }
    }

    #[test]
    fn the_folder_that_is_one_skill_goes_too() {
        assert_eq!(left(&["skills/SKILL.md", "x/SKILL.md"], json!(["./x"])), ["x/SKILL.md"]);
    }
}
