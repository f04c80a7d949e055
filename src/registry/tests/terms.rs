//! On which terms is fetched what a catalog points to, and what that points to in its turn.

use std::sync::Arc;

use crate::domain::access::secret::Secret;
use crate::domain::upstream::host::{HostRule, Hosts, Rule};
use crate::registry::testing::{Fixture, new, operator};
use crate::registry::vendoring::terms::Errand;

const HOME: &str = "https://git.corp.example/team/market.git";
const INSIDE: &str = "https://git.corp.example/team/secret.git";
const ELSEWHERE: &str = "https://git.example/plugin.git";

fn rules(rules: &[(&str, Option<Rule>)]) -> Arc<Hosts> {
    let rule = |(host, rule): &(&str, Option<Rule>)| HostRule {
        host: host.parse().unwrap(),
        rule: *rule,
        ssh: false,
        token_env: None,
    };
    Arc::new(Hosts(rules.iter().map(rule).collect()))
}

/// The maker of a plugin's repository, or who has a registry, points to a private repository beside the
/// marketplace: that it may be fetched from there with the marketplace's token, and served to everybody.
#[test]
fn who_is_elsewhere_cannot_borrow_the_token_of_the_marketplace() {
    let fixture = Fixture::new();
    let registry = &fixture.registry;
    registry.add_marketplace(&operator(), new("market", HOME)).unwrap();
    let row = registry.marketplace(&operator(), "market").unwrap().row;
    let (token, hosts) = (Secret::new("t0ken".into()), rules(&[]));
    let errand = Errand { row: &row, token: Some(&token), hosts: &hosts };

    let (sent, options) = registry.remote_terms(&errand, INSIDE).unwrap();
    assert!(sent.is_some() && options.allow_address.is_none(), "the catalog itself may point there");
    let (sent, _) = registry.further_terms(&errand, HOME, INSIDE).unwrap();
    assert!(sent.is_some(), "and so may what lies there");

    for by in [
        ELSEWHERE,
        "https://git.corp.example.evil/x",
        "https://git.corp.example:8443/x",
        "git@git.corp.example:x",
    ] {
        let (sent, options) = registry.further_terms(&errand, by, INSIDE).unwrap();
        assert!(sent.is_none(), "{by}");
        let allow = options.allow_address.unwrap();
        assert!(!allow("10.0.0.1".parse().unwrap()) && allow("1.1.1.1".parse().unwrap()), "{by}");
    }
    for url in [
        "http://git.corp.example/x",
        "git@git.corp.example:x",
        "ssh://git@git.corp.example/x",
        "file:///x",
        "/x",
    ] {
        assert!(registry.further_terms(&errand, ELSEWHERE, url).is_err(), "{url}");
    }
}

#[test]
fn what_is_said_of_hosts_holds_for_what_is_pointed_to_in_turn() {
    let fixture = Fixture::new();
    let registry = &fixture.registry;
    registry.add_marketplace(&operator(), new("market", HOME)).unwrap();
    let row = registry.marketplace(&operator(), "market").unwrap().row;
    let may = |hosts: &Arc<Hosts>, url: &str| {
        let errand = Errand { row: &row, token: None, hosts };
        registry.further_terms(&errand, ELSEWHERE, url).is_ok()
    };
    let denied = rules(&[("bad.example", Some(Rule::Deny))]);
    assert!(!may(&denied, "https://bad.example/x") && may(&denied, "https://good.example/x"));
    let allowed = rules(&[("good.example", Some(Rule::Allow))]);
    assert!(!may(&allowed, "https://bad.example/x") && may(&allowed, "https://good.example/x"));
    // Also where a redirect would lead.
    let errand = Errand { row: &row, token: None, hosts: &denied };
    let (_, options) = registry.further_terms(&errand, ELSEWHERE, "https://good.example/x").unwrap();
    let allow = options.allow_host.unwrap();
    assert!(!allow("bad.example", 443) && allow("good.example", 443));
}

/// Whoever has a repository on an ssh server points to another one: to this network's, with the operator's keys.
#[test]
fn ssh_goes_to_the_very_host_and_to_no_other() {
    let fixture = Fixture::new();
    let registry = &fixture.registry;
    registry.add_marketplace(&operator(), new("market", HOME)).unwrap();
    let row = registry.marketplace(&operator(), "market").unwrap().row;
    let hosts = rules(&[]);
    let errand = Errand { row: &row, token: None, hosts: &hosts };
    let may = |by: &str, url: &str| registry.further_terms(&errand, by, url).is_ok();
    let by = "git@git.a.example:x/tool.git";
    assert!(may(by, "ssh://git@git.a.example/x/other.git") && may(by, "git@git.a.example:x/other.git"));
    for url in ["git@git.b.example:x", "ssh://git@git.a.example:2222/x", "git@127.0.0.1:x", "/x", "file:///x"]
    {
        assert!(!may(by, url), "{url}");
    }
}
