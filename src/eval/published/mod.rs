//! The eight sets of unified metric learning in the layouts that their authors published, with the official class
//! splits.
//!
//! A folder below the data root with the name of a published set, and with its index files or its photo folder in it,
//! is read as that set; every other folder as `SET/CLASS/*`, one with such a name with a warning.

mod aircraft;
mod birds;
mod cars;
mod cub;
mod dogs;
mod error;
mod flowers;
mod in_shop;
mod lists;
mod mat;
mod products;

pub use error::PublishedError;

use super::photo_set::{Class, OfficialSplit, PhotoSet};
use std::path::Path;

/// What a published set's folder gives.
struct Contents {
    classes: Vec<Class>,
    split: OfficialSplit,
}

/// One published set: how its folder is told and read.
pub(super) struct Layout {
    /// The folder's name below the data root.
    folder: &'static str,
    /// The set's name.
    pub(super) title: &'static str,
    /// What is expected in the folder, for messages.
    pub(super) files: &'static str,
    /// Files or folders of which one tells that this is the published set.
    signs: &'static [&'static str],
    /// How many photos and classes were published; another number is worth a warning.
    published: (usize, usize),
    read: fn(&Path) -> Result<Contents, PublishedError>,
}

/// The published sets.
const LAYOUTS: [Layout; 8] = [
    Layout {
        folder: "CUB_200_2011",
        title: "CUB-200-2011",
        files: "images/NNN.Name/*.jpg, by images.txt if that is there",
        signs: &["images", "images.txt", "image_class_labels.txt"],
        published: (11_788, 200),
        read: cub::read,
    },
    Layout {
        folder: "cars196",
        title: "Cars-196",
        files: "cars_annos.mat and car_ims/*.jpg",
        signs: &["cars_annos.mat", "car_ims"],
        published: (16_185, 196),
        read: cars::read,
    },
    Layout {
        folder: "Stanford_Online_Products",
        title: "Stanford Online Products",
        files: "Ebay_train.txt, Ebay_test.txt and the photo folders that they name",
        signs: &["Ebay_train.txt", "Ebay_test.txt", "bicycle_final"],
        published: (120_053, 22_634),
        read: products::read,
    },
    Layout {
        folder: "Inshop_Clothes",
        title: "In-Shop Clothes",
        files: "Eval/list_eval_partition.txt and Img/img/",
        signs: &["Eval", "Img"],
        published: (52_712, 7_982),
        read: in_shop::read,
    },
    Layout {
        folder: "nabirds",
        title: "NABirds",
        files: "images.txt, image_class_labels.txt and images/",
        signs: &["images.txt", "image_class_labels.txt", "images"],
        published: (48_562, 555),
        read: birds::read,
    },
    Layout {
        folder: "dogs",
        title: "Stanford Dogs",
        files: "file_list.mat and Images/",
        signs: &["file_list.mat", "Images"],
        published: (20_580, 120),
        read: dogs::read,
    },
    Layout {
        folder: "flowers",
        title: "Oxford Flowers-102",
        files: "imagelabels.mat, setid.mat and jpg/image_NNNNN.jpg",
        signs: &["imagelabels.mat", "setid.mat", "jpg"],
        published: (8_189, 102),
        read: flowers::read,
    },
    Layout {
        folder: "fgvc-aircraft-2013b",
        title: "FGVC-Aircraft",
        files: "data/images_variant_trainval.txt, data/images_variant_test.txt and data/images/",
        signs: &["data"],
        published: (10_000, 100),
        read: aircraft::read,
    },
];

/// Published names that anybody may give to a folder of classes.
const ORDINARY: [&str; 2] = ["dogs", "flowers"];

/// The published set that lies in this folder of the data root, if it is one.
///
/// A folder that has its name only is worth a warning, unless the name is an ordinary word: its classes may be something
/// else than they seem.
pub(super) fn layout_of(name: &str, path: &Path) -> Option<&'static Layout> {
    let layout = LAYOUTS.iter().find(|layout| layout.folder == name)?;
    if layout.signs.iter().any(|sign| path.join(sign).exists()) {
        return Some(layout);
    }
    let text = format!(
        "{}: read as SET/CLASS, each folder in it a class, and not as {}: {} not found in it",
        path.display(),
        layout.title,
        layout.signs.join(", ")
    );
    if ORDINARY.contains(&name) {
        tracing::info!("{text}");
    } else {
        tracing::warn!("{text}");
    }
    None
}

impl Layout {
    /// Reads the set.
    pub(super) fn read(&self, path: &Path) -> Result<PhotoSet, PublishedError> {
        let Contents { classes, split } = (self.read)(path)?;
        let set = PhotoSet {
            name: self.folder.to_owned(),
            classes,
            official: Some(split),
        };
        let found = (set.photos(), set.classes.len());
        if found != self.published {
            tracing::warn!(
                "{}: {} photos of {} classes, {} was published with {} of {}",
                path.display(),
                found.0,
                found.1,
                self.title,
                self.published.0,
                self.published.1
            );
        }
        Ok(set)
    }
}

impl Contents {
    /// The first half of the classes trains, rounded down.
    fn halved(classes: Vec<Class>) -> Self {
        let train_classes = classes.len() / 2;
        Self::cut(classes, train_classes)
    }

    /// The first so many classes train.
    fn cut(classes: Vec<Class>, train_classes: usize) -> Self {
        Self {
            classes,
            split: OfficialSplit {
                train_classes,
                ..OfficialSplit::default()
            },
        }
    }
}
