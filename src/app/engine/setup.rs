use crate::index::Kind;
use crate::library::DomainRule;
use crate::model::DeviceChoice;
use crate::model::checkpoint::{Backbone, ReadOptions};
use crate::photo::Reader;
use crate::settings::{Places, Settings};
use crate::watch::Pace;
use anyhow::Context;
use std::path::PathBuf;

/// What the window works with; settled before it opens.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The library's file.
    pub library: PathBuf,
    /// Checkpoint used instead of the one compiled in.
    pub model: Option<PathBuf>,
    /// What a checkpoint without a configuration holds.
    pub backbone: Option<Backbone>,
    /// Where the model runs.
    pub device: DeviceChoice,
    /// How neighbours are looked for.
    pub index_kind: Kind,
    /// What makes a domain in folders that are added.
    pub domain_rule: DomainRule,
    /// Folder of the small copies of photos.
    pub thumbnails: PathBuf,
    /// File in which the window keeps its size and preferences.
    pub window_memory: PathBuf,
    /// The pictures folder of the system, if there is one.
    pub pictures_folder: Option<PathBuf>,
    /// What the settings file says.
    pub settings: Settings,
    /// The settings file.
    pub settings_file: PathBuf,
    /// Folder of the socket through which later starts reach this window.
    pub run_dir: PathBuf,
    /// Whether this start was told a model or device of its own, so that it wants a window of its own.
    pub alone: bool,
    /// Whether this desktop hands dropped files to the window.
    pub drops_arrive: bool,
    /// What decodes photos.
    pub reader: Reader,
    /// How soon changes in the folders are taken in.
    pub pace: Pace,
}

impl Setup {
    /// The user's own library with the model compiled in, as the settings in `places` say.
    ///
    /// # Errors
    /// Settings that cannot be read or understood.
    pub fn in_places(places: &Places) -> anyhow::Result<Setup> {
        let settings = Settings::load(places)?;
        let meant = |word: &str| {
            format!(
                "in the settings file {}: {word}",
                places.settings_file().display()
            )
        };
        Ok(Setup {
            library: places.library_file(),
            model: settings.model.clone(),
            backbone: None,
            device: settings.device.parse().with_context(|| meant("device"))?,
            index_kind: settings
                .index_kind
                .parse()
                .map_err(anyhow::Error::msg)
                .with_context(|| meant("index_kind"))?,
            domain_rule: settings
                .domain_rule
                .parse()
                .map_err(anyhow::Error::msg)
                .with_context(|| meant("domain_rule"))?,
            thumbnails: places.thumbnails(),
            settings,
            window_memory: places.config_dir.join("window.ron"),
            pictures_folder: pictures_folder(),
            settings_file: places.settings_file(),
            run_dir: places.run_dir.clone(),
            alone: false,
            drops_arrive: true,
            reader: Reader::default(),
            pace: Pace::default(),
        })
    }

    /// The same with what the command line says instead.
    ///
    /// # Errors
    /// Settings as in [`Setup::in_places`], no home folder, or words that name no device or backbone.
    pub fn from_choices(
        model: Option<PathBuf>,
        device: &str,
        backbone: Option<String>,
        library: Option<PathBuf>,
    ) -> anyhow::Result<Setup> {
        let mut setup = Setup::in_places(&Places::find()?)?;
        setup.alone = model.is_some() || backbone.is_some() || device != "auto";
        if model.is_some() {
            setup.model = model;
        }
        if device != "auto" {
            setup.device = device.parse()?;
        }
        setup.backbone = backbone.map(|name| name.parse()).transpose()?;
        if let Some(library) = library {
            setup.library = library;
        }
        Ok(setup)
    }

    /// How the checkpoint file is to be read.
    pub(super) fn read_options(&self) -> ReadOptions {
        ReadOptions {
            backbone: self.backbone,
            ..ReadOptions::default()
        }
    }
}

fn pictures_folder() -> Option<PathBuf> {
    let folder = directories::UserDirs::new()?.picture_dir()?.to_owned();
    folder.is_dir().then_some(folder)
}
