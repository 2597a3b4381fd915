use super::super::photo_set::{Class, folders, photos};
use super::{Contents, PublishedError};
use std::path::Path;

/// `images/NNN.Name/*.jpg`, classes in the order of their numbers.
pub(super) fn read(root: &Path) -> Result<Contents, PublishedError> {
    let images = root.join("images");
    if !images.is_dir() {
        return Err(PublishedError::Missing(images));
    }
    let mut classes = Vec::new();
    for (name, path) in folders(&images)? {
        if number(&name).is_none() {
            tracing::warn!("{}: no class NNN.Name, left out", path.display());
            continue;
        }
        let files = photos(&path)?;
        if files.is_empty() {
            return Err(PublishedError::Empty {
                path,
                what: "holds no photo",
            });
        }
        classes.push(Class { name, files });
    }
    if classes.is_empty() {
        return Err(PublishedError::Empty {
            path: images,
            what: "holds no class folder NNN.Name",
        });
    }
    classes.sort_by_key(|class| number(&class.name));
    Ok(Contents::halved(classes))
}

/// The number before the point.
fn number(name: &str) -> Option<u32> {
    name.split_once('.')?.0.parse().ok()
}
