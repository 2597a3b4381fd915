//! What is read from each layout, and how it is split.

use super::miniature;
use puma::eval::{Part, PhotoSet, Role, read_sets};
use puma::train::{TrainConfig, TrainingData};
use std::path::Path;

/// A set's classes with their photos below its folder.
fn told(set: &PhotoSet, root: &Path) -> Vec<(String, Vec<String>)> {
    let folder = root.join(&set.name);
    let below = |file: &Path| {
        let file = file.strip_prefix(&folder).unwrap();
        file.to_str().unwrap().replace('\\', "/")
    };
    let classes = set.classes.iter().map(|class| {
        let files = class.files.iter().map(|file| below(file));
        (class.name.clone(), files.collect())
    });
    classes.collect()
}

/// The names of a part's classes.
fn names(set: &PhotoSet, part: Part) -> Vec<String> {
    let classes = set.part(part).classes;
    classes.into_iter().map(|class| class.name).collect()
}

fn class(name: &str, files: &[&str]) -> (String, Vec<String>) {
    let files = files.iter().map(|&file| file.to_owned());
    (name.to_owned(), files.collect())
}

#[test]
fn all_eight_are_read_beside_folders_of_classes() {
    let root = tempfile::tempdir().unwrap();
    miniature::all(root.path(), "\n");
    for photo in ["moss/1", "moss/2", "fern/1"] {
        miniature::put(root.path(), &format!("plants/{photo}.jpg"), "");
    }
    let sets = read_sets(root.path()).unwrap();
    let found = sets.iter().map(|set| set.name.as_str()).collect::<Vec<_>>();
    let expected = [
        "CUB_200_2011",
        "Inshop_Clothes",
        "Stanford_Online_Products",
        "cars196",
        "dogs",
        "fgvc-aircraft-2013b",
        "flowers",
        "nabirds",
        "plants",
    ];
    assert_eq!(found, expected);
    let told = sets
        .iter()
        .map(|set| told(set, root.path()))
        .collect::<Vec<_>>();
    let halves = sets.iter().map(|set| {
        let [train, test] = [Part::Train, Part::Test].map(|part| names(set, part));
        assert_eq!([train.clone(), test].concat(), names(set, Part::All));
        train.len()
    });
    assert_eq!(halves.collect::<Vec<_>>(), [2, 2, 2, 2, 2, 2, 2, 2, 1]);

    let cub = ["001.Auk", "002.Jay", "003.Owl", "4.Wren", "005.Tern"].map(|name| {
        let files = ["A_1", "B_2"].map(|photo| format!("images/{name}/{photo}.jpg"));
        (name.to_owned(), files.to_vec())
    });
    assert_eq!(told[0], cub);
    let cars = [
        class(
            "001 Acme Wagon",
            &["car_ims/000007.jpg", "car_ims/000008.jpg"],
        ),
        class(
            "002 Béta Coupé 2001",
            &["car_ims/000005.jpg", "car_ims/000006.jpg"],
        ),
        class("003 Gamma", &["car_ims/000003.jpg", "car_ims/000004.jpg"]),
        class(
            "004 Delta Van",
            &["car_ims/000001.jpg", "car_ims/000002.jpg"],
        ),
    ];
    assert_eq!(told[3], cars);
    let products = [
        class("1", &["bicycle_final/11_0.JPG", "bicycle_final/11_1.JPG"]),
        class("2", &["bicycle_final/12_0.JPG"]),
        class("3", &["lamp_final/21_0.JPG", "lamp_final/21_1.JPG"]),
    ];
    assert_eq!(told[2], products);
    let breeds = (1..5).map(|breed| {
        let files =
            [0, 1].map(|photo| format!("Images/n{breed}-Breed_{breed}/n{breed}_{photo}.jpg"));
        (format!("{breed:03} n{breed}-Breed_{breed}"), files.to_vec())
    });
    assert_eq!(told[4], breeds.collect::<Vec<_>>());
    let aircraft = [
        class("707-320", &["data/images/0100.jpg"]),
        class("A310", &["data/images/0060.jpg", "data/images/0200.jpg"]),
        class(
            "Cessna 172",
            &["data/images/0050.jpg", "data/images/0300.jpg"],
        ),
        class("Yak-42", &["data/images/0400.jpg"]),
    ];
    assert_eq!(told[5], aircraft);
    let flowers = [
        ("001", vec![3, 4]),
        ("002", vec![5]),
        ("003", vec![6, 9]),
        ("004", vec![7, 8]),
        ("005", vec![1, 2]),
    ];
    let flowers = flowers.map(|(name, photos)| {
        let files = photos
            .iter()
            .map(|photo| format!("jpg/image_{photo:05}.jpg"));
        (name.to_owned(), files.collect())
    });
    assert_eq!(told[6], flowers);
    // Rounded up: two of three classes train.
    let birds = [
        class("295", &["images/0295/0b2.jpg", "images/0295/0d4.jpg"]),
        class("817", &["images/0817/0c3.jpg"]),
        class("1010", &["images/1010/0a1.jpg", "images/1010/0e5.jpg"]),
    ];
    assert_eq!(told[7], birds);
}

#[test]
fn cub_is_split_by_the_numbers_of_its_classes() {
    let root = tempfile::tempdir().unwrap();
    let folder = |number: u32| format!("CUB_200_2011/images/{number:03}.Bird");
    for number in 1..=200 {
        miniature::put(root.path(), &format!("{}/1.jpg", folder(number)), "");
    }
    let set = read_sets(root.path()).unwrap().remove(0);
    let [train, test] = [Part::Train, Part::Test].map(|part| names(&set, part));
    assert_eq!((train.len(), test.len()), (100, 100));
    assert_eq!(
        (train[99].as_str(), test[0].as_str()),
        ("100.Bird", "101.Bird")
    );

    // One folder less would have moved a class over, be it in the middle or the last.
    for (missing, told) in [(200, "in it: 200.*"), (7, "in it: 007.*, 200.*")] {
        std::fs::remove_dir_all(root.path().join(folder(missing))).unwrap();
        let message = read_sets(root.path()).unwrap_err().to_string();
        for told in ["CUB_200_2011/images: ", "001.* to 200.*", told] {
            assert!(message.contains(told), "{told}: {message}");
        }
    }
    for number in (8..40).chain(41..200) {
        std::fs::remove_dir_all(root.path().join(folder(number))).unwrap();
    }
    let message = read_sets(root.path()).unwrap_err().to_string();
    assert!(
        message.contains("33 of the class folders 001.* to 040.*"),
        "{message}"
    );
    assert!(message.contains("014.*, ..."), "{message}");
}

#[test]
fn cub_without_its_list_is_what_lies_there() {
    let root = tempfile::tempdir().unwrap();
    miniature::cub(root.path(), "\n");
    let listed = read_sets(root.path()).unwrap();
    std::fs::remove_file(root.path().join("CUB_200_2011/images.txt")).unwrap();
    assert_eq!(read_sets(root.path()).unwrap(), listed);
    assert_eq!(names(&listed[0], Part::Train), ["001.Auk", "002.Jay"]);
    // The list decides.
    miniature::put(root.path(), "CUB_200_2011/images/001.Auk/C_3.jpg", "");
    miniature::cub(root.path(), "\n");
    assert_eq!(read_sets(root.path()).unwrap(), listed);
}

#[test]
fn in_shop_keeps_queries_and_gallery_apart() {
    let root = tempfile::tempdir().unwrap();
    miniature::in_shop(root.path(), "\n");
    let set = read_sets(root.path()).unwrap().remove(0);
    assert_eq!(names(&set, Part::Train), ["id_00000002", "id_00000010"]);
    let test = set.part(Part::Test);
    assert_eq!(
        names(&test, Part::All),
        ["id_00000007", "id_00000008", "id_00000009"]
    );
    assert_eq!(names(&test, Part::Test).len(), 3);
    for (path, _, part) in miniature::IN_SHOP {
        let expected = match part {
            "query" => Role::Query,
            "gallery" => Role::Gallery,
            _ => Role::Both,
        };
        let file = root.path().join("Inshop_Clothes/Img").join(path);
        assert_eq!(test.role(&file), expected, "{path}");
        assert_eq!(set.role(&file), expected, "{path}");
    }
    assert_eq!((set.photos(), test.photos()), (9, 6));
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_change_nothing() {
    let [unix, windows] = ["\n", "\r\n"].map(|end_of_line| {
        let root = tempfile::tempdir().unwrap();
        miniature::all(root.path(), end_of_line);
        if end_of_line == "\r\n" {
            let list = root.path().join("nabirds/images.txt");
            let text = std::fs::read_to_string(&list).unwrap();
            std::fs::write(&list, format!("\u{feff}{text}\r\n")).unwrap();
            miniature::put_mat(
                root.path(),
                "cars196/cars_annos.mat",
                "cars_annos_plain.mat",
            );
        }
        let sets = read_sets(root.path()).unwrap();
        let all = sets.iter().map(|set| told(set, root.path()));
        all.collect::<Vec<_>>()
    });
    assert_eq!(unix, windows);
}

#[test]
fn a_folder_of_classes_may_have_a_published_name() {
    let root = tempfile::tempdir().unwrap();
    for file in [
        "flowers/rose/1.jpg",
        "flowers/aster/1.jpg",
        "dogs/poodle/1.jpg",
        "nabirds/auk/1.jpg",
        "cars196/van/1.jpg",
    ] {
        miniature::put(root.path(), file, "");
    }
    let sets = read_sets(root.path()).unwrap();
    assert!(sets.iter().all(|set| set.official.is_none()));
    assert_eq!(names(&sets[2], Part::All), ["aster", "rose"]);
}

#[test]
fn training_takes_the_official_halves() {
    let root = tempfile::tempdir().unwrap();
    miniature::all(root.path(), "\n");
    let config = TrainConfig {
        validation: 0.0,
        ..TrainConfig::default()
    };
    let data = TrainingData::read(root.path(), &config).unwrap();
    assert_eq!(data.classes.len(), 16);
    for class in [
        "CUB_200_2011/002.Jay",
        "Inshop_Clothes/id_00000010",
        "Stanford_Online_Products/2",
        "fgvc-aircraft-2013b/A310",
        "nabirds/817",
    ] {
        assert!(data.classes.iter().any(|known| known == class), "{class}");
    }
    let trained = |name: &str| {
        data.samples
            .iter()
            .any(|sample| sample.path.ends_with(name))
    };
    assert!(trained("01_2_side.jpg") && !trained("id_00000007/01_2_side.jpg"));
    assert!(trained("car_ims/000005.jpg") && !trained("car_ims/000001.jpg"));
    assert_eq!(data.samples.len(), 4 + 3 + 3 + 4 + 4 + 3 + 3 + 3);
}
