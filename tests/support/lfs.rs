//! A web server that has git repositories and, as GitHub's and others do, what git LFS keeps of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use agnes::domain::digest::Digest;
use agnes::domain::repository::lfs::Pointer;
use serde_json::{Value, json};

use super::web::{Reply, Request, Server, http_backend};
use super::{Upstream, sha256};

const BATCH: &str = "/info/lfs/objects/batch";

type Instead = Box<dyn Fn(&Request) -> Option<Reply> + Send>;

pub struct LfsServer {
    pub server: Server,
    shelf: Arc<Shelf>,
}

#[derive(Default)]
struct Shelf {
    objects: Mutex<BTreeMap<String, Vec<u8>>>,
    instead: Mutex<Option<Instead>>,
}

/// What is committed in the place of these contents.
pub fn pointer(contents: &[u8]) -> String {
    Pointer { oid: Digest::of(contents), size: contents.len() as u64 }.text()
}

/// What a server says of objects: this, of each.
pub fn batch(request: &Request, say: impl Fn(&str) -> Value) -> Reply {
    let question: Value = serde_json::from_slice(&request.body).unwrap();
    let objects = question["objects"].as_array().unwrap().iter().map(|object| {
        let mut said = say(object["oid"].as_str().unwrap());
        said["oid"] = object["oid"].clone();
        said["size"] = object["size"].clone();
        said
    });
    let answer = json!({"transfer": "basic", "objects": objects.collect::<Vec<_>>()});
    Reply::new(200, "application/vnd.git-lfs+json", answer.to_string())
}

/// That an object can be had at an address.
pub fn at(href: &str) -> Value {
    json!({"actions": {"download": {"href": href, "header": {"X-Lfs": "yes"}}}})
}

fn is_given(request: &Request) -> bool {
    request.target.starts_with("/objects/")
}

pub fn is_batch(request: &Request) -> bool {
    request.method == "POST" && request.target.ends_with(BATCH)
}

impl LfsServer {
    /// With the repositories below that folder.
    pub fn of(root: &Path) -> Self {
        let (root, shelf) = (root.to_owned(), Arc::<Shelf>::default());
        let behind = Arc::clone(&shelf);
        let server = Server::https(move |request| behind.answer(&root, request));
        Self { server, shelf }
    }

    /// Has an object, and returns its pointer.
    pub fn put(&self, contents: &[u8]) -> String {
        self.shelf.objects.lock().unwrap().insert(sha256(contents), contents.to_owned());
        pointer(contents)
    }

    /// Says something else where the function has something to say.
    pub fn instead(&self, answer: impl Fn(&Request) -> Option<Reply> + Send + 'static) {
        *self.shelf.instead.lock().unwrap() = Some(Box::new(answer));
    }

    /// Answers so whoever wants an object's contents.
    pub fn give(&self, reply: impl Fn() -> Reply + Send + 'static) {
        self.instead(move |request| is_given(request).then(&reply));
    }

    pub fn as_usual(&self) {
        *self.shelf.instead.lock().unwrap() = None;
    }

    /// The questions for objects so far.
    pub fn asked(&self) -> Vec<Request> {
        self.server.seen().into_iter().filter(is_batch).collect()
    }

    /// The requests for objects' contents so far.
    pub fn given(&self) -> Vec<Request> {
        self.server.seen().into_iter().filter(is_given).collect()
    }
}

impl Shelf {
    fn answer(&self, root: &Path, request: &Request) -> Reply {
        if let Some(reply) = self.instead.lock().unwrap().as_ref().and_then(|instead| instead(request)) {
            return reply;
        }
        let objects = self.objects.lock().unwrap();
        if is_batch(request) {
            let host = request.header("host").unwrap();
            return batch(request, |oid| match objects.get(oid) {
                Some(_) => at(&format!("https://{host}/objects/{oid}")),
                None => json!({"error": {"code": 404, "message": "Not here"}}),
            });
        }
        match request.target.strip_prefix("/objects/").map(|oid| objects.get(oid)) {
            Some(Some(contents)) => Reply::new(200, "application/octet-stream", contents.clone()),
            Some(None) => Reply::new(404, "text/plain", "nothing"),
            None => http_backend(root, request),
        }
    }
}

impl Upstream {
    /// Keeps an object where git-lfs keeps it on a machine.
    pub fn keep(&self, contents: &[u8]) -> String {
        let oid = sha256(contents);
        let folder = self.folder().join(".git/lfs/objects").join(&oid[..2]).join(&oid[2..4]);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(&oid), contents).unwrap();
        pointer(contents)
    }

    pub fn forget_objects(&self) {
        fs::remove_dir_all(self.folder().join(".git/lfs")).unwrap();
    }

    /// Has git LFS keep files of that kind.
    pub fn track(&self, pattern: &str) -> &Self {
        self.write(".gitattributes", format!("{pattern} filter=lfs diff=lfs merge=lfs -text\n"))
    }
}
