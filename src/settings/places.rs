use super::SettingsError;
use std::path::{Path, PathBuf};

/// The folders of this user's settings, library and caches.
///
/// They follow the system's custom (`directories`); the environment variable `PUMA_HOME` puts all of them under one
/// folder instead, which tests and portable installations use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// Settings.
    pub config_dir: PathBuf,
    /// What must not be lost: the library.
    pub data_dir: PathBuf,
    /// What can be deleted at any time: thumbnails.
    pub cache_dir: PathBuf,
    /// What lives no longer than the program runs: the socket of the open window.
    pub run_dir: PathBuf,
}

impl Places {
    /// Finds the folders; none of them need exist yet.
    pub fn find() -> Result<Places, SettingsError> {
        if let Some(home) = std::env::var_os("PUMA_HOME").filter(|home| !home.is_empty()) {
            return Ok(Places::under(Path::new(&home)));
        }
        let project =
            directories::ProjectDirs::from("", "", "puma").ok_or(SettingsError::NoHome)?;
        Ok(Places {
            config_dir: project.config_dir().to_owned(),
            data_dir: project.data_dir().to_owned(),
            cache_dir: project.cache_dir().to_owned(),
            run_dir: project
                .runtime_dir()
                .map_or_else(|| project.data_dir().join("run"), Path::to_owned),
        })
    }

    /// All folders under one.
    pub fn under(home: &Path) -> Places {
        Places {
            config_dir: home.join("config"),
            data_dir: home.join("data"),
            cache_dir: home.join("cache"),
            run_dir: home.join("run"),
        }
    }

    /// The user's own library.
    pub fn library_file(&self) -> PathBuf {
        self.data_dir.join("library.sqlite")
    }

    /// The folder of the 256-px thumbnails.
    pub fn thumbnails(&self) -> PathBuf {
        self.cache_dir.join("thumbnails")
    }

    /// The settings file.
    pub fn settings_file(&self) -> PathBuf {
        self.config_dir.join("settings.toml")
    }
}
