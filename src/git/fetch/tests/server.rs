//! A web server on the loopback interface that says what a test wants, or what `git http-backend`
//! says; over TLS with a certificate of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;

#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Pause before each byte of the body.
    pub drip: Option<Duration>,
    /// Close the connection after so many bytes of the body.
    pub cut: Option<usize>,
    /// Say nothing at all.
    pub hang: bool,
}

impl Reply {
    pub fn new(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("Content-Type".into(), kind.into())];
        Self { status, headers, body: body.into(), drip: None, cut: None, hang: false }
    }

    pub fn redirect(status: u16, to: &str) -> Self {
        let mut reply = Self::new(status, "text/html", "");
        reply.headers.push(("Location".into(), to.into()));
        reply
    }
}

pub struct Server {
    pub url: String,
    pub port: u16,
    address: SocketAddr,
    pub ca: PathBuf,
    seen: Arc<Mutex<Vec<Request>>>,
    closing: Arc<AtomicBool>,
    _folder: TempDir,
}

impl Server {
    pub fn https(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::start("localhost", true, Arc::new(answer))
    }

    pub fn http(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::start("localhost", false, Arc::new(answer))
    }

    /// At another address of this machine, for clients that go to no loopback one.
    #[allow(dead_code, reason = "the whole-program tests share this file, and use it")]
    pub fn https_at(address: &str, answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(address, true, Arc::new(answer))
    }

    fn start(host: &str, tls: bool, answer: Arc<dyn Fn(&Request) -> Reply + Send + Sync>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("ca.pem");
        let config = tls.then(|| Arc::new(certificate(&ca, host)));
        let listener = TcpListener::bind((if host == "localhost" { "127.0.0.1" } else { host }, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let port = address.port();
        let (seen, closing) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (log, stop) = (Arc::clone(&seen), Arc::clone(&closing));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let (config, answer, log, stop) =
                    (config.clone(), Arc::clone(&answer), Arc::clone(&log), Arc::clone(&stop));
                std::thread::spawn(move || {
                    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                    match config {
                        Some(config) => {
                            let connection = rustls::ServerConnection::new(config).unwrap();
                            serve(rustls::StreamOwned::new(connection, stream), &*answer, &log, &stop);
                        }
                        None => serve(stream, &*answer, &log, &stop),
                    }
                });
            }
        });
        let scheme = if tls { "https" } else { "http" };
        Self { url: format!("{scheme}://{host}:{port}"), port, address, ca, seen, closing, _folder: folder }
    }

    pub fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(self.address));
    }
}

fn certificate(ca: &Path, host: &str) -> rustls::ServerConfig {
    use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
    let ca_key = KeyPair::generate().unwrap();
    let mut ca_params = CertificateParams::new(Vec::new()).unwrap();
    // A leaf of the same name as its issuer would count as self-signed.
    ca_params.distinguished_name.push(DnType::CommonName, "The authority of the tests");
    ca_params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    std::fs::write(ca, ca_params.self_signed(&ca_key).unwrap().pem()).unwrap();
    let issuer = Issuer::new(ca_params, ca_key);
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![host.into(), "127.0.0.1".into()]).unwrap();
    let leaf = params.signed_by(&key, &issuer).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap()
}

fn serve(
    stream: impl Read + Write,
    answer: &dyn Fn(&Request) -> Reply,
    log: &Mutex<Vec<Request>>,
    stop: &AtomicBool,
) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream) {
        log.lock().unwrap().push(request.clone());
        let reply = answer(&request);
        if reply.hang {
            while !stop.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(20));
            }
            return;
        }
        let mut head =
            format!("HTTP/1.1 {} Because\r\nContent-Length: {}\r\n", reply.status, reply.body.len());
        for (name, value) in &reply.headers {
            head = format!("{head}{name}: {value}\r\n");
        }
        let out = stream.get_mut();
        let body = &reply.body[..reply.cut.unwrap_or(reply.body.len()).min(reply.body.len())];
        let sent = out.write_all(format!("{head}\r\n").as_bytes()).and_then(|()| match reply.drip {
            None => out.write_all(body),
            Some(pause) => body.iter().try_for_each(|byte| {
                std::thread::sleep(pause);
                out.write_all(&[*byte]).and_then(|()| out.flush())
            }),
        });
        if sent.and_then(|()| out.flush()).is_err() || reply.cut.is_some() {
            return;
        }
    }
}

fn read(stream: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace().map(ToOwned::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request { method, target, headers, body: Vec::new() };
    let length = request.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
    request.body.resize(length, 0);
    stream.read_exact(&mut request.body).ok()?;
    Some(request)
}

/// What git's own server says.
pub fn http_backend(root: &Path, request: &Request) -> Reply {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let mut child = Command::new("git")
        .args(["-c", "http.receivepack=false", "http-backend"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", root)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("REQUEST_METHOD", &request.method)
        .env("CONTENT_TYPE", request.header("content-type").unwrap_or_default())
        .env("CONTENT_LENGTH", request.body.len().to_string())
        .env("GIT_PROTOCOL", request.header("git-protocol").unwrap_or_default())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&request.body).ok();
    let output = child.wait_with_output().unwrap().stdout;
    let end = output.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let mut reply = Reply::new(200, "", &output[end + 4..]);
    reply.headers.clear();
    for line in String::from_utf8_lossy(&output[..end]).lines() {
        match line.split_once(": ") {
            Some(("Status", status)) => reply.status = status[..3].parse().unwrap(),
            Some((name, value)) => reply.headers.push((name.into(), value.into())),
            None => {}
        }
    }
    reply
}
