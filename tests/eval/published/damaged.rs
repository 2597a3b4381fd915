//! What is missing or damaged is named, with the place where it was looked for.

use super::miniature::{self, put, put_mat};
use puma::eval::read_sets;
use std::fs;
use std::path::Path;

/// What is done to a file or folder below the set's.
enum Damage {
    Removed,
    /// Another text in the place of the first one that is there.
    Replaced(&'static str, &'static str),
    /// Cut off in the middle.
    Halved,
    Written(&'static str),
    /// Another MATLAB file of `fixtures/` in its place.
    Mat(&'static str),
    /// A byte in the middle of a compressed variable.
    Garbled,
}
use Damage::{Garbled, Halved, Mat, Removed, Replaced, Written};

/// The file or folder, what is done to it, and what the message has to say.
type Case = (&'static str, Damage, &'static [&'static str]);

impl Damage {
    fn to(&self, root: &Path, file: &str) {
        let path = root.join(file);
        match self {
            Removed if path.is_dir() => fs::remove_dir_all(path).unwrap(),
            Removed => fs::remove_file(path).unwrap(),
            Replaced(from, to) => {
                let text = fs::read_to_string(&path).unwrap();
                assert!(text.contains(from), "{text}");
                fs::write(path, text.replacen(from, to, 1)).unwrap();
            }
            Halved => {
                let bytes = fs::read(&path).unwrap();
                fs::write(path, &bytes[..bytes.len() / 2 + 64]).unwrap();
            }
            Written(text) => put(root, file, text),
            Mat(fixture) => put_mat(root, file, fixture),
            Garbled => {
                let mut bytes = fs::read(&path).unwrap();
                let middle = bytes.len() / 3;
                bytes[middle..middle + 40].fill(0xAA);
                fs::write(path, bytes).unwrap();
            }
        }
    }
}

/// Makes the set for each case anew.
fn check(make: impl Fn(&Path), folder: &str, cases: &[Case]) {
    for (number, (file, damage, expected)) in cases.iter().enumerate() {
        let root = tempfile::tempdir().unwrap();
        make(root.path());
        read_sets(root.path()).unwrap();
        damage.to(&root.path().join(folder), file);
        let message = read_sets(root.path()).unwrap_err().to_string();
        for expected in *expected {
            assert!(message.contains(expected), "{folder} {number}: {message}");
        }
    }
}

#[test]
fn cub() {
    check(
        |root| miniature::cub(root, "\n"),
        "CUB_200_2011",
        &[
            (
                "images",
                Removed,
                &["CUB_200_2011/images is missing", "NNN.Name"],
            ),
            (
                "images/003.Owl",
                Removed,
                &["2 of the 10 photos", "images.txt", "003.Owl/B_2.jpg"],
            ),
            (
                "images.txt",
                Replaced("1 4.Wren/B_2.jpg\n1 4.Wren/A_1.jpg\n", ""),
                &["images.txt: 1 of the class folders", "005.*", "004.*"],
            ),
            (
                "images.txt",
                Replaced("002.Jay/A_1", "Jay/A_1"),
                &["images.txt, line 4", "NNN.Name"],
            ),
            ("images.txt", Written("\n"), &["images.txt names no photo"]),
        ],
    );
    let unlisted = |root: &Path| {
        miniature::cub(root, "\n");
        Removed.to(root, "CUB_200_2011/images.txt");
    };
    check(
        unlisted,
        "CUB_200_2011",
        &[("images/003.Owl", Removed, &["images: 1 of", "in it: 003.*"])],
    );
    let emptied = |root: &Path| {
        unlisted(root);
        put(root, "CUB_200_2011/images/006.Rook/1.jpg", "");
    };
    check(
        emptied,
        "CUB_200_2011",
        &[(
            "images/006.Rook/1.jpg",
            Removed,
            &["006.Rook holds no photo"],
        )],
    );
}

#[test]
fn products() {
    check(
        |root| miniature::products(root, "\n"),
        "Stanford_Online_Products",
        &[
            ("Ebay_train.txt", Removed, &["Ebay_train.txt is missing"]),
            ("Ebay_test.txt", Removed, &["Ebay_test.txt is missing"]),
            (
                "lamp_final/21_1.JPG",
                Removed,
                &["1 of the 2", "Ebay_test.txt", "lamp_final/21_1.JPG"],
            ),
            (
                "Ebay_test.txt",
                Replaced("4 3 1", "4 three 1"),
                &["Ebay_test.txt, line 2", "4 three 1", "CLASS"],
            ),
            (
                "Ebay_test.txt",
                Replaced("4 3 1", "4 1 1"),
                &["class 1 is in Ebay_train.txt, too"],
            ),
            (
                "Ebay_train.txt",
                Replaced("image_id class_id super_class_id path\n", ""),
                &["Ebay_train.txt, line 1", "expected image_id class_id"],
            ),
            (
                "Ebay_test.txt",
                Written(""),
                &["Ebay_test.txt names no photo"],
            ),
        ],
    );
}

#[test]
fn in_shop() {
    let list = "Eval/list_eval_partition.txt";
    check(
        |root| miniature::in_shop(root, "\r\n"),
        "Inshop_Clothes",
        &[
            (
                "Eval",
                Removed,
                &["list_eval_partition.txt is missing", "In-Shop"],
            ),
            (
                "Img",
                Removed,
                &["9 of the 9 photos", "id_00000002/01_1_front.jpg"],
            ),
            (
                "Img/img/MEN/Denim/id_00000009/01_1_front.jpg",
                Removed,
                &["1 of the 9 photos", "id_00000009/01_1_front.jpg"],
            ),
            (
                list,
                Replaced("id_00000009 gallery", "id_00000009 galery"),
                &["line 11", "galery", "query"],
            ),
            (
                list,
                Replaced("id_00000009 gallery", "id_00000002 gallery"),
                &["id_00000002 is in both halves"],
            ),
            (
                list,
                Replaced("9\r\n", "10\r\n"),
                &["says that it has 10 rows, but has 9", "fetch it again"],
            ),
            (
                list,
                Replaced("9\r\n", ""),
                &["line 1", "image_name", "the number of rows"],
            ),
            (
                list,
                Replaced("image_name   item_id   evaluation_status\r\n", ""),
                &["line 2", "expected image_name item_id evaluation_status"],
            ),
            (
                list,
                Written("1\nimage_name item_id evaluation_status\na.jpg id_1 query\n"),
                &["list_eval_partition.txt names no photo to train on"],
            ),
            (list, Written(""), &["names no photo"]),
        ],
    );
}

#[test]
fn birds() {
    check(
        |root| miniature::birds(root, "\n"),
        "nabirds",
        &[
            ("images.txt", Removed, &["nabirds/images.txt is missing"]),
            (
                "image_class_labels.txt",
                Removed,
                &["image_class_labels.txt is missing"],
            ),
            (
                "images/0817/0c3.jpg",
                Removed,
                &["1 of the 5", "images.txt", "0817/0c3.jpg"],
            ),
            (
                "image_class_labels.txt",
                Replaced("0c-3 817\n", ""),
                &["4 labels, but images.txt has 5"],
            ),
            (
                "image_class_labels.txt",
                Replaced("0c-3", "0x-3"),
                &["line 3", "0x-3", "images.txt"],
            ),
        ],
    );
}

#[test]
fn aircraft() {
    check(
        |root| miniature::aircraft(root, "\n"),
        "fgvc-aircraft-2013b",
        &[
            (
                "data/images_variant_test.txt",
                Removed,
                &["images_variant_test.txt is missing"],
            ),
            (
                "data/images/0400.jpg",
                Removed,
                &[
                    "1 of the 3",
                    "data/images_variant_test.txt names",
                    "data/images/0400.jpg",
                ],
            ),
            (
                "data/images_variant_test.txt",
                Replaced("0400 Yak-42", "0400"),
                &["line 1", "VARIANT"],
            ),
        ],
    );
}

#[test]
fn cars() {
    check(
        miniature::cars,
        "cars196",
        &[
            (
                "cars_annos.mat",
                Removed,
                &["cars_annos.mat is missing", "Cars-196"],
            ),
            (
                "car_ims/000003.jpg",
                Removed,
                &["1 of the 8", "cars_annos.mat", "000003.jpg"],
            ),
            ("cars_annos.mat", Halved, &["cars_annos.mat", "is cut off"]),
            (
                "cars_annos.mat",
                Mat("imagelabels.mat"),
                &["`annotations` is not a struct array", "it holds labels"],
            ),
            ("cars_annos.mat", Written("a web page"), &["no MATLAB file"]),
            ("cars_annos.mat", Garbled, &["cars_annos.mat", "is damaged"]),
        ],
    );
}

#[test]
fn dogs() {
    check(
        miniature::dogs,
        "dogs",
        &[
            ("file_list.mat", Removed, &["file_list.mat is missing"]),
            (
                "file_list.mat",
                Mat("file_list_short.mat"),
                &["8 files and 7 labels"],
            ),
            (
                "file_list.mat",
                Mat("file_list_16_bit.mat"),
                &["dogs/file_list.mat", "16-bit", "-v7", "scipy.io"],
            ),
            ("file_list.mat", Halved, &["file_list.mat", "is cut off"]),
            (
                "Images/n2-Breed_2/n2_0.jpg",
                Removed,
                &["1 of the 8", "n2-Breed_2/n2_0.jpg"],
            ),
        ],
    );
}

#[test]
fn flowers() {
    check(
        miniature::flowers,
        "flowers",
        &[
            ("setid.mat", Removed, &["setid.mat is missing"]),
            ("imagelabels.mat", Removed, &["imagelabels.mat is missing"]),
            (
                "imagelabels.mat",
                Halved,
                &["imagelabels.mat", "is cut off"],
            ),
            (
                "setid.mat",
                Mat("setid_beyond.mat"),
                &["names photo 10", "imagelabels.mat has 9 labels"],
            ),
            (
                "jpg/image_00009.jpg",
                Removed,
                &["1 of the 9", "image_00009.jpg"],
            ),
        ],
    );
}
