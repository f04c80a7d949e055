//! A proxy as companies have them: `CONNECT host:port`, and then it copies bytes. It leads to one server
//! whatever it is asked for, so that an address which only exists behind it can be used.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

pub struct Proxy {
    pub url: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// `answer` is what it says to `CONNECT`: with `200 OK` it goes on to the server.
    pub fn to(server: SocketAddr, answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&seen);
        // It ends with the test's process, as its connections do.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let heard = Arc::clone(&heard);
                std::thread::spawn(move || serve(&stream, server, answer, &heard));
            }
        });
        Self { url, seen }
    }

    /// The heads of all requests so far.
    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

fn serve(stream: &TcpStream, server: SocketAddr, answer: &str, heard: &Mutex<Vec<String>>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    heard.lock().unwrap().push(head);
    let mut stream = stream.try_clone().ok()?;
    write!(stream, "HTTP/1.1 {answer}\r\n\r\n").ok()?;
    if !answer.starts_with("200") {
        return None;
    }
    let there = TcpStream::connect(server).ok()?;
    let (mut up, mut back) = (there.try_clone().ok()?, stream.try_clone().ok()?);
    let upwards = std::thread::spawn(move || {
        let _ = std::io::copy(&mut reader, &mut up);
        let _ = up.shutdown(Shutdown::Write);
    });
    let _ = std::io::copy(&mut &there, &mut back);
    let _ = back.shutdown(Shutdown::Both);
    upwards.join().ok()
}
