use super::PoolEvent;
use crate::app::engine::{Event, Events};
use crate::app::errand;
use crate::figures::{Figure, FigureError, Format, Health};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What can be written to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// Figure 3 as it is shown.
    Figure,
    /// The table of prompts.
    Health,
}

impl Saved {
    /// The formats it can have.
    pub fn formats(self) -> &'static [Format] {
        match self {
            Saved::Figure => &Format::ALL,
            Saved::Health => &Format::NUMBERS,
        }
    }
}

/// The form that names a file to be written.
#[derive(Debug)]
pub struct Saving {
    /// What is to be written.
    pub what: Saved,
    /// The path as typed.
    pub path: String,
    /// Whether there is a file of this name, which the user may want to replace.
    pub occupied: bool,
    /// Why it could not be written.
    pub reason: Option<String>,
}

impl Saving {
    /// A form that offers a file in the user's folder of pictures.
    pub fn new(what: Saved, format: Format) -> Saving {
        let known = what.formats();
        let format = if known.contains(&format) {
            format
        } else {
            known[0]
        };
        let name = match what {
            Saved::Figure => "prompts by domain",
            Saved::Health => "health of the prompts",
        };
        let folder = directories::UserDirs::new().map(|user| {
            let pictures = user.picture_dir().filter(|folder| folder.is_dir());
            pictures.unwrap_or(user.home_dir()).to_owned()
        });
        let file = format!("{name}.{}", format.ending());
        let path = folder.unwrap_or_default().join(file);
        Saving {
            what,
            path: path.display().to_string(),
            occupied: false,
            reason: None,
        }
    }

    /// The path with the ending of another format.
    pub fn with_format(&self, format: Format) -> String {
        let path = Path::new(self.path.trim()).with_extension(format.ending());
        path.display().to_string()
    }

    /// The format that the path names, if it is one that will do.
    pub fn format(&self) -> Option<Format> {
        Format::of(Path::new(self.path.trim()), self.what.formats()).ok()
    }
}

/// What is written, taken along by the thread that writes it.
pub(super) enum Content {
    Figure(Figure),
    Health(Arc<Health>),
}

impl Content {
    fn save(&self, path: &Path) -> Result<(), FigureError> {
        match self {
            Content::Figure(figure) => figure.save(path),
            Content::Health(health) => health.save(path),
        }
    }
}

/// Writes the file on a thread of its own; one that is there already only if it may be replaced.
pub(super) fn write(events: &Events, content: Content, path: PathBuf, replace: bool) {
    errand::run("save", events, move || {
        // A link that leads nowhere lies there, too.
        if !replace && path.symlink_metadata().is_ok() {
            return Some(Event::Pool(PoolEvent::Occupied(path)));
        }
        Some(Event::Pool(match content.save(&path) {
            Ok(()) => PoolEvent::Written(path),
            Err(error) => PoolEvent::NotWritten(format!("{:#}", anyhow::Error::from(error))),
        }))
    });
}

/// The title of the dialog that chooses the place.
pub(super) fn title(what: Saved) -> &'static str {
    match what {
        Saved::Figure => "Save the figure",
        Saved::Health => "Save the table of prompts",
    }
}
