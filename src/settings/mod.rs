//! What the user chose and where things lie; shared by the window and the command line.

mod places;

pub use places::Places;

use crate::files;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Why settings could not be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The system names no home folder for this user.
    #[error(
        "no home folder is known for this user; name one in the environment variable PUMA_HOME"
    )]
    NoHome,
    /// The settings file or its folder could not be read or written.
    #[error("settings file {}", path.display())]
    Io {
        /// The file concerned.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The settings file is no valid TOML or holds a value of the wrong kind.
    #[error("settings file {} cannot be understood; mend it or delete it to start afresh", path.display())]
    Parse {
        /// The file concerned.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// The settings cannot be written as TOML.
    #[error("settings cannot be written as TOML")]
    Write(#[from] toml::ser::Error),
}

/// What the user chose; kept as TOML, every missing entry has its default.
///
/// Choices that belong to other rooms are kept in the words of the command line and parsed where they are used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// What makes a domain in a photo library: `folder` (first folder level below a root) or `root`.
    pub domain_rule: String,
    /// Nearest-neighbour search: `auto`, `exact` or `hnsw`.
    pub index_kind: String,
    /// Where the model runs: `auto`, `cpu`, `cuda`, `cuda:N` or `metal`.
    pub device: String,
    /// Checkpoint used instead of the one compiled in.
    pub model: Option<PathBuf>,
    /// Checkpoint that answers until `model` has embedded all photos; empty for the one compiled in.
    pub former_model: Option<PathBuf>,
    /// Whether indexing also makes the window's thumbnails.
    pub thumbnails: bool,
    /// Names of files and folders that indexing leaves out, with `*` and `?`. Hidden ones, and folders that hold a file
    /// `.nomedia`, are left out anyway.
    pub excluded: Vec<String>,
    /// Whether the window watches the folders and takes in what changes in them.
    pub watch: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            domain_rule: "folder".to_owned(),
            index_kind: "auto".to_owned(),
            device: "auto".to_owned(),
            model: None,
            former_model: None,
            thumbnails: true,
            excluded: Vec::new(),
            watch: true,
        }
    }
}

impl Settings {
    /// Reads the settings file of `places`; without one, the defaults.
    pub fn load(places: &Places) -> Result<Settings, SettingsError> {
        Settings::read(&places.settings_file())
    }

    /// Writes the settings file of `places`, making its folder first.
    pub fn save(&self, places: &Places) -> Result<(), SettingsError> {
        self.write(&places.settings_file())
    }

    /// Reads settings from a TOML file; a file that is not there gives the defaults.
    pub fn read(path: &Path) -> Result<Settings, SettingsError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Settings::default());
            }
            Err(source) => {
                return Err(SettingsError::Io {
                    path: path.to_owned(),
                    source,
                });
            }
        };
        toml::from_str(&text).map_err(|source| SettingsError::Parse {
            path: path.to_owned(),
            source: Box::new(source),
        })
    }

    /// Writes settings as TOML; the old file stays whole until the new one is complete.
    pub fn write(&self, path: &Path) -> Result<(), SettingsError> {
        let text = toml::to_string_pretty(self)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let write = || -> std::io::Result<()> {
            std::fs::create_dir_all(folder)?;
            files::replace(path, &[text.as_bytes()])
        };
        write().map_err(|source| SettingsError::Io {
            path: path.to_owned(),
            source,
        })
    }
}
