//! Whether a bundle is what its provenance says, and its upstreams have what that says.
//!
//! Nobody's registry is asked: a bundle is checked wherever it came to, by whoever has it. Both files are
//! strangers'.

mod upstream;

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::archive::inspect::{Entry, inspect};
use crate::domain::digest::Hasher;
use crate::domain::feed::provenance::{self, CATALOG, Found, Plugin, Provenance, Received};
use crate::domain::limits::Limits;
use crate::domain::note::quoted;
use crate::domain::repository::oid::Oid;
use crate::domain::repository::path::RepoPath;
use crate::domain::upstream::slug::Slug;
use crate::git::{self, BlobHasher, Reader, Repository};
use crate::registry::{Error, Result};

/// A provenance of more bytes is none that we wrote.
const LARGEST_PROVENANCE: u64 = 128 << 20;

/// A catalog, likewise; manifests have a limit of their own.
const LARGEST_CATALOG: u64 = 256 << 20;

/// How much of a bundle is held in memory, in bytes: it is a stranger who says what has to be.
const MOST_MEMORY: u64 = 256 << 20;

/// More faults of one plugin say nothing more.
const MOST: usize = 20;

/// Where repositories are that upstreams' commits may be in.
pub struct Sources<'a> {
    /// `URL=FOLDER`, as somebody gave it.
    pub given: &'a [String],
    /// The folders in which what was fetched of a marketplace, and from an address, could be.
    pub fetched: &'a dyn Fn(&Slug, &str) -> Vec<PathBuf>,
}

/// What came of it.
#[derive(Debug)]
pub struct Verified {
    pub provenance: Provenance,
    /// What does not hold of the bundle as a whole.
    pub faults: Vec<String>,
    /// In the provenance's order.
    pub plugins: Vec<VerifiedPlugin>,
}

#[derive(Debug, Default)]
pub struct VerifiedPlugin {
    pub faults: Vec<String>,
    /// Whether there are repositories here that have its commit and its entry's, and it was held against them.
    pub upstream_checked: bool,
}

impl Verified {
    #[must_use]
    pub fn holds(&self) -> bool {
        self.faults.is_empty() && self.plugins.iter().all(|plugin| plugin.faults.is_empty())
    }
}

/// Checks a bundle.
///
/// # Errors
/// When one of the files cannot be read, or is not what it should be. What merely does not hold is in the answer.
pub fn verify(bundle: &Path, provenance: &Path, sources: &Sources<'_>) -> Result<Verified> {
    let provenance = read_provenance(provenance)?;
    let urls = |plugin: &'_ Plugin| {
        [Some(plugin.source.url.clone()), plugin.listed_in.as_ref().map(|listing| listing.url.clone())]
    };
    let urls: HashSet<String> = provenance.plugins.iter().flat_map(urls).flatten().collect();
    let unused = sources.given.iter().find(|given| !urls.iter().any(|url| folder_of(given, url).is_some()));
    if let Some(given) = unused {
        return Err(Error::Invalid {
            message: format!("no plugin of the bundle comes from the address in {}", quoted(given)),
            hint: Some("--source URL=FOLDER, with the URL as the provenance has it".into()),
        });
    }
    let received = receive(bundle, &provenance)?;
    let held = provenance::check(&provenance, &received, &blob_of);
    let mut plugins = Vec::new();
    for (plugin, faults) in provenance.plugins.iter().zip(held.plugins) {
        plugins.push(against_upstream(plugin, faults, sources)?);
    }
    Ok(Verified { provenance, faults: held.bundle, plugins })
}

fn blob_of(bytes: &[u8]) -> Option<Oid> {
    let mut hasher = BlobHasher::new(bytes.len() as u64);
    hasher.update(bytes);
    hasher.finish()
}

fn read_provenance(path: &Path) -> Result<Provenance> {
    let failed = |source: io::Error| Error::Io { path: path.to_owned(), doing: "cannot be read", source };
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(LARGEST_PROVENANCE).read_to_end(&mut bytes).map_err(failed)?;
    Provenance::parse(&bytes).map_err(|why| Error::Invalid {
        message: format!("`{}`: {why}", path.display()),
        hint: Some("agnes build-zip --user USER --provenance FILE".into()),
    })
}

/// Reads all of a bundle, and keeps what has to be looked into.
fn receive(bundle: &Path, provenance: &Provenance) -> Result<Received> {
    let mut received = Received::default();
    let largest = Limits::default().max_manifest_bytes;
    let looked_into: HashSet<String> = provenance
        .plugins
        .iter()
        .flat_map(|plugin| {
            let crlf = plugin.files.iter().filter(|file| file.crlf);
            crlf.map(|file| format!("plugins/{}/{}", plugin.prefixed_name, file.path))
        })
        .collect();
    let mut memory = MOST_MEMORY;
    inspect(bundle, |entry: Entry<'_>| {
        let Entry { path, executable, size, contents } = entry;
        let kept = if path == CATALOG { LARGEST_CATALOG } else { largest };
        let mut keep = ((path == CATALOG || looked_into.contains(path)) && size <= kept).then(Vec::new);
        if keep.is_some() {
            memory = memory.checked_sub(size).ok_or_else(|| {
                io::Error::new(
                    io::ErrorKind::InvalidData,
                    "more of it is to be looked into than there is room for",
                )
            })?;
        }
        let (mut blob, mut sha256) = (BlobHasher::new(size), Hasher::default());
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = contents.read(&mut buffer)?;
            let Some(piece) = buffer.get(..read).filter(|piece| !piece.is_empty()) else { break };
            blob.update(piece);
            sha256.update(piece);
            if let Some(keep) = &mut keep {
                keep.extend_from_slice(piece);
            }
        }
        let collision = || io::Error::new(io::ErrorKind::InvalidData, "a file was made to have another's id");
        let found = Found {
            executable,
            blob: blob.finish().ok_or_else(collision)?,
            sha256: sha256.finish(),
            bytes: keep,
        };
        if path == CATALOG {
            received.catalog = found.bytes.clone().unwrap_or_default();
        }
        received.files.insert(path.to_owned(), found);
        Ok(())
    })?;
    Ok(received)
}

/// Holds a plugin against its commit, and its entry against the marketplace's, if they are here.
fn against_upstream(plugin: &Plugin, faults: Vec<String>, sources: &Sources<'_>) -> Result<VerifiedPlugin> {
    let mut verified = VerifiedPlugin { faults, upstream_checked: false };
    let source = &plugin.source;
    let path = RepoPath::parse(&source.path).unwrap_or_default();
    let place =
        Place { url: &source.url, commit: &source.commit, made_of: plugin.made_of.as_ref(), path: &path };
    let files = find(plugin, &place, sources, &mut verified.faults)?;
    let listing = match &plugin.listed_in {
        Some(listing) => {
            let (root, commit) = (RepoPath::root(), &listing.commit);
            let place = Place { url: &listing.url, commit, made_of: None, path: &root };
            find(plugin, &place, sources, &mut verified.faults)?
        }
        None => None,
    };
    let held = match (&plugin.listed_in, &files, &listing) {
        (None, Some((reader, _)), _) => upstream::of_marketplace(plugin, reader).map(|wrong| (true, wrong)),
        (Some(listing), Some((reader, commit)), Some((market, _))) => {
            upstream::of_store(plugin, reader, commit, Some((listing, market))).map(|wrong| (true, wrong))
        }
        // Its files can be told, its entry cannot.
        (Some(_), Some((reader, commit)), None) => {
            upstream::of_store(plugin, reader, commit, None).map(|wrong| (false, wrong))
        }
        (_, None, _) => return Ok(verified),
    };
    match held {
        Ok((all, wrong)) => {
            verified.upstream_checked = all;
            verified.faults.extend(wrong);
        }
        Err(error) => verified.faults.push(format!("its commit cannot be read: {error}")),
    }
    verified.faults.truncate(MOST);
    Ok(verified)
}

/// Where something should be.
struct Place<'a> {
    url: &'a str,
    commit: &'a Oid,
    /// The upstream's commit, where the other was made of it.
    made_of: Option<&'a Oid>,
    path: &'a RepoPath,
}

/// A repository that has that folder of that commit, and the commit there to read it from. One that was named
/// for the address has to have the upstream's own: what was made of it says what we say. So of what was made, the
/// upstream has only what it was made of, and nothing can be held against that.
fn find(
    plugin: &Plugin,
    &Place { url, commit, made_of, path }: &Place<'_>,
    sources: &Sources<'_>,
    faults: &mut Vec<String>,
) -> Result<Option<(Reader, Oid)>> {
    if let Some(folder) = sources.given.iter().find_map(|given| folder_of(given, url)) {
        let reader = reader_of(&folder).ok_or_else(|| Error::Invalid {
            message: format!("there is no git repository in `{}`", folder.display()),
            hint: Some(format!("git clone --bare {url}")),
        })?;
        if reader.has(commit) {
            return Ok(Some((reader, *commit)));
        }
        let own = made_of.unwrap_or(commit);
        if made_of.is_none_or(|own| !reader.has(own)) {
            faults.push(format!("`{}` does not have the commit {own}", folder.display()));
        }
        return Ok(None);
    }
    // A slug that is none could name any folder.
    let slug: Option<Slug> = plugin.marketplace_slug.parse().ok();
    let folders = slug.map_or_else(Vec::new, |slug| (sources.fetched)(&slug, url));
    let mut opened =
        folders.iter().filter_map(|folder| Some((reader_of(folder)?, git::stand_in(folder, commit, path))));
    Ok(opened.find(|(reader, commit)| reader.has(commit)))
}

/// Of a bare repository, or of the one in a working tree.
fn reader_of(folder: &Path) -> Option<Reader> {
    let is_one = |folder: &Path| folder.join("objects").is_dir();
    let inner = folder.join(".git");
    let folder = if is_one(folder) { folder } else { inner.as_path() };
    if is_one(folder) { Some(Repository::open(folder).ok()?.reader()) } else { None }
}

/// What of `URL=FOLDER` is the folder, if that is the URL.
fn folder_of(given: &str, url: &str) -> Option<PathBuf> {
    given.strip_prefix(url)?.strip_prefix('=').filter(|folder| !folder.is_empty()).map(PathBuf::from)
}
