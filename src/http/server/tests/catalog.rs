//! The hosted catalog, which is the one answer that has a token in it.

use super::*;

const ADDRESSES: [&str; 3] = ["/marketplace.json", "/marketplace.git/", "/_git/marketplace.git/"];
const HOST: (&str, &str) = ("host", "agnes.example.com");

impl Server {
    /// Ada, who has everything; her token.
    fn ada(&self) -> String {
        let (bearer, _) = self.token("ada@example.com", "Team");
        self.fixture.registry.grant(&root(), "Team", &["tools/*".into()]).unwrap();
        bearer.strip_prefix("Bearer ").unwrap().to_owned()
    }
}

fn url(answer: &Answer) -> String {
    answer.json()["plugins"][0]["source"]["url"].as_str().unwrap_or_default().to_owned()
}

/// As `curl` makes it of a user name and a password.
fn basic(user: &str, token: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let text = format!("{user}:{token}");
    let mut out = String::from("Basic ");
    for three in text.as_bytes().chunks(3) {
        let number = three.iter().chain([0; 2].iter()).take(3).fold(0, |sum, b| sum << 8 | usize::from(*b));
        (0..4).for_each(|i| {
            out.push(if i > three.len() { '=' } else { char::from(DIGITS[number >> (18 - 6 * i) & 63]) });
        });
    }
    out
}

#[tokio::test]
async fn it_leads_to_the_repository_with_the_credentials_that_it_was_asked_with() {
    let server = Server::new();
    let token = server.ada();
    let bearer = format!("Bearer {token}");
    let mut bodies = Vec::new();
    for path in ADDRESSES {
        let answer = server.get(STRANGER, path, &[HOST, ("authorization", &bearer)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.json());
        assert_eq!(answer.header(header::CONTENT_TYPE), "application/json");
        assert_eq!((answer.header("cache-control"), answer.header("vary")), ("no-store", "authorization"));
        let source = json!({
            "source": "git-subdir",
            "url": format!("http://x:{token}@agnes.example.com/marketplace.git"),
            "path": "plugins/tools-x",
        });
        let catalog = answer.json();
        assert_eq!((&catalog["name"], &catalog["plugins"][0]["source"]), (&json!("agnes"), &source));
        bodies.push(answer.body);
        let request = Request::head(path).header("host", "a").header("authorization", &bearer);
        let head = server.ask(network(STRANGER), request.body(Body::empty()).unwrap()).await;
        assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
        assert_eq!(head.header("content-type"), "application/json");
    }
    assert!(bodies.windows(2).all(|two| two[0] == two[1]));
    for (user, told) in [("ada", "ada"), ("", "x"), ("a@evil.example/", "a%40evil.example%2F"), ("a\nb", "x")]
    {
        let answer =
            server.get(STRANGER, ADDRESSES[1], &[HOST, ("authorization", &basic(user, &token))]).await;
        assert_eq!(url(&answer), format!("http://{told}:{token}@agnes.example.com/marketplace.git"));
    }
}

#[tokio::test]
async fn where_the_operator_said_what_the_address_is_it_is_that() {
    let public_url = crate::registry::bundles::archives::Base::parse("https://plugins.example.com/agnes/");
    let server = Server::with(Settings { public_url, ..Settings::default() });
    let token = server.ada();
    let headers = [("host", "evil@example"), ("authorization", &*format!("Bearer {token}"))];
    let answer = server.get(STRANGER, ADDRESSES[0], &headers).await;
    assert_eq!(url(&answer), format!("https://x:{token}@plugins.example.com/agnes/marketplace.git"));
}

#[tokio::test]
async fn what_was_not_granted_is_not_in_it() {
    let server = Server::new();
    server.fixture.market("secret", &[("z", "1")]);
    let bearer = format!("Bearer {}", server.ada());
    let answer = server.get(STRANGER, ADDRESSES[0], &[HOST, ("authorization", &bearer)]).await;
    assert!(!String::from_utf8_lossy(&answer.body).contains("secret"));
    server.fixture.registry.revoke(&root(), "Team", &["tools/*".into()]).unwrap();
    let answer = server.get(STRANGER, ADDRESSES[0], &[HOST, ("authorization", &bearer)]).await;
    assert_eq!((answer.status, &answer.json()["plugins"]), (StatusCode::OK, &json!([])));
}

/// A client asks without credentials first, and must be told to come back with them; trouble of ours must
/// not look like that.
#[tokio::test]
async fn whoever_has_no_token_is_told_to_bring_one() {
    let server = Server::new();
    for path in ADDRESSES {
        for headers in [&[HOST][..], &[HOST, ("authorization", "Bearer nonsense")]] {
            let answer = server.get(STRANGER, path, headers).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
            assert_eq!(answer.header(header::WWW_AUTHENTICATE), "Basic realm=\"agnes\"");
        }
    }
}

/// The operator's shell shows a token of somebody's over the socket, where tokens say nothing: it gets
/// nobody's catalog, and the token does not come back.
#[tokio::test]
async fn over_the_socket_there_is_no_user_and_no_token() {
    let server = Server::new();
    let token = server.ada();
    for path in ADDRESSES.iter().chain(&["/marketplace/plugins/tools-x.zip"]) {
        let request =
            Request::get(*path).header("host", "a").header("authorization", format!("Bearer {token}"));
        let answer = server.ask(operator(), request.body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status, &answer.json()["code"]), (StatusCode::FORBIDDEN, &json!("not-a-user")));
        assert!(!String::from_utf8_lossy(&answer.body).contains(&token));
    }
}

/// Somebody has a colleague's client ask with a forged `Host`, or asks with forged forwarding headers
/// themselves, to have tokens sent to a host of theirs. Who sends such a request has the only answer, and
/// what is more than a host has none; a stranger's forwarding headers change nothing.
#[tokio::test]
async fn a_forged_host_deceives_nobody_but_its_sender() {
    let server = Server::new();
    let token = server.ada();
    let bearer = format!("Bearer {token}");
    let ask = async |headers: &[(&str, &str)]| {
        let headers = [&[("authorization", bearer.as_str())], headers].concat();
        server.get(STRANGER, ADDRESSES[1], &headers).await
    };
    let forged = ask(&[("host", "evil.example")]).await;
    assert_eq!(url(&forged), format!("http://x:{token}@evil.example/marketplace.git"));
    // No cache gives it to anybody else, and nothing of it was kept.
    assert_eq!((forged.header("cache-control"), forged.header("vary")), ("no-store", "authorization"));
    for forged in [("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example;proto=https")] {
        let answer = ask(&[HOST, forged]).await;
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (StatusCode::BAD_REQUEST, &json!("address-unknown"))
        );
        assert!(!String::from_utf8_lossy(&answer.body).contains("evil"));
    }
    let honest = format!("http://x:{token}@agnes.example.com/marketplace.git");
    assert_eq!(url(&ask(&[HOST]).await), honest);
    for host in
        ["a@evil.example", "a/b", "a#", "a?", "a:b", "a b", "a\tb", "agnes.example.com, evil.example", ""]
    {
        let answer = ask(&[("host", host)]).await;
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (StatusCode::BAD_REQUEST, &json!("address-unknown"))
        );
        assert!(answer.json()["hint"].as_str().unwrap().contains("--public-url"));
        assert!(!String::from_utf8_lossy(&answer.body).contains(&token));
    }
}

/// What is behind the door could log, keep or answer the token, if it had it. It has none of it, but for
/// the one route.
#[tokio::test]
async fn the_token_is_in_no_other_answer() {
    let server = Server::new();
    let token = server.ada();
    server.fixture.registry.join(&root(), "Admin", "ada@example.com").unwrap();
    let bearer = format!("Bearer {token}");
    let paths = [
        "/marketplace.zip",
        "/marketplace/info",
        "/marketplace/plugins/tools-x.zip",
        "/marketplace/plugins/none.zip",
        "/api/tokens",
        "/api/users",
        "/metrics",
        "/marketplace.json/",
        "/marketplace.git/x",
        "/_git/marketplace.json",
        "/nowhere",
    ];
    let end = &token[20..];
    for path in paths {
        let answer = server.get(STRANGER, path, &[HOST, ("authorization", &bearer)]).await;
        assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        let told = format!("{:?} {}", answer.headers, String::from_utf8_lossy(&answer.body));
        assert!(!told.contains(end), "{path}: {told}");
    }
    let answer = server.get(STRANGER, ADDRESSES[0], &[HOST, ("authorization", &bearer)]).await;
    assert!(!format!("{:?}", answer.headers).contains(end));
    assert!(String::from_utf8_lossy(&answer.body).contains(end));
    assert!(!server.serving.metrics.text().unwrap().contains(end));
}
