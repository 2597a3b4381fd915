//! What a benchmark makes of its photos: queries and galleries, sets left out, photos that cannot be read.

use super::{bench, outcome};
use crate::train::run::photos;
use puma::train::TrainConfig;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const FROZEN: &str = "[[methods]]\nname = 'Frozen backbone'\nbackbone = true\n";

const TRAINING: &str = r#"
[training]
passes = 2
batch = 5
chunk = 3
rank = 4
width = 16
pool_size = 6
prompt_length = 2
crop_px = 64
threads = 1
validation = 0.0
"#;

/// In-Shop's layout with two items that train and two of three queries and three gallery photos each.
fn in_shop(root: &Path) {
    let drawn = TempDir::new().unwrap();
    photos(drawn.path(), 4);
    let mut list = "24\nimage_name item_id evaluation_status\n".to_owned();
    for item in 0..4 {
        for photo in 0..6 {
            let part = match (item < 2, photo % 2) {
                (true, _) => "train",
                (false, 0) => "query",
                (false, _) => "gallery",
            };
            let path = format!("img/{part}/{item}_{photo}.png");
            let file = root.join("Inshop_Clothes/Img").join(&path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            let from = drawn
                .path()
                .join(format!("set0/class{item:02}/{photo}.png"));
            fs::copy(from, file).unwrap();
            list += &format!("{path} id_{:08} {part}\n", item + 1);
        }
    }
    let eval = root.join("Inshop_Clothes/Eval");
    fs::create_dir_all(&eval).unwrap();
    fs::write(eval.join("list_eval_partition.txt"), list).unwrap();
}

#[test]
fn in_shops_queries_ask_and_its_gallery_answers() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("photos");
    photos(&root, 4);
    in_shop(&root);
    let comparison = bench(folder.path(), FROZEN, usize::MAX).unwrap().0.unwrap();
    let lies_in = |path: &Path, part: &str| path.iter().any(|name| name == part);
    let [grid] = &comparison.grids[..] else {
        panic!("{:?}", comparison.grids)
    };
    let shop: Vec<_> = grid
        .rows
        .iter()
        .filter(|row| row.set == "Inshop_Clothes")
        .collect();
    assert_eq!(shop.len(), 2);
    assert!(shop.iter().all(|row| lies_in(&row.query, "query")));
    for row in &grid.rows {
        let mut shown = row.neighbours.iter();
        assert!(
            shown.all(|neighbour| !lies_in(&neighbour.photo, "query")),
            "{row:?}"
        );
    }
    let out = folder.path().join("out");
    for name in ["report.md", "report.html"] {
        let report = fs::read_to_string(out.join(name)).unwrap();
        assert!(
            report.contains(
                "each photo asking all others of its set, the 6 queries of Inshop_Clothes asking its gallery of 6 photos;"
            ),
            "{name}"
        );
    }
}

#[test]
fn sets_to_leave_out_are_taken_from_those_of_the_benchmark() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("photos");
    photos(&root, 4);
    // A third set, outside of the benchmark.
    let more = folder.path().join("more");
    photos(&more, 4);
    fs::rename(more.join("set0"), root.join("set2")).unwrap();
    let text = |without: &str| {
        format!(
            "sets = ['set0', 'set1']\n{TRAINING}\n[[methods]]\nname = 'Linear'\n\
             training = {{ method = 'linear', without = {without} }}\n"
        )
    };
    bench(folder.path(), &text("['set1']"), usize::MAX).unwrap();
    let run = folder.path().join("out/linear/seed-0/run/config.toml");
    let config = TrainConfig::read(&run).unwrap();
    assert_eq!(config.only, ["set0"]);
    assert!(config.without.is_empty());
    for (without, part) in [
        ("['set2']", "set0, set1"),
        ("['set0', 'set1']", "training Linear"),
    ] {
        let error = bench(folder.path(), &text(without), usize::MAX).unwrap_err();
        assert!(error.contains(part), "{without}: {error}");
    }
}

#[test]
fn photos_that_cannot_be_read_are_counted_and_named() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("photos");
    photos(&root, 4);
    fs::write(root.join("set0/class00/broken.png"), "no picture").unwrap();
    fs::write(root.join("set0/class02/test.png"), "no picture").unwrap();
    fs::write(root.join("set1/class03/other.png"), "no picture").unwrap();
    let text = format!("{TRAINING}\n{FROZEN}\n[[methods]]\nname = 'PUMA'\n");
    let (outcome, heard) = outcome(folder.path(), &text, &[], usize::MAX);
    assert_eq!(heard.unread, ["test.png", "other.png"].repeat(2));
    let methods = &outcome.comparison.methods;
    let unread = |method: usize| {
        let run = &methods[method].seeds[0];
        (run.unread_training_photos, run.unread_test_photos)
    };
    // The broken training photo is met in every pass and counted once.
    assert_eq!((unread(0), unread(1)), ((0, 2), (1, 2)));
    let out = folder.path().join("out");
    for name in ["report.md", "report.html"] {
        let report = fs::read_to_string(out.join(name)).unwrap();
        for note in [
            "Frozen backbone: 2 photos could not be read (0 to train on, 2 to test).",
            "PUMA: 3 photos could not be read (1 to train on, 2 to test).",
        ] {
            assert!(report.contains(note), "{name}: {note}");
        }
    }
    let json = fs::read_to_string(out.join("report.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["methods"][1]["seeds"][0]["unread_training_photos"], 1);
}
