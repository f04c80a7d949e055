//! How many files the system lets a process have open, and how many connections that is.

use std::fs;

/// Files that are needed beside those of connections.
const OTHERS: usize = 128;

/// Files that a connection may need: its own, and what it downloads.
const EACH: usize = 3;

/// Lowers a number of connections to what the system allows. Better to send somebody away than to have
/// no file left for the registry.
pub(super) fn fit(connections: &mut usize) {
    // Where it cannot be asked, what was set is believed.
    let Some(files) = fs::read_to_string("/proc/self/limits").ok().and_then(|text| soft_limit(&text)) else {
        return;
    };
    let most = files.saturating_sub(OTHERS) / EACH;
    if *connections > most {
        tracing::warn!(
            wanted = *connections,
            connections = most.max(1),
            files,
            "the system allows too few open files for as many connections: raise LimitNOFILE= or ulimit -n"
        );
        *connections = most.max(1);
    }
}

fn soft_limit(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let soft = line.split_whitespace().next()?;
    // `unlimited` is no number.
    soft.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_is_what_counts() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max processes             7                    8                    processes \n\
                      Max open files            1024                 1048576              files     \n";
        assert_eq!(soft_limit(limits), Some(1024));
        assert_eq!(
            soft_limit("Max open files            unlimited            unlimited            files"),
            None
        );
        assert_eq!(soft_limit(""), None);
    }
}
