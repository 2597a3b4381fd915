use super::mat::Mat;
use super::{Contents, PublishedError, lists};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// `cars_annos.mat`: the struct array `annotations` with path and class of each photo, and the classes' names.
pub(super) fn read(root: &Path) -> Result<Contents, PublishedError> {
    let list = Mat::read(root.join("cars_annos.mat"))?;
    let names = if list.contains("class_names") {
        list.texts("class_names")?
    } else {
        Vec::new()
    };
    let mut photos = BTreeMap::<u32, Vec<PathBuf>>::new();
    for (path, class) in list.records("annotations", "relative_im_path", "class")? {
        photos.entry(class).or_default().push(root.join(path));
    }
    let classes = lists::classes(list.path(), photos, |&class, _| {
        let name = (class as usize).checked_sub(1).and_then(|at| names.get(at));
        name.map_or_else(
            || format!("{class:03}"),
            |name| format!("{class:03} {name}"),
        )
    })?;
    Ok(Contents::halved(classes))
}
