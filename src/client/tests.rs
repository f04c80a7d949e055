//! Calls as they look on the wire, and what becomes of answers that are none.

use super::*;
use crate::domain::access::secret::Secret;

#[test]
fn paths_are_encoded_by_segment() {
    assert_eq!(Call::get(&["api", "users", "a/b@c d"]).path, "/api/users/a%2Fb%40c%20d");
    let call = Call::get(&["api", "grants"]).asking(&[("group", Some("a&b")), ("user", None)]);
    assert_eq!(call.path, "/api/grants?group=a%26b");
}

/// A server that gives these bytes to whoever asks, once for each answer, and says what it was asked.
fn server(answers: Vec<Vec<u8>>) -> (String, std::thread::JoinHandle<Vec<String>>) {
    use std::io::Read as _;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let mut heard = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                let mut byte = [0];
                if stream.read(&mut byte).unwrap() == 0 {
                    break;
                }
                request.push(byte[0]);
            }
            heard.push(String::from_utf8(request).unwrap());
            stream.write_all(&answer).unwrap();
        }
        heard
    });
    (url, thread)
}

fn answer(head: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}

fn client(url: &str) -> Client {
    let remote =
        Remote { url: url.parse().unwrap(), ca: None, token: Secret::new("hunter2".into()), within: None };
    Client::new(Way::over_https(&remote).unwrap())
}

/// What a call says that cannot succeed.
fn trouble(url: &str) -> Trouble {
    match client(url).call::<serde_json::Value>(Call::get(&["api", "users"])) {
        Err(ClientError::Trouble(trouble)) => *trouble,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_token_goes_along_and_is_in_no_message() {
    let ok = answer("200 OK\r\nAgnes-Version: 0.0.1\r\nContent-Type: application/json", "[1]");
    let (url, thread) = server(vec![ok]);
    let users: Vec<u8> = client(&url).call(Call::get(&["api", "users"])).unwrap();
    assert_eq!(users, [1]);
    let heard = thread.join().unwrap().remove(0).to_ascii_lowercase();
    assert!(heard.starts_with("get /api/users http/1.1\r\n"), "{heard}");
    assert!(heard.contains("authorization: bearer hunter2\r\n"), "{heard}");
    // Nobody listens there any more.
    let trouble = trouble(&url);
    assert_eq!(trouble.message, format!("`{url}` cannot be reached"));
    assert!(trouble.causes[0].contains("refused"), "{trouble:?}");
    assert!(!format!("{trouble:?}").contains("hunter2"));
}

#[test]
fn what_is_no_agnes_is_said_to_be_none() {
    for (head, told) in [
        ("200 OK\r\nContent-Type: text/html", "status 200 OK, `text/html`"),
        ("200 OK\r\nContent-Type: application/json", "status 200 OK, `application/json`"),
        ("404 Not Found\r\nContent-Type: text/plain", "status 404 Not Found, `text/plain`"),
        (
            "302 Found\r\nLocation: https://login.example/",
            "status 302 Found, and sends on to `https://login.example/`",
        ),
    ] {
        // The one answer is also the only one: a redirect that was followed would find nobody.
        let (url, thread) = server(vec![answer(head, "[]")]);
        let trouble = trouble(&url);
        assert_eq!(trouble.message, format!("`{url}` answers, but not as an agnes server does"));
        assert_eq!(trouble.causes, [told]);
        assert_eq!(thread.join().unwrap().len(), 1);
    }
}

#[test]
fn a_problem_is_told_with_what_helps_from_afar() {
    let problem = |status: u16, code: &str| {
        format!(r#"{{"title":"T","status":{status},"detail":"no","code":"{code}"}}"#)
    };
    let kind = "Content-Type: application/problem+json";
    let ask = |answer: Vec<u8>| {
        let (url, _thread) = server(vec![answer]);
        match client(&url).call::<serde_json::Value>(Call::get(&["api", "users"])) {
            Err(ClientError::Problem(problem)) => *problem,
            other => panic!("{other:?}"),
        }
    };
    // Whoever is turned away at the door is told what to do.
    let unauthorized = ask(answer(&format!("401 Unauthorized\r\n{kind}"), &problem(401, "unauthorized")));
    assert!(unauthorized.hint.unwrap().contains("agnes token create"));
    // A server of another version may lack a route or a field.
    let old = ask(answer(
        &format!("404 Not Found\r\n{kind}\r\nAgnes-Version: 0.0.1"),
        &problem(404, "route-not-found"),
    ));
    assert_eq!(old.causes, [format!("the server is agnes `0.0.1`, and this is {}", crate::wire::VERSION)]);
    let missing = ask(answer(
        &format!("404 Not Found\r\n{kind}\r\nAgnes-Version: 0.0.1"),
        &problem(404, "user-not-found"),
    ));
    assert_eq!((missing.causes, missing.hint), (Vec::<String>::new(), None));
}

#[test]
fn a_stream_that_breaks_off_is_not_taken_for_done() {
    let head = "HTTP/1.1 200 OK\r\nAgnes-Version: 0.0.1\r\nContent-Type: application/x-ndjson";
    let alive = "{\"event\":\"alive\"}\n";
    let cut = format!("{head}\r\nContent-Length: 1000\r\n\r\n{alive}").into_bytes();
    let ended = format!("{head}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").into_bytes();
    for (answer, events) in [(cut, 1), (ended, 0)] {
        let (url, _thread) = server(vec![answer]);
        let mut told = 0;
        let result = client(&url).events(Call::new(Method::POST, &["api", "x"]), |_| told += 1);
        let Err(ClientError::Trouble(trouble)) = result else { panic!("{result:?}") };
        assert!(trouble.message.ends_with("went away in the middle of its answer"), "{trouble:?}");
        assert_eq!(told, events);
    }
}

/// A proxy would resolve the dots, and a request for one thing would be one for another: `DELETE
/// /api/groups/x/members/..` is `DELETE /api/groups/x`.
#[test]
fn dots_never_climb() {
    let client = client("http://127.0.0.1:9");
    for name in ["", ".", ".."] {
        let call = Call::new(Method::DELETE, &["api", "groups", "x", "members", name]);
        match client.call::<()>(call) {
            Err(ClientError::Problem(problem)) => assert_eq!(problem.status, 404),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_socket_of_nobody_is_no_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agnes.sock");
    assert!(Way::over_socket(&path).unwrap().is_none());
    // What a dead server leaves: a socket that nobody listens on.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists() && Way::over_socket(&path).unwrap().is_none());
    std::fs::write(folder.path().join("file"), "").unwrap();
    assert!(Way::over_socket(&folder.path().join("file")).unwrap().is_none());
}
