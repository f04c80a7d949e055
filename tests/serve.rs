//! `agnes serve`, as a process.

use serde_json::json;

use crate::support::World;

#[test]
fn it_says_where_it_listens_and_serves_until_told_to_stop() {
    let world = World::with_people();
    let server = world.serve(&[]);
    assert_eq!(server.get("/healthz", &[]).text(), "ok\n");
    assert_eq!(server.get("/readyz", &[]).text(), "ready\n");
    let users = server.ask_socket("GET", "/api/users", &[], b"");
    assert_eq!((users.status, users.json().as_array().unwrap().len()), (200, 2));
    let socket = server.socket.clone();
    assert_eq!(server.stop(), Some(0));
    assert!(!socket.exists(), "the socket outlived its server");
}

#[test]
fn what_is_asked_over_the_socket_is_done_by_the_one_who_asks() {
    let world = World::new();
    let server = world.serve(&[]);
    let ada = json!({"email": "ada@example.com"}).to_string();
    assert_eq!(server.ask_socket("POST", "/api/users", &[], ada.as_bytes()).status, 201);
    let audit = server.ask_socket("GET", "/api/audit", &[], b"").json();
    let me = String::from_utf8(std::process::Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
    assert_eq!(audit[0]["actor"], me.trim());
}
