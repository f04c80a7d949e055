//! The unix socket in the data folder: the door for whoever has a shell on this machine.
//!
//! Nobody asks for a token here. Who is at the other end is what the kernel says, and has to be the
//! user who runs the server, or root.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

use super::error::ServeError;

/// Most bytes of a socket's path; what Linux and macOS both allow.
const LONGEST: usize = 103;

/// A socket that is gone when the server is.
#[derive(Debug)]
pub(super) struct Socket {
    pub listener: UnixListener,
    path: PathBuf,
    /// The user who runs the server.
    owner: u32,
}

impl Socket {
    /// Whoever has the registry open may take the place of a socket that is there: the lock on the
    /// database says that whoever made it is dead.
    pub fn bind(path: &Path) -> Result<Self, ServeError> {
        let refused =
            |why: String, hint: Option<String>| ServeError::Socket { path: path.to_owned(), why, hint };
        let failed = |source: io::Error| refused(source.to_string(), None);
        let length = path.as_os_str().as_bytes().len();
        if length > LONGEST {
            let why = format!("the path has {length} bytes, and a socket's may have {LONGEST}");
            return Err(refused(why, Some("use a data folder with a shorter path".to_owned())));
        }
        match fs::symlink_metadata(path) {
            Ok(facts) if facts.file_type().is_socket() => fs::remove_file(path).map_err(failed)?,
            Ok(_) => {
                let hint = "it is nothing that agnes made: look at it, and move it away".to_owned();
                return Err(refused("something else is there, which is no socket".to_owned(), Some(hint)));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let listener = UnixListener::bind(path).map_err(failed)?;
        // Those who get in by a folder that is too open are asked who they are all the same.
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(failed)?;
        let owner = fs::metadata(path).map_err(failed)?.uid();
        Ok(Self { listener, path: path.to_owned(), owner })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn owner(&self) -> u32 {
        self.owner
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Others find a dead socket as good as none.
        let _ = fs::remove_file(&self.path);
    }
}

/// The operator's name, if the one at the other end is one.
pub(super) fn operator(stream: &UnixStream, owner: u32) -> Result<String, String> {
    let peer = stream.peer_cred().map_err(|why| why.to_string())?;
    admit(peer.uid(), owner)
}

fn admit(uid: u32, owner: u32) -> Result<String, String> {
    if uid == owner || uid == 0 {
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        return Ok(name_of(uid, &users));
    }
    Err(format!("user {uid} is neither the server's own user ({owner}) nor root"))
}

/// What the audit log calls a user of the system.
fn name_of(uid: u32, users: &str) -> String {
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then_some(name)
    });
    name.filter(|name| !name.is_empty()).map_or_else(|| format!("uid {uid}"), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_own_user_and_root_come_in_and_nobody_else() {
        assert!(admit(1000, 1000).is_ok() && admit(0, 1000).is_ok());
        let why = admit(1001, 1000).unwrap_err();
        assert_eq!(why, "user 1001 is neither the server's own user (1000) nor root");
        assert!(admit(1000, 0).is_err());
    }

    #[test]
    fn users_have_names() {
        let users = "root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000::/home/ada:\nbroken\n:x:7:7\n";
        assert_eq!(name_of(1000, users), "ada");
        assert_eq!((name_of(7, users), name_of(8, users)), ("uid 7".to_owned(), "uid 8".to_owned()));
    }

    #[tokio::test]
    async fn a_dead_servers_socket_is_replaced_and_anything_else_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agnes.sock");
        std::mem::forget(Socket::bind(&path).unwrap());
        let socket = Socket::bind(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        drop(socket);
        assert!(!path.exists());

        fs::write(&path, "precious").unwrap();
        let error = Socket::bind(&path).unwrap_err();
        assert!(error.to_string().contains("no socket") && error.hint().is_some(), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"precious");

        let long = folder.path().join("x".repeat(100));
        assert!(Socket::bind(&long).unwrap_err().to_string().contains("may have 103"));
    }
}
