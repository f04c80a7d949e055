//! The environment by which git is told which repository to work on.

/// Variables that have git work on another repository than the one where it is run. Git sets some of them for
/// whatever it calls, its hooks first of all. (`git rev-parse --local-env-vars` lists most of them. Those there that
/// only configure git, `GIT_CONFIG_COUNT` and `GIT_CONFIG_PARAMETERS`, are not here: git itself hands them on from one
/// repository to the next.)
pub const OF_A_REPOSITORY: [&str; 16] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];
