//! Those who wait for one and the same, when the account goes of whoever had it made.

use std::time::Duration;

use super::*;
use crate::http::tests::fixture;
use crate::registry::testing::{Fixture, operator};

const ADA: &str = "ada@example.com";
const GRACE: &str = "grace@example.com";

fn caller(fixture: &Fixture, email: &str) -> Caller {
    let user = fixture.registry.user(&operator(), email).unwrap().row;
    Caller::User { id: user.id, email: user.email, admin: false }
}

/// Attack: somebody is removed while they wait for their turn. The words for them are nobody else's, and what others
/// have is not gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_removed_takes_nothing_from_those_who_wait_for_the_same() {
    let fixture = fixture();
    let app: App = Arc::clone(&fixture.registry);
    app.hold_access().unwrap();
    fixture.admit(ADA, "Team", &[]);
    let feed = Arc::new(Feed::default());
    let (ada, grace) = (caller(&fixture, ADA), caller(&fixture, GRACE));
    let glance = feed.glance(&app, &ada).await.unwrap();
    assert_eq!(glance, feed.glance(&app, &grace).await.unwrap());

    let turns = u32::try_from(BUILDS).unwrap();
    let turns = Arc::clone(&feed.building.0).acquire_many_owned(turns).await.unwrap();
    let wait = |caller: &Caller| {
        let (feed, app, caller) = (Arc::clone(&feed), Arc::clone(&app), caller.clone());
        let for_bundle = (Arc::clone(&feed), Arc::clone(&app), caller.clone());
        let snapshot = tokio::spawn(async move { feed.snapshot(&app, &caller, glance).await });
        let bundle = tokio::spawn(async move {
            let (feed, app, caller) = for_bundle;
            feed.bundle(&app, &caller, glance).await
        });
        (snapshot, bundle)
    };
    let first = wait(&ada);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let second = wait(&grace);
    tokio::time::sleep(Duration::from_millis(50)).await;
    app.remove_user(&operator(), ADA).unwrap();
    drop(turns);
    for (snapshot, bundle) in [first, second] {
        assert!(matches!(snapshot.await.unwrap(), Ok(false)), "each is to ask again");
        assert!(matches!(bundle.await.unwrap(), Ok(Built::Moved)));
    }
    assert!(matches!(feed.snapshot(&app, &grace, glance).await, Ok(true)));
    assert!(matches!(feed.bundle(&app, &grace, glance).await, Ok(Built::Bundle(_))));
}
