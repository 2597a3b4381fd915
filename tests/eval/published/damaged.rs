//! What is missing or damaged is named, with the place where it was looked for.

use super::miniature::{self, put, put_mat};
use puma::eval::read_sets;
use std::fs;
use std::path::Path;

/// What to make, how to damage it and what the message has to say.
type Damage = (fn(&Path), fn(&Path), &'static [&'static str]);

fn remove(root: &Path, file: &str) {
    let path = root.join(file);
    if path.is_dir() {
        fs::remove_dir_all(path).unwrap();
    } else {
        fs::remove_file(path).unwrap();
    }
}

fn replace(root: &Path, file: &str, from: &str, to: &str) {
    let text = fs::read_to_string(root.join(file)).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(root.join(file), text.replacen(from, to, 1)).unwrap();
}

/// Cuts a file off in the middle.
fn halve(root: &Path, file: &str) {
    let bytes = fs::read(root.join(file)).unwrap();
    fs::write(root.join(file), &bytes[..bytes.len() / 2 + 64]).unwrap();
}

const ABSENT: &str = "1 of the";

fn check(damages: &[Damage]) {
    for (number, (make, damage, expected)) in damages.iter().enumerate() {
        let root = tempfile::tempdir().unwrap();
        make(root.path());
        read_sets(root.path()).unwrap();
        damage(root.path());
        let message = read_sets(root.path()).unwrap_err().to_string();
        for expected in *expected {
            assert!(message.contains(expected), "damage {number}: {message}");
        }
    }
}

#[test]
fn folders_and_text_lists() {
    let products: fn(&Path) = |root| miniature::products(root, "\n");
    let in_shop: fn(&Path) = |root| miniature::in_shop(root, "\r\n");
    let birds: fn(&Path) = |root| miniature::birds(root, "\n");
    let aircraft: fn(&Path) = |root| miniature::aircraft(root, "\n");
    check(&[
        (
            miniature::cub,
            |root| remove(root, "CUB_200_2011/images"),
            &["CUB_200_2011/images is missing", "NNN.Name"],
        ),
        (
            miniature::cub,
            |root| {
                remove(root, "CUB_200_2011/images/003.Owl");
                fs::create_dir(root.join("CUB_200_2011/images/003.Owl")).unwrap();
            },
            &["003.Owl holds no photo"],
        ),
        (
            products,
            |root| remove(root, "Stanford_Online_Products/Ebay_train.txt"),
            &["Ebay_train.txt is missing"],
        ),
        (
            products,
            |root| remove(root, "Stanford_Online_Products/Ebay_test.txt"),
            &["Ebay_test.txt is missing"],
        ),
        (
            products,
            |root| remove(root, "Stanford_Online_Products/lamp_final/21_1.JPG"),
            &[ABSENT, "Ebay_test.txt", "lamp_final/21_1.JPG"],
        ),
        (
            products,
            |root| {
                replace(
                    root,
                    "Stanford_Online_Products/Ebay_test.txt",
                    "4 3 1",
                    "4 three 1",
                )
            },
            &["Ebay_test.txt, line 2", "4 three 1", "CLASS"],
        ),
        (
            products,
            |root| {
                replace(
                    root,
                    "Stanford_Online_Products/Ebay_test.txt",
                    "4 3 1",
                    "4 1 1",
                )
            },
            &["class 1 is in Ebay_train.txt, too"],
        ),
        (
            in_shop,
            |root| remove(root, "Inshop_Clothes/Eval"),
            &["list_eval_partition.txt is missing", "In-Shop"],
        ),
        (
            in_shop,
            |root| remove(root, "Inshop_Clothes/Img"),
            &["3 of the 3 photos", "id_00000002/01_1_front.jpg"],
        ),
        (
            in_shop,
            |root| {
                replace(
                    root,
                    "Inshop_Clothes/Eval/list_eval_partition.txt",
                    "id_00000009 gallery",
                    "id_00000009 galery",
                )
            },
            &["line 11", "galery", "query"],
        ),
        (
            in_shop,
            |root| {
                replace(
                    root,
                    "Inshop_Clothes/Eval/list_eval_partition.txt",
                    "id_00000009 gallery",
                    "id_00000002 gallery",
                )
            },
            &["id_00000002 is in both halves"],
        ),
        (
            birds,
            |root| remove(root, "nabirds/images.txt"),
            &["nabirds/images.txt is missing"],
        ),
        (
            birds,
            |root| remove(root, "nabirds/image_class_labels.txt"),
            &["image_class_labels.txt is missing"],
        ),
        (
            birds,
            |root| remove(root, "nabirds/images/0817/0c3.jpg"),
            &[ABSENT, "images.txt", "0817/0c3.jpg"],
        ),
        (
            birds,
            |root| replace(root, "nabirds/image_class_labels.txt", "0c-3 817\n", ""),
            &["4 labels, but images.txt has 5"],
        ),
        (
            birds,
            |root| replace(root, "nabirds/image_class_labels.txt", "0c-3", "0x-3"),
            &["line 3", "0x-3", "images.txt"],
        ),
        (
            aircraft,
            |root| remove(root, "fgvc-aircraft-2013b/data/images_variant_test.txt"),
            &["images_variant_test.txt is missing"],
        ),
        (
            aircraft,
            |root| remove(root, "fgvc-aircraft-2013b/data/images/0400.jpg"),
            &[ABSENT, "data/images/0400.jpg"],
        ),
        (
            aircraft,
            |root| {
                replace(
                    root,
                    "fgvc-aircraft-2013b/data/images_variant_test.txt",
                    "0400 Yak-42",
                    "0400",
                )
            },
            &["line 1", "VARIANT"],
        ),
    ]);
}

#[test]
fn matlab_lists() {
    check(&[
        (
            miniature::cars,
            |root| remove(root, "cars196/cars_annos.mat"),
            &["cars_annos.mat is missing", "Cars-196"],
        ),
        (
            miniature::cars,
            |root| remove(root, "cars196/car_ims/000003.jpg"),
            &[ABSENT, "cars_annos.mat", "000003.jpg"],
        ),
        (
            miniature::cars,
            |root| halve(root, "cars196/cars_annos.mat"),
            &["cars_annos.mat", "is cut off"],
        ),
        (
            miniature::cars,
            |root| put_mat(root, "cars196/cars_annos.mat", "imagelabels.mat"),
            &["`annotations` is not a struct array", "it holds labels"],
        ),
        (
            miniature::cars,
            |root| put(root, "cars196/cars_annos.mat", "a web page"),
            &["no MATLAB file"],
        ),
        (
            miniature::cars,
            |root| {
                // A byte in the middle of the compressed variable.
                let file = root.join("cars196/cars_annos.mat");
                let mut bytes = fs::read(&file).unwrap();
                let middle = bytes.len() / 3;
                bytes[middle..middle + 40].fill(0xAA);
                fs::write(file, bytes).unwrap();
            },
            &["cars_annos.mat", "is damaged"],
        ),
        (
            miniature::dogs,
            |root| remove(root, "dogs/file_list.mat"),
            &["file_list.mat is missing"],
        ),
        (
            miniature::dogs,
            |root| put_mat(root, "dogs/file_list.mat", "file_list_short.mat"),
            &["8 files and 7 labels"],
        ),
        (
            miniature::dogs,
            |root| halve(root, "dogs/file_list.mat"),
            &["file_list.mat", "is cut off"],
        ),
        (
            miniature::dogs,
            |root| remove(root, "dogs/Images/n2-Breed_2/n2_0.jpg"),
            &[ABSENT, "n2-Breed_2/n2_0.jpg"],
        ),
        (
            miniature::flowers,
            |root| remove(root, "flowers/setid.mat"),
            &["setid.mat is missing"],
        ),
        (
            miniature::flowers,
            |root| remove(root, "flowers/imagelabels.mat"),
            &["imagelabels.mat is missing"],
        ),
        (
            miniature::flowers,
            |root| halve(root, "flowers/imagelabels.mat"),
            &["imagelabels.mat", "is cut off"],
        ),
        (
            miniature::flowers,
            |root| put_mat(root, "flowers/setid.mat", "setid_beyond.mat"),
            &["names photo 10", "imagelabels.mat has 9 labels"],
        ),
        (
            miniature::flowers,
            |root| remove(root, "flowers/jpg/image_00009.jpg"),
            &[ABSENT, "image_00009.jpg"],
        ),
    ]);
}
