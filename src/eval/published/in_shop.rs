use super::super::photo_set::{OfficialSplit, Role};
use super::lists::{self, List};
use super::{Contents, PublishedError};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// `Eval/list_eval_partition.txt`: a count, a heading, then path, item and `train`, `query` or `gallery` in each line;
/// the photos lie in `Img/`.
pub(super) fn read(root: &Path) -> Result<Contents, PublishedError> {
    let expected = "PATH id_NUMBER train|query|gallery";
    let list = List::read(root.join("Eval").join("list_eval_partition.txt"))?;
    let images = root.join("Img");
    let mut train = BTreeMap::<u32, Vec<PathBuf>>::new();
    let mut test = BTreeMap::<u32, Vec<PathBuf>>::new();
    let mut roles = BTreeMap::new();
    for line in list.lines(2) {
        let [path, item, part] = line.words(expected)?;
        let number = item.strip_prefix("id_").unwrap_or(item);
        let number = line.number(number, expected)?;
        let path = images.join(path);
        let (half, role) = match part {
            "train" => (&mut train, Role::Both),
            "query" => (&mut test, Role::Query),
            "gallery" => (&mut test, Role::Gallery),
            _ => return Err(line.wrong(expected)),
        };
        half.entry(number).or_default().push(path.clone());
        if role != Role::Both {
            roles.insert(path, role);
        }
    }
    if let Some(item) = train.keys().find(|item| test.contains_key(item)) {
        return Err(PublishedError::Mismatch {
            path: list.path().to_owned(),
            reason: format!("item id_{item:08} is in both halves"),
        });
    }
    for (role, what) in [
        (Role::Query, "names no query"),
        (Role::Gallery, "names no gallery photo"),
    ] {
        if !roles.values().any(|&of_photo| of_photo == role) {
            return Err(PublishedError::Empty {
                path: list.path().to_owned(),
                what,
            });
        }
    }
    let name = |item: &u32, _: &[PathBuf]| format!("id_{item:08}");
    let mut classes = lists::classes(list.path(), train, name)?;
    let train_classes = classes.len();
    classes.extend(lists::classes(list.path(), test, name)?);
    Ok(Contents {
        classes,
        split: OfficialSplit {
            train_classes,
            roles,
        },
    })
}
