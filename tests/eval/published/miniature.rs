//! Miniatures of the eight layouts. The photos hold nothing: the loaders look at names only.

use std::fs;
use std::path::Path;

/// Writes a file with the folders above it.
pub fn put(root: &Path, file: &str, content: impl AsRef<[u8]>) {
    let path = root.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// Copies a MATLAB file of `fixtures/`.
pub fn put_mat(root: &Path, file: &str, fixture: &str) {
    put(
        root,
        file,
        fs::read(format!("tests/eval/fixtures/{fixture}")).unwrap(),
    );
}

/// Five classes of two photos, one of them with a number that sorts as a number only.
pub fn cub(root: &Path, end_of_line: &str) {
    let mut list = String::new();
    for class in ["001.Auk", "002.Jay", "4.Wren", "003.Owl", "005.Tern"] {
        for photo in ["B_2", "A_1"] {
            put(
                root,
                &format!("CUB_200_2011/images/{class}/{photo}.jpg"),
                "",
            );
            list += &format!("1 {class}/{photo}.jpg{end_of_line}");
        }
    }
    put(root, "CUB_200_2011/images/001.Auk/._A_1.jpg", "of a Mac");
    put(root, "CUB_200_2011/images.txt", list);
}

/// The photos of `cars_annos.mat`.
pub fn cars(root: &Path) {
    put_mat(root, "cars196/cars_annos.mat", "cars_annos.mat");
    for photo in 1..=8 {
        put(root, &format!("cars196/car_ims/{photo:06}.jpg"), "");
    }
    put(root, "cars196/car_ims/999999.jpg", "no list has it");
}

/// Two classes that train and one that does not, whose numbers go on.
pub fn products(root: &Path, end_of_line: &str) {
    let list = |rows: &[(u32, u32, &str)]| {
        let mut text = format!("image_id class_id super_class_id path{end_of_line}");
        for (photo, class, path) in rows {
            put(root, &format!("Stanford_Online_Products/{path}"), "");
            text += &format!("{photo} {class} 1 {path}{end_of_line}");
        }
        text
    };
    let train = list(&[
        (1, 1, "bicycle_final/11_0.JPG"),
        (2, 1, "bicycle_final/11_1.JPG"),
        (3, 2, "bicycle_final/12_0.JPG"),
    ]);
    let test = list(&[(4, 3, "lamp_final/21_1.JPG"), (5, 3, "lamp_final/21_0.JPG")]);
    put(root, "Stanford_Online_Products/Ebay_train.txt", train);
    put(root, "Stanford_Online_Products/Ebay_test.txt", test);
}

/// Path, item and part of each photo; item 7 has two queries and item 9 is in the gallery only.
pub const IN_SHOP: [(&str, &str, &str); 9] = [
    (
        "img/WOMEN/Tees/id_00000002/01_1_front.jpg",
        "id_00000002",
        "train",
    ),
    (
        "img/WOMEN/Tees/id_00000002/01_2_side.jpg",
        "id_00000002",
        "train",
    ),
    (
        "img/MEN/Denim/id_00000010/01_1_front.jpg",
        "id_00000010",
        "train",
    ),
    (
        "img/WOMEN/Tees/id_00000007/01_1_front.jpg",
        "id_00000007",
        "query",
    ),
    (
        "img/WOMEN/Tees/id_00000007/01_2_side.jpg",
        "id_00000007",
        "gallery",
    ),
    (
        "img/WOMEN/Tees/id_00000007/02_1_front.jpg",
        "id_00000007",
        "query",
    ),
    (
        "img/MEN/Denim/id_00000008/01_1_front.jpg",
        "id_00000008",
        "gallery",
    ),
    (
        "img/MEN/Denim/id_00000008/01_2_side.jpg",
        "id_00000008",
        "query",
    ),
    (
        "img/MEN/Denim/id_00000009/01_1_front.jpg",
        "id_00000009",
        "gallery",
    ),
];

pub fn in_shop(root: &Path, end_of_line: &str) {
    let mut text = format!(
        "{}{end_of_line}image_name   item_id   evaluation_status{end_of_line}",
        IN_SHOP.len()
    );
    for (path, item, part) in IN_SHOP {
        put(root, &format!("Inshop_Clothes/Img/{path}"), "");
        text += &format!("{path}    {item} {part}  {end_of_line}");
    }
    put(root, "Inshop_Clothes/Eval/list_eval_partition.txt", text);
}

/// Three classes, whose numbers sort as numbers, in a list that is not sorted.
pub fn birds(root: &Path, end_of_line: &str) {
    let (mut images, mut labels) = (String::new(), String::new());
    for (photo, class) in [
        ("0a-1", 1010),
        ("0b-2", 295),
        ("0c-3", 817),
        ("0d-4", 295),
        ("0e-5", 1010),
    ] {
        let path = format!("{class:04}/{}.jpg", photo.replace('-', ""));
        put(root, &format!("nabirds/images/{path}"), "");
        images += &format!("{photo} {path}{end_of_line}");
        labels.insert_str(0, &format!("{photo} {class}{end_of_line}"));
    }
    put(root, "nabirds/images.txt", images);
    put(root, "nabirds/image_class_labels.txt", labels);
}

/// The photos of `file_list.mat`.
pub fn dogs(root: &Path) {
    put_mat(root, "dogs/file_list.mat", "file_list.mat");
    for breed in 1..=4 {
        for photo in 0..2 {
            let file = format!("dogs/Images/n{breed}-Breed_{breed}/n{breed}_{photo}.jpg");
            put(root, &file, "");
        }
    }
}

/// The photos of `imagelabels.mat`.
pub fn flowers(root: &Path) {
    put_mat(root, "flowers/imagelabels.mat", "imagelabels.mat");
    put_mat(root, "flowers/setid.mat", "setid.mat");
    for photo in 1..=9 {
        put(root, &format!("flowers/jpg/image_{photo:05}.jpg"), "");
    }
}

/// Four variants, one with a space, one in both lists.
pub fn aircraft(root: &Path, end_of_line: &str) {
    let list = |rows: &[(&str, &str)]| {
        let mut text = String::new();
        for (photo, variant) in rows {
            put(
                root,
                &format!("fgvc-aircraft-2013b/data/images/{photo}.jpg"),
                "",
            );
            text += &format!("{photo} {variant}{end_of_line}");
        }
        text
    };
    let trainval = list(&[
        ("0300", "Cessna 172"),
        ("0100", "707-320"),
        ("0200", "A310"),
    ]);
    let test = list(&[("0400", "Yak-42"), ("0050", "Cessna 172"), ("0060", "A310")]);
    let data = "fgvc-aircraft-2013b/data";
    put(
        root,
        &format!("{data}/images_variant_trainval.txt"),
        trainval,
    );
    put(root, &format!("{data}/images_variant_test.txt"), test);
}

/// All eight.
pub fn all(root: &Path, end_of_line: &str) {
    cub(root, end_of_line);
    cars(root);
    products(root, end_of_line);
    in_shop(root, end_of_line);
    birds(root, end_of_line);
    dogs(root);
    flowers(root);
    aircraft(root, end_of_line);
}
