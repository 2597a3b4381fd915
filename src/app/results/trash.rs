use super::News;
use crate::app::engine::{Event, Events};
use crate::app::errand;
use std::path::PathBuf;

/// What is on its way into the trash, or came there last.
#[derive(Debug, Default)]
pub struct Trashing {
    /// Files that await the user's word.
    pub asked: Option<Vec<PathBuf>>,
    /// Whether files are being moved there or back now.
    pub busy: bool,
    /// What went last and has not come back.
    pub last: Vec<PathBuf>,
}

/// Whether this system lets a program take files back from the trash.
pub const CAN_TAKE_BACK: bool = cfg!(any(
    windows,
    all(
        unix,
        not(any(
            target_os = "macos",
            target_os = "ios",
            target_os = "android"
        ))
    )
));

/// Moves files into the system's trash, each by itself, so that one that cannot go keeps none of the others back.
pub fn trash(events: &Events, paths: Vec<PathBuf>) {
    errand::run("trash", events, move || {
        let (mut gone, mut kept) = (Vec::new(), Vec::new());
        for path in paths {
            if std::fs::symlink_metadata(&path).is_err() {
                kept.push((path, "it is not there any more".to_owned()));
                continue;
            }
            match ::trash::delete(&path) {
                Ok(()) => gone.push(path),
                Err(error) => kept.push((path, words(&error))),
            }
        }
        Some(Event::Results(News::Trashed { gone, kept }))
    });
}

fn words(error: &::trash::Error) -> String {
    use ::trash::Error;
    match error {
        Error::CouldNotAccess { target } => {
            format!("there is no permission to move it ({target})")
        }
        Error::TargetedRoot => "it is the root of a drive".to_owned(),
        Error::Unknown { description } | Error::Os { description, .. } => {
            format!("this system offers no trash for it ({description})")
        }
        other => other.to_string(),
    }
}

/// Takes files back from the trash to where they were.
#[cfg(any(
    windows,
    all(
        unix,
        not(any(target_os = "macos", target_os = "ios", target_os = "android"))
    )
))]
pub fn take_back(events: &Events, paths: Vec<PathBuf>) {
    use ::trash::os_limited::{list, restore_all};
    errand::run("take back", events, move || {
        let (mut back, mut reason) = (Vec::new(), None);
        match list() {
            Err(error) => reason = Some(error.to_string()),
            Ok(items) => {
                for path in paths {
                    let place = real(&path);
                    let from_here = |item: &&::trash::TrashItem| {
                        let original = item.original_path();
                        let named_alike = original.file_name() == path.file_name();
                        original == path
                            || (named_alike && place.is_some() && real(&original) == place)
                    };
                    // The trash may hold older files of the same name: the newest is meant.
                    let newest = items
                        .iter()
                        .filter(from_here)
                        .max_by_key(|item| item.time_deleted);
                    match newest.map(|item| restore_all([item.clone()])) {
                        Some(Ok(())) => back.push(path),
                        Some(Err(error)) => reason = Some(error.to_string()),
                        None => reason = Some("it is no longer in the trash".to_owned()),
                    }
                }
            }
        }
        Some(Event::Results(News::Untrashed { back, reason }))
    });
}

/// Where a file lies, or lay, with all links on the way to it followed, as the trash names it; a link that it is itself
/// is not. `None` where its folder is not there.
#[cfg(any(
    windows,
    all(
        unix,
        not(any(target_os = "macos", target_os = "ios", target_os = "android"))
    )
))]
fn real(path: &std::path::Path) -> Option<PathBuf> {
    let folder = path.parent()?.canonicalize().ok()?;
    Some(folder.join(path.file_name()?))
}

/// This system keeps its trash to itself.
#[cfg(not(any(
    windows,
    all(
        unix,
        not(any(target_os = "macos", target_os = "ios", target_os = "android"))
    )
)))]
pub fn take_back(events: &Events, _paths: Vec<PathBuf>) {
    let reason = Some("this system lets only its file manager do so".to_owned());
    let back = Vec::new();
    events.send(Event::Results(News::Untrashed { back, reason }));
}
