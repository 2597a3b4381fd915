//! Weights from the Hugging Face hub: the only use of a network in this program, and only when asked for.
//!
//! Files lie in the hub's own cache (`HF_HUB_CACHE`, else `hub/` in `HF_HOME`, else in `~/.cache/huggingface`), which
//! other programs share. What is there is taken without asking anybody.

use super::checkpoint::Backbone;
use super::error::ModelError;
use hf_hub::api::Progress;
use hf_hub::api::sync::{Api, ApiBuilder, ApiError};
use hf_hub::{Cache, Repo};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

/// The file that holds a model's weights, in timm's repositories as in most others.
const WEIGHTS: &str = "model.safetensors";
const ENDPOINT: &str = "https://huggingface.co";
/// How often a download that breaks off is taken up again before giving up.
const RESUMED: u32 = 3;
/// The wait before the first of them; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// A repository of the hub that holds a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubModel {
    /// `OWNER/NAME`.
    pub repository: String,
    /// The backbone it holds, if it was asked for by the backbone's name.
    pub backbone: Option<Backbone>,
}

/// Weights that lie on this machine.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The file.
    pub path: PathBuf,
    /// Whether it was there before.
    pub cached: bool,
    /// Its SHA-256, checked against the hub's; none where the server does not tell it.
    pub sha256: Option<String>,
}

/// Why weights could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The name is neither known nor a repository's.
    #[error(
        "`{name}` is no model; known are {known}, and any OWNER/NAME of the Hugging Face hub, e.g. \
         timm/vit_small_patch16_224.augreg_in21k",
        known = Backbone::ALL.map(Backbone::name).join(", ")
    )]
    Name {
        /// What was asked for.
        name: String,
    },
    /// No folder is known for the cache.
    #[error(
        "no home folder is known for this user; name a folder for the weights in HF_HUB_CACHE or HF_HOME"
    )]
    NoHome,
    /// The server does not have the file, or does not give it to everybody.
    #[error("{url}: the server answers {status}: {meaning}")]
    Refused {
        /// The file's address.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What that means, and what helps.
        meaning: &'static str,
    },
    /// The server cannot be reached.
    #[error(
        "{url}: the server cannot be reached: {reason}; HF_ENDPOINT names another one, and a file that was fetched \
         elsewhere from this address can be passed as --model FILE"
    )]
    Unreachable {
        /// The file's address.
        url: String,
        /// What the system said.
        reason: String,
    },
    /// The server is none of the hub's kind.
    #[error("{url}: no answer of a Hugging Face hub: {reason}; is HF_ENDPOINT right?")]
    Answer {
        /// The file's address.
        url: String,
        /// What is missing in the answer.
        reason: String,
    },
    /// The download broke off more than once.
    #[error(
        "{url}: the download broke off: {reason}; what came is kept, and the same command goes on from there"
    )]
    BrokenOff {
        /// The file's address.
        url: String,
        /// What the system said.
        reason: String,
    },
    /// What came is not what the hub has.
    #[error(
        "{url}: what came is damaged (SHA-256 {found}, the hub has {expected}) and was removed; fetch it again"
    )]
    Damaged {
        /// The file's address.
        url: String,
        /// The hub's SHA-256.
        expected: String,
        /// That of the file that came.
        found: String,
    },
    /// The cache cannot be written or read.
    #[error(
        "{}: {reason}; make room or set the folder right, or name another one in HF_HUB_CACHE or HF_HOME",
        folder.display()
    )]
    Disk {
        /// The cache.
        folder: PathBuf,
        /// What the system said.
        reason: String,
    },
}

impl FromStr for HubModel {
    type Err = HubError;

    fn from_str(name: &str) -> Result<Self, HubError> {
        let known: Result<Backbone, ModelError> = name.parse();
        if let Ok(backbone) = known {
            return Ok(Self {
                repository: repository_of(backbone).to_owned(),
                backbone: Some(backbone),
            });
        }
        // Both parts become names of folders.
        let fit = |part: &str| {
            let letter = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            !part.is_empty() && !part.starts_with('.') && part.chars().all(letter)
        };
        match name.split_once('/') {
            Some((owner, repository)) if fit(owner) && fit(repository) => Ok(Self {
                repository: name.to_owned(),
                backbone: None,
            }),
            _ => Err(HubError::Name {
                name: name.to_owned(),
            }),
        }
    }
}

/// Where timm keeps the weights of a backbone.
fn repository_of(backbone: Backbone) -> &'static str {
    match backbone {
        Backbone::DeitTiny => "timm/deit_tiny_patch16_224.fb_in1k",
        Backbone::VitTiny => "timm/vit_tiny_patch16_224.augreg_in21k",
        Backbone::VitSmall => "timm/vit_small_patch16_224.augreg_in21k",
        Backbone::VitBase => "timm/vit_base_patch16_224.augreg_in21k",
        Backbone::Dinov2Small => "timm/vit_small_patch14_dinov2.lvd142m",
    }
}

impl HubModel {
    /// Gives the weights from the cache, or fetches them; `progress` hears how many bytes of how many are there.
    ///
    /// The server is that of `HF_ENDPOINT`, else the hub's own. What comes is checked against the SHA-256 that the hub
    /// has for it, and so is what lies in the cache; a download that breaks off is taken up again where it stopped.
    ///
    /// # Errors
    /// The server cannot be reached, does not have the file, breaks off again and again or gives something else; the
    /// cache cannot be written.
    pub fn fetch(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Fetched, HubError> {
        let (cache, token) = cache()?;
        let endpoint = std::env::var("HF_ENDPOINT").ok();
        let endpoint = endpoint.filter(|endpoint| !endpoint.is_empty());
        let endpoint = endpoint.unwrap_or_else(|| ENDPOINT.to_owned());
        let hub = Hub {
            repo: Repo::model(self.repository.clone()),
            cache,
            token,
            endpoint: endpoint.trim_end_matches('/').to_owned(),
        };
        match hub.cached()? {
            Some(fetched) => Ok(fetched),
            None => hub.download(progress),
        }
    }
}

/// One repository, on its server and in the cache.
struct Hub {
    repo: Repo,
    cache: Cache,
    /// What `hf auth login` left.
    token: Option<String>,
    endpoint: String,
}

impl Hub {
    /// The file in the cache; one that is damaged is taken out of it.
    fn cached(&self) -> Result<Option<Fetched>, HubError> {
        let Some(path) = self.cache.repo(self.repo.clone()).get(WEIGHTS) else {
            return Ok(None);
        };
        // The cache names a file after what the server called its content: for weights, their SHA-256.
        let file = path.canonicalize().map_err(|error| self.disk(error))?;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let Some(expected) = as_sha256(&name) else {
            return Ok(Some(Fetched {
                path,
                cached: true,
                sha256: None,
            }));
        };
        let found = sha256_of(&file).map_err(|error| self.disk(error))?;
        if found != expected {
            tracing::warn!("{}: damaged, fetched again", path.display());
            self.remove(&[&path, &file])?;
            return Ok(None);
        }
        Ok(Some(Fetched {
            path,
            cached: true,
            sha256: Some(found),
        }))
    }

    fn download(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Fetched, HubError> {
        let api = ApiBuilder::from_cache(self.cache.clone())
            .with_endpoint(self.endpoint.clone())
            .with_token(self.token.clone())
            .build()
            .map_err(|error| self.told(error))?;
        let metadata = api
            .metadata(&self.url())
            .map_err(|error| self.told(error))?;
        let etag = metadata.etag();
        let blob = self.cache.repo(self.repo.clone()).blob_path(etag);
        let part = blob.with_extension("part");
        // All of it came, but the program ended before it had its name: the server has no bytes beyond it to go on with.
        if part
            .metadata()
            .is_ok_and(|file| file.len() >= metadata.size() as u64)
        {
            self.remove(&[&part])?;
        }
        let path = self.resumed(&api, progress)?;
        let Some(expected) = as_sha256(etag) else {
            return Ok(Fetched {
                path,
                cached: false,
                sha256: None,
            });
        };
        let found = sha256_of(&path).map_err(|error| self.disk(error))?;
        if found != expected {
            self.remove(&[&path, &blob])?;
            return Err(HubError::Damaged {
                url: self.url(),
                expected,
                found,
            });
        }
        Ok(Fetched {
            path,
            cached: false,
            sha256: Some(found),
        })
    }

    /// Downloads, and goes on after a break. The library's own retries are not used: where a retry fails before its
    /// first byte, they start at the front and append.
    fn resumed(&self, api: &Api, progress: &mut dyn FnMut(u64, u64)) -> Result<PathBuf, HubError> {
        let repo = api.repo(self.repo.clone());
        let mut wait = FIRST_WAIT;
        for _ in 0..RESUMED {
            let bar = Told {
                done: 0,
                total: 0,
                progress: &mut *progress,
            };
            match repo.download_with_progress(WEIGHTS, bar) {
                Err(ApiError::IoError(error)) if !is_of_disk(&error) => {
                    tracing::info!("{}: {error}; going on in {wait:?}", self.url());
                    std::thread::sleep(wait);
                    wait *= 2;
                }
                other => return other.map_err(|error| self.told(error)),
            }
        }
        let bar = Told {
            done: 0,
            total: 0,
            progress,
        };
        let last = repo.download_with_progress(WEIGHTS, bar);
        last.map_err(|error| self.told(error))
    }

    fn url(&self) -> String {
        let repository = self.repo.url();
        format!("{}/{repository}/resolve/main/{WEIGHTS}", self.endpoint)
    }

    /// What the library's error means.
    fn told(&self, error: ApiError) -> HubError {
        let url = self.url();
        match error {
            ApiError::RequestError(error) => match *error {
                ureq::Error::StatusCode(status) => HubError::Refused {
                    url,
                    status,
                    meaning: meaning_of(status),
                },
                error => HubError::Unreachable {
                    url,
                    reason: error.to_string(),
                },
            },
            ApiError::IoError(error) if is_of_disk(&error) => self.disk(error),
            ApiError::IoError(error) => HubError::BrokenOff {
                url,
                reason: error.to_string(),
            },
            ApiError::LockAcquisition(path) => HubError::Disk {
                folder: path,
                reason: "another program is fetching this file".to_owned(),
            },
            error => HubError::Answer {
                url,
                reason: error.to_string(),
            },
        }
    }

    fn disk(&self, error: io::Error) -> HubError {
        HubError::Disk {
            folder: self.cache.path().clone(),
            reason: error.to_string(),
        }
    }

    fn remove(&self, files: &[&Path]) -> Result<(), HubError> {
        for file in files {
            match std::fs::remove_file(file) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(self.disk(error)),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The library counts what came; the caller wants to hear sums.
struct Told<'a> {
    done: u64,
    total: u64,
    progress: &'a mut dyn FnMut(u64, u64),
}

impl Progress for Told<'_> {
    fn init(&mut self, size: usize, _filename: &str) {
        (self.done, self.total) = (0, size as u64);
    }

    fn update(&mut self, size: usize) {
        self.done += size as u64;
        (self.progress)(self.done, self.total);
    }

    fn finish(&mut self) {}
}

fn meaning_of(status: u16) -> &'static str {
    match status {
        401 | 403 => {
            "there is no such repository, or it is not open to everybody; for the latter, `hf auth login` leaves a token \
             that is used here, too"
        }
        404 => {
            "there is no such repository, or no model.safetensors in it; look at its page for the name"
        }
        429 => "too many requests; try again later",
        500.. => "it is out of order; try again later",
        _ => "try again, or look at the repository's page",
    }
}

/// Whether the disk is to blame and not the connection.
fn is_of_disk(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull
            | ErrorKind::QuotaExceeded
            | ErrorKind::FileTooLarge
            | ErrorKind::PermissionDenied
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::NotADirectory
            | ErrorKind::AlreadyExists
            | ErrorKind::NotFound
    )
}

/// The hub's cache and the user's token, as its other programs find them: the token lies in the hub's home, wherever the
/// cache is.
fn cache() -> Result<(Cache, Option<String>), HubError> {
    let named = |name| {
        let folder = std::env::var_os(name).filter(|folder| !folder.is_empty());
        folder.map(PathBuf::from)
    };
    let home = named("HF_HOME").or_else(|| {
        let user = directories::BaseDirs::new()?;
        Some(user.home_dir().join(".cache").join("huggingface"))
    });
    let in_home = home.map(|home| home.join("hub"));
    let token = in_home
        .clone()
        .and_then(|folder| Cache::new(folder).token());
    let folder = named("HF_HUB_CACHE").or(in_home).ok_or(HubError::NoHome)?;
    // The library makes links relative, for which it wants whole paths.
    let folder = std::path::absolute(&folder).map_err(|error| HubError::Disk {
        folder: folder.clone(),
        reason: error.to_string(),
    })?;
    Ok((Cache::new(folder), token))
}

/// The text in lower case if it is a SHA-256.
fn as_sha256(text: &str) -> Option<String> {
    let digits = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits.then(|| text.to_ascii_lowercase())
}

fn sha256_of(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut block = vec![0; 1 << 20];
    loop {
        let read = file.read(&mut block)?;
        if read == 0 {
            break;
        }
        hash.update(&block[..read]);
    }
    let mut text = String::with_capacity(64);
    for byte in hash.finalize() {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_backbones_or_repositories() {
        let model: HubModel = "vit-small".parse().unwrap();
        assert_eq!(model.repository, "timm/vit_small_patch16_224.augreg_in21k");
        assert_eq!(model.backbone, Some(Backbone::VitSmall));
        for backbone in Backbone::ALL {
            let model: HubModel = backbone.name().parse().unwrap();
            assert!(model.repository.parse::<HubModel>().is_ok());
        }
        for wrong in [
            "", "vit", "a/", "/b", "a/../b", "../b", "a/b/c", "a b/c", ".a/b",
        ] {
            let error = wrong.parse::<HubModel>().unwrap_err().to_string();
            assert!(error.contains("vit-small"), "{error}");
        }
    }

    #[test]
    fn a_full_disk_and_a_broken_connection_are_told_apart() {
        let hub = Hub {
            repo: Repo::model("owner/name".to_owned()),
            cache: Cache::new(PathBuf::from("/cache")),
            token: None,
            endpoint: ENDPOINT.to_owned(),
        };
        let told = |kind: ErrorKind| hub.told(ApiError::IoError(kind.into())).to_string();
        let full = told(ErrorKind::StorageFull);
        assert!(
            full.contains("/cache") && full.contains("make room"),
            "{full}"
        );
        let broken = told(ErrorKind::UnexpectedEof);
        assert!(broken.contains("goes on from there"), "{broken}");
        assert!(broken.contains("owner/name/resolve/main"), "{broken}");
    }
}
