//! Flags that several subcommands share.

use crate::figures::{Arrangement, Chart, Figure, Profile, Sort, View};
use crate::library::{Library, ModelKey};
use crate::model::checkpoint::{Backbone, Checkpoint, ReadOptions};
use crate::model::{DeviceChoice, Products, Puma, choose_device};
use crate::photo::{Limits, ProcessLimits, Reader};
use crate::settings::{Places, Settings};
use anyhow::Context;
use candle_core::Device;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Which model to use and where it runs.
#[derive(clap::Args, Clone, Debug)]
pub struct ModelOptions {
    /// Checkpoint to use instead of the one compiled in
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Where the model runs: auto, cpu, cuda, cuda:N or metal
    #[arg(long, default_value = "auto")]
    pub device: String,
    /// What a file without a configuration holds, e.g. deit-tiny, vit-small, vit-base, dinov2-small
    #[arg(long)]
    pub backbone: Option<String>,
}

impl ModelOptions {
    /// Loads the model that was asked for, the shipped one by default; says on stderr if `auto` had to settle for the CPU.
    pub fn load(&self) -> anyhow::Result<Puma> {
        let chosen = choose_device(self.device.parse::<DeviceChoice>()?)?;
        if let Some(note) = &chosen.note {
            eprintln!("puma: {note}");
        }
        let puma = match &self.model {
            None => Puma::shipped(&chosen.device)?,
            Some(path) => Puma::from_checkpoint(&self.read(path)?, &chosen.device)
                .with_context(|| format!("{}: cannot be used", path.display()))?,
        };
        tell(&puma);
        Ok(puma)
    }

    /// The checkpoint that training starts from, which has to be named, and where it is trained.
    pub fn start(&self) -> anyhow::Result<(Checkpoint, Device)> {
        let path = self.model.as_ref().context(
            "--model FILE is needed: the ViT to start from, timm's weights or a checkpoint of this program",
        )?;
        let start = self.read(path)?;
        let chosen = choose_device(self.device.parse::<DeviceChoice>()?)?;
        if let Some(note) = &chosen.note {
            eprintln!("puma: {note}");
        }
        Ok((start, chosen.device))
    }

    fn read(&self, path: &Path) -> anyhow::Result<Checkpoint> {
        let mut options = ReadOptions::default();
        if let Some(name) = &self.backbone {
            options.backbone = Some(name.parse::<Backbone>()?);
        }
        Ok(Checkpoint::read(path, &options)?)
    }
}

/// Which numbers the model multiplies.
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct PrecisionOptions {
    /// Which numbers the weights are multiplied in
    #[arg(long, value_enum, default_value_t)]
    precision: PrecisionArgument,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum PrecisionArgument {
    /// 16 bits, summed in f32, where the device has instructions for that: what indexing and searching take
    #[default]
    Rounded,
    /// f32
    Single,
}

impl PrecisionOptions {
    /// What was asked for.
    pub fn products(self) -> Products {
        match self.precision {
            PrecisionArgument::Rounded => Products::Rounded,
            PrecisionArgument::Single => Products::Single,
        }
    }
}

/// Says on stderr what became of a GPU that has too little memory, if that was not said yet.
pub fn tell(puma: &Puma) {
    if let Some(note) = puma.take_note() {
        eprintln!("puma: {note}");
    }
}

/// What the user keeps: folders and settings.
pub struct Home {
    /// Where things lie.
    pub places: Places,
    /// What was chosen, in the window or by hand.
    pub settings: Settings,
}

impl Home {
    /// Finds the folders and reads the settings.
    pub fn find() -> anyhow::Result<Home> {
        let places = Places::find()?;
        let settings = Settings::load(&places)?;
        Ok(Home { places, settings })
    }

    /// Loads the model that the flags ask for, else the one that the settings name, else the shipped one.
    pub fn model(&self, options: &ModelOptions) -> anyhow::Result<Puma> {
        let mut options = options.clone();
        options.device = self.device(&options);
        options.model = options.model.or_else(|| self.settings.model.clone());
        options.load()
    }

    /// The model that answers: the one of [`Home::model`], or the one before it as long as photos are left that the new
    /// one has not embedded and the old one has; says so on stderr, also where the old one cannot be had any more.
    pub fn answering_model(&self, options: &ModelOptions, library: &Path) -> anyhow::Result<Puma> {
        let wished = self.model(options)?;
        let Some(former) = self
            .settings
            .former_model
            .clone()
            .filter(|_| options.model.is_none())
        else {
            return Ok(wished);
        };
        let catalogue = Library::open_existing(library)?;
        let key = ModelKey::new(wished.fingerprint());
        if catalogue.is_complete(&key)? {
            return Ok(wished);
        }
        let former = ModelOptions {
            // The model that is compiled in has no path.
            model: Some(former).filter(|file| !file.as_os_str().is_empty()),
            device: self.device(options),
            backbone: None,
        };
        match former.load() {
            Ok(former) => {
                let knows = catalogue.counts(&ModelKey::new(former.fingerprint()))?;
                if knows.embedded == 0 {
                    return Ok(wished);
                }
                let pending = catalogue.counts(&key)?.pending;
                eprintln!(
                    "puma: the model before answers, since the one in the settings has {pending} photos to embed; `puma index` goes on with them"
                );
                Ok(former)
            }
            Err(error) => {
                eprintln!(
                    "puma: the model before cannot be loaded ({error:#}); the one in the settings answers with what it has embedded so far"
                );
                Ok(wished)
            }
        }
    }

    fn device(&self, options: &ModelOptions) -> String {
        match options.device.as_str() {
            "auto" => self.settings.device.clone(),
            device => device.to_owned(),
        }
    }

    /// The library that the flags ask for, else the user's own; it need not be there.
    pub fn library(&self, options: &LibraryOptions) -> PathBuf {
        options
            .library
            .clone()
            .unwrap_or_else(|| self.places.library_file())
    }
}

/// Writes one value as a line of JSON to stdout.
pub fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    print(&line)
}

/// Writes to stdout; a reader that has gone away is an error that [`super::main`] passes over.
pub fn print(text: impl AsRef<[u8]>) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_ref())?;
    out.flush()?;
    Ok(())
}

/// A path as JSON has it: absolute, and in UTF-8 even where the name is not.
pub fn shown(path: &Path) -> String {
    std::path::absolute(path)
        .unwrap_or_else(|_| path.to_owned())
        .to_string_lossy()
        .into_owned()
}

/// Whether files that are there may be replaced.
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct ReplaceOptions {
    /// Replace files that are there already
    #[arg(long)]
    pub force: bool,
}

impl ReplaceOptions {
    /// Refuses a file that is there already, unless it may be replaced; best asked before anything slow is done for it.
    pub fn check(self, path: &Path) -> anyhow::Result<()> {
        if !self.force && path.symlink_metadata().is_ok() {
            anyhow::bail!(
                "{} is there already; name another file, or pass --force to replace it",
                path.display()
            );
        }
        Ok(())
    }
}

/// What reads photos: this very program in processes of its own, or this thread where it cannot find itself.
pub fn reader() -> Reader {
    let limits = Limits::default();
    match std::env::current_exe() {
        Ok(program) => Reader::apart(program, limits, ProcessLimits::default()),
        Err(_) => Reader::here(limits),
    }
}

/// Which library to use.
#[derive(clap::Args, Clone, Debug)]
pub struct LibraryOptions {
    /// Library file to use instead of the user's own
    #[arg(long, value_name = "FILE")]
    pub library: Option<PathBuf>,
}

/// How a figure is drawn.
#[derive(clap::Args, Clone, Debug)]
pub struct FigureOptions {
    /// How a .png or .svg figure is drawn
    #[arg(long, value_enum, default_value_t)]
    pub chart: Chart,
    /// What a .png or .svg figure shows
    #[arg(long, value_enum, default_value_t)]
    pub view: View,
    /// The order of its domains
    #[arg(long, value_enum, default_value_t)]
    pub sort: Sort,
    /// Put prompts side by side that the domains call alike, instead of by their numbers
    #[arg(long)]
    pub sort_prompts: bool,
}

impl FigureOptions {
    /// The figure of `profiles` that was asked for.
    pub fn figure(&self, profiles: &[Profile]) -> Figure {
        let arrangement = Arrangement::new(profiles, self.view, self.sort, self.sort_prompts);
        Figure::new(profiles, self.chart, self.view, &arrangement)
    }
}
