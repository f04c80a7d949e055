//! Fetching the plugins of a marketplace that lie in no repository: archives, and packages of a registry.
//!
//! What was unpacked becomes a commit of a repository in the store, and is read and served like all others.
//! An archive has one of its own, named for its address and digest; all versions of a package share one.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::denied::{forget_if_denied, refusal_of_givers};
use super::terms::{Errand, refusal};
use super::{Outcome, Parcel};
use crate::archive::foreign::{self, Bounds, Packing};
use crate::domain::digest::Hasher;
use crate::domain::note::quoted;
use crate::domain::plugin::catalog::Entry;
use crate::domain::plugin::npm::{self, Check, Package, Release};
use crate::domain::plugin::packed;
use crate::domain::plugin::remote::{ArchiveSource, FAILED, NpmSource, Remote, RemoteMode, check_download};
use crate::domain::plugin::source::Source;
use crate::domain::repository::oid::Oid;
use crate::domain::upstream::host::Hosts;
use crate::domain::watch::Watch;
use crate::git::made::{MakeError, Placed};
use crate::git::{self, Ask, Asked, FetchOptions, Got};
use crate::registry::Registry;
use crate::registry::folder::make_folder;
use crate::registry::marketplaces::origin::Origin;
use crate::store::marketplaces::MarketplaceRow;

/// One archive or package, as the client has it, in bytes.
const LARGEST: u64 = 256 << 20;

/// What a registry says of a package, in bytes.
const LONGEST_TELLING: u64 = 32 << 20;

/// How many times its size a ZIP may unpack to, as the client has it.
const RATIO: u64 = 50;

/// What a registry said of a package, beside what was fetched of it. Asked with its mark, the registry need
/// not say it again.
const TOLD: &str = "registry.json";

#[derive(Serialize, Deserialize)]
struct Told {
    mark: String,
    /// Who was asked for that.
    #[serde(default)]
    from: BTreeSet<String>,
    package: Package,
}

/// Sources by their places in the store, and those that have none, with the reason.
type WantedParcels = (BTreeMap<String, Vec<Remote>>, HashMap<Remote, Parcel>);

impl Registry {
    /// What of a catalog has to be unpacked.
    pub(super) fn wanted_parcels(
        &self,
        row: &MarketplaceRow,
        entries: &[Entry],
        hosts: &Hosts,
        home: &Origin,
    ) -> WantedParcels {
        let (mut wanted, mut refused): WantedParcels = Default::default();
        if RemoteMode::of_row(&row.remote) != RemoteMode::Vendor {
            return (wanted, refused);
        }
        for entry in entries {
            let Source::Remote(remote) = &entry.source else { continue };
            if refusal(hosts, home, remote).is_some() {
                continue;
            }
            let place = match remote {
                Remote::Archive(archive) => Ok(archive.place()),
                Remote::Npm(npm) => self.npm_registry(npm).map(|registry| npm.place(registry)),
                Remote::Git(_) | Remote::Command => continue,
            };
            match place {
                Ok(place) => {
                    let list = wanted.entry(place).or_default();
                    if !list.contains(remote) {
                        list.push(remote.clone());
                    }
                }
                Err(why) => {
                    refused.insert(remote.clone(), Err(why));
                }
            }
        }
        (wanted, refused)
    }

    fn npm_registry<'a>(&'a self, npm: &'a NpmSource) -> Result<&'a str, String> {
        npm.registry.as_deref().or(self.settings.sync.npm_registry.as_deref()).ok_or_else(|| {
            "its source is an npm package, and nobody has said in which registry: set `sync.npm_registry` \
             (`npm config get registry` prints the one that npm uses)"
                .to_owned()
        })
    }

    /// Brings it to its place in the store, if it is not there: its commit, and whether that is new.
    pub(super) fn fetch_parcel(
        &self,
        errand: &Errand<'_>,
        remote: &Remote,
        place: &str,
        watch: &dyn Watch,
    ) -> Result<(Oid, bool), String> {
        let failed = |why: String| if why.starts_with(FAILED) { why } else { format!("{FAILED}: {why}") };
        make_folder(&self.folder.store(), 0o700).map_err(|error| failed(error.to_string()))?;
        match remote {
            Remote::Archive(archive) => self.fetch_archive(errand, archive, place, watch).map_err(failed),
            Remote::Npm(npm) => self.fetch_package(errand, npm, place, watch).map_err(failed),
            Remote::Git(_) | Remote::Command => Err(failed("it is nothing to unpack".into())),
        }
    }

    fn fetch_archive(
        &self,
        errand: &Errand<'_>,
        archive: &ArchiveSource,
        place: &str,
        watch: &dyn Watch,
    ) -> Result<(Oid, bool), String> {
        let folder = self.folder.vendored(place);
        let message = format!("archive {place}\n");
        if let Some(commit) = made_before(errand.hosts, &folder, &archive.url, |found| found == message) {
            return Ok((commit, false));
        }
        let asked = Asked::default();
        let mut file = self.download_file(errand, None, &archive.url, &asked, watch)?;
        let mut sha256 = Hasher::default();
        each_chunk(&mut file, |bytes| sha256.update(bytes)).map_err(|why| why.to_string())?;
        let found = sha256.finish().to_string();
        if found != archive.sha256 {
            return Err(format!(
                "what is there has the SHA-256 {found}, and not the one that its source names"
            ));
        }
        let commit = self.unpack(&folder, &message, file, Packing::Zip, packed::unwrap)?;
        remember(&folder, &commit, &asked)
    }

    fn fetch_package(
        &self,
        errand: &Errand<'_>,
        npm: &NpmSource,
        place: &str,
        watch: &dyn Watch,
    ) -> Result<(Oid, bool), String> {
        let folder = self.folder.vendored(place);
        let address = npm::address(self.npm_registry(npm)?, &npm.package);
        // A version is never published twice.
        if let Some(version) = npm::exact(npm.version.as_deref()) {
            let begins = format!("npm {}@{version}\n", npm.package);
            if let Some(commit) =
                made_before(errand.hosts, &folder, &address, |found| found.starts_with(&begins))
            {
                return Ok((commit, false));
            }
        }
        let asked = Asked::default();
        let package = self.ask_registry(errand, &address, &folder, &asked, watch)?;
        let chosen = package.choose(npm.version.as_deref());
        let (version, release) =
            chosen.map_err(|why| format!("of the package {}, {why}", quoted(&npm.package)))?;
        let Release { tarball, integrity, .. } = release;
        let mut check = Check::new(integrity)?;
        check_download(tarball).map_err(|why| format!("of the address that the registry gives, {why}"))?;
        let integrity = integrity.split_whitespace().collect::<Vec<_>>().join(" ");
        let url = tarball.split('?').next().unwrap_or_default();
        let message = format!("npm {}@{version}\n\n{url}\n{integrity}\n", npm.package);
        if let Some(commit) = made_before(errand.hosts, &folder, &address, |found| found == message) {
            return Ok((commit, false));
        }
        let mut file = self.download_file(errand, Some(&address), tarball, &asked, watch)?;
        each_chunk(&mut file, |bytes| check.update(bytes)).map_err(|why| why.to_string())?;
        if !check.holds() {
            return Err(format!(
                "the file of version {} is not what the registry says it is (`integrity`)",
                quoted(version)
            ));
        }
        let commit = self.unpack(&folder, &message, file, Packing::TarGz, packed::strip)?;
        remember(&folder, &commit, &asked)
    }

    /// What the registry says of a package, now.
    fn ask_registry(
        &self,
        errand: &Errand<'_>,
        address: &str,
        folder: &Path,
        asked: &Asked,
        watch: &dyn Watch,
    ) -> Result<Package, String> {
        let told = fs::read(folder.join(TOLD)).ok();
        let told: Option<Told> = told.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let told = told.filter(|told| refusal_of_givers(&told.from, errand.hosts, address).is_none());
        let known = told.as_ref().map(|told| told.mark.as_str());
        let ask = Ask { url: address, accept: Some(npm::ACCEPT), known, most: LONGEST_TELLING };
        let (mut file, mark) = match (self.download(errand, None, &ask, asked, watch)?, told) {
            (Got::Same, Some(told)) => {
                asked.also(&told.from);
                return Ok(told.package);
            }
            (Got::Same, None) => {
                return Err("the registry answers that nothing is new, to the first question".into());
            }
            (Got::File { file, mark }, _) => (file, mark),
        };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|why| why.to_string())?;
        let package = Package::read(&bytes)?;
        // Without it, the registry says it again the next time.
        let told = mark.map(|mark| Told { mark, from: asked.hosts(), package: package.clone() });
        let _ = told.map(|told| keep(folder, &told));
        Ok(package)
    }

    fn download_file(
        &self,
        errand: &Errand<'_>,
        by: Option<&str>,
        url: &str,
        asked: &Asked,
        watch: &dyn Watch,
    ) -> Result<File, String> {
        let most = LARGEST.min(self.settings.limits.max_fetch_bytes);
        match self.download(errand, by, &Ask { url, accept: None, known: None, most }, asked, watch)? {
            Got::File { file, .. } => Ok(file),
            Got::Same => Err("the server answers that nothing is new, to the first question".into()),
        }
    }

    /// Downloads what the catalog points to, or `by` does.
    fn download(
        &self,
        errand: &Errand<'_>,
        by: Option<&str>,
        ask: &Ask<'_>,
        asked: &Asked,
        watch: &dyn Watch,
    ) -> Result<Got, String> {
        let url = ask.url.split('?').next().unwrap_or_default();
        let (_, options) = match by {
            Some(by) => self.further_terms(errand, by, url)?,
            None => self.remote_terms(errand, url)?,
        };
        let options = FetchOptions { asked: asked.clone(), ..options };
        git::download(ask, &self.folder.store(), &options, watch).map_err(|error| error.to_string())
    }

    /// Makes a commit of what is in a file.
    fn unpack(
        &self,
        folder: &Path,
        message: &str,
        file: File,
        packing: Packing,
        place: fn(&mut Vec<Placed>),
    ) -> Outcome {
        let limits = &self.settings.limits;
        let bounds = Bounds {
            files: limits.max_files,
            file_bytes: limits.max_file_bytes,
            bytes: limits.max_plugin_bytes,
            depth: limits.max_depth,
            ratio: RATIO,
        };
        let made = git::made::make(folder, message, |objects| {
            let mut files = Vec::new();
            foreign::each(file, packing, &bounds, &mut |path, executable, bytes| {
                files.push((path.to_owned(), (executable, objects.blob(bytes)?)));
                Ok(())
            })
            .map_err(|error| MakeError::Refused(error.to_string()))?;
            place(&mut files);
            if files.is_empty() {
                return Err(MakeError::Refused("there is no file in it".into()));
            }
            Ok(files)
        });
        made.map_err(|error| match error {
            MakeError::Refused(why) => format!("what is there cannot be unpacked: {why}"),
            MakeError::Path(why) => format!("what is there cannot be unpacked: {why}"),
            other => other.to_string(),
        })
    }
}

/// Reads a file through, and is at its beginning again.
fn each_chunk(file: &mut File, mut show: impl FnMut(&[u8])) -> io::Result<()> {
    let mut chunk = vec![0; 1 << 18];
    loop {
        match file.read(&mut chunk)? {
            0 => return file.rewind(),
            length => show(&chunk[..length]),
        }
    }
}

/// What was made before, if nobody gave it who is denied by now. `url` is what the catalog points to.
fn made_before(hosts: &Hosts, folder: &Path, url: &str, fits: impl Fn(&str) -> bool) -> Option<Oid> {
    let commit = git::made::made(folder, fits)?;
    // It is written down last: who was stopped before that begins anew.
    let is_whole = !git::givers(folder, &commit).is_empty();
    (is_whole && !forget_if_denied(hosts, folder, &commit, url)).then_some(commit)
}

/// Who was asked for what was unpacked.
fn remember(folder: &Path, commit: &Oid, asked: &Asked) -> Result<(Oid, bool), String> {
    git::remember_givers(folder, commit, &asked.hosts()).map_err(|why| why.to_string())?;
    Ok((*commit, true))
}

fn keep(folder: &Path, told: &Told) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let file = tempfile::Builder::new().prefix(".tmp").tempfile_in(folder)?;
    serde_json::to_writer(io::BufWriter::new(&file), told)?;
    file.persist(folder.join(TOLD)).map(drop).map_err(|error| error.error)
}
