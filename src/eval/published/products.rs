use super::lists::{self, List};
use super::{Contents, PublishedError};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// `Ebay_train.txt` and `Ebay_test.txt`: a heading, then photo, class, kind of product and path in each line.
pub(super) fn read(root: &Path) -> Result<Contents, PublishedError> {
    let train = part(root, "Ebay_train.txt")?;
    let test = part(root, "Ebay_test.txt")?;
    if let Some(class) = train.keys().find(|class| test.contains_key(class)) {
        return Err(PublishedError::Mismatch {
            path: root.join("Ebay_test.txt"),
            reason: format!("class {class} is in Ebay_train.txt, too"),
        });
    }
    let name = |class: &u32, _: &[PathBuf]| class.to_string();
    let mut classes = lists::classes(&root.join("Ebay_train.txt"), train, name)?;
    let train_classes = classes.len();
    classes.extend(lists::classes(&root.join("Ebay_test.txt"), test, name)?);
    Ok(Contents::cut(classes, train_classes))
}

fn part(root: &Path, list: &str) -> Result<BTreeMap<u32, Vec<PathBuf>>, PublishedError> {
    let heading = "image_id class_id super_class_id path";
    let expected = "PHOTO CLASS KIND PATH";
    let list = List::read(root.join(list))?;
    let mut photos = BTreeMap::<u32, Vec<PathBuf>>::new();
    for line in list.below(heading, list.lines())? {
        let [_, class, _, path] = line.words(expected)?;
        let class = line.number(class, expected)?;
        photos.entry(class).or_default().push(root.join(path));
    }
    Ok(photos)
}
