//! In-Shop's queries against its gallery, in a report and through `puma eval`.

use super::miniature;
use puma::eval::{Matrix, Role, SetEmbeddings, report};
use std::path::Path;
use std::process::{Command, Output};

/// `puma eval` of all sets below a folder.
fn eval(root: &Path, options: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_puma"))
        .args(["eval", "--device", "cpu", "--data"])
        .arg(root)
        .args(options)
        .env_remove("RUST_LOG")
        .output()
        .unwrap()
}

fn set(name: &str, rows: &[([f32; 2], u32, Role)]) -> SetEmbeddings {
    let mut embeddings = Matrix::new(2);
    let mut similarities = Matrix::new(1);
    for (row, _, role) in rows {
        let length = row[0].hypot(row[1]);
        embeddings.push(&row.map(|value| value / length)).unwrap();
        let similarity = if role.asks() { 1.0 } else { -1.0 };
        similarities.push(&[similarity]).unwrap();
    }
    SetEmbeddings {
        name: name.to_owned(),
        embeddings,
        labels: rows.iter().map(|(_, label, _)| *label).collect(),
        roles: rows.iter().map(|(.., role)| *role).collect(),
        similarities,
    }
}

/// Two queries of one item lie beside each other, and would find each other if queries were in the gallery.
fn shop() -> SetEmbeddings {
    set(
        "shop",
        &[
            ([1.0, 0.0], 0, Role::Query),
            ([1.0, 0.01], 0, Role::Query),
            ([0.0, 1.0], 0, Role::Gallery),
            ([1.0, 0.3], 1, Role::Gallery),
            ([1.0, 0.35], 1, Role::Query),
        ],
    )
}

#[test]
fn queries_meet_the_gallery_only() {
    let alone = report(&[shop()]).unwrap();
    let figures = &alone.sets["shop"];
    assert_eq!(
        (figures.metrics.queries, figures.gallery, figures.classes),
        (3, 2, 2)
    );
    // The queries of item 0 meet item 1 first; that of item 1 meets its own.
    assert_eq!(figures.metrics.recall_at[..2], [1.0 / 3.0, 1.0]);
    assert_eq!(alone.unified, figures.metrics);
    // Figure 3 is of queries.
    assert_eq!(alone.profiles[0].mean, [1.0]);
    let table = alone.to_string();
    assert!(
        table.contains("3 queries against a gallery of 2 other photos"),
        "{table}"
    );
}

#[test]
fn in_one_gallery_queries_are_found_by_nobody() {
    let both = Role::Both;
    let other = set(
        "other",
        &[
            ([1.0, 0.001], 0, both),
            ([1.0, -0.5], 0, both),
            ([-1.0, 0.0], 1, both),
            ([-1.0, 0.1], 1, both),
        ],
    );
    let report = report(&[shop(), other]).unwrap();
    // Each set by itself.
    assert_eq!(report.sets["shop"].metrics.recall_at_1(), 1.0 / 3.0);
    assert_eq!(report.sets["other"].metrics.recall_at_1(), 1.0);
    assert_eq!(report.sets["other"].gallery, 4);
    // All seven ask six. Queries of item 0 meet "other" first: missed; that of item 1 is right. The first of "other"
    // would meet the two queries of the shop, but they are in no gallery; it meets the shop's photo of item 1 before its
    // own, (1, -0.5): missed. That one meets the first of "other": right. The last two meet each other.
    assert_eq!(report.unified.queries, 7);
    assert_eq!(report.unified.recall_at_1(), 4.0 / 7.0);
}

#[test]
fn roles_that_do_not_fit_are_refused() {
    let mut set = shop();
    set.roles.pop();
    assert!(report(&[set]).unwrap_err().to_string().contains("roles"));
    let mut set = shop();
    set.roles.fill(Role::Query);
    let message = report(&[set]).unwrap_err().to_string();
    assert!(
        message.contains("shop") && message.contains("gallery"),
        "{message}"
    );
}

#[test]
fn the_command_measures_a_published_set() {
    let root = tempfile::tempdir().unwrap();
    miniature::in_shop(root.path(), "\r\n");
    // Photos of an item are alike; a file's name need not fit its content.
    for (path, item, _) in miniature::IN_SHOP {
        let photo = match item {
            "id_00000007" => "chelsea",
            "id_00000009" => "coffee",
            _ => "rocket",
        };
        let photo = std::fs::read(format!("tests/golden/photos/{photo}.png")).unwrap();
        miniature::put(root.path(), &format!("Inshop_Clothes/Img/{path}"), photo);
    }
    let json = root.path().join("out.json");
    let output = eval(root.path(), &["--json", json.to_str().unwrap()]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    let json: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(json).unwrap()).unwrap();
    let set = &json["sets"]["Inshop_Clothes"];
    assert_eq!((&set["queries"], &set["gallery"]), (&3.into(), &3.into()));
    assert_eq!(json["unified"]["queries"], 3);
    // Both queries of item 7 find its photo, and that of item 8 its own.
    assert_eq!(set["R@1"], 1.0);

    std::fs::remove_file(
        root.path()
            .join("Inshop_Clothes/Eval/list_eval_partition.txt"),
    )
    .unwrap();
    let output = eval(root.path(), &[]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(
        stderr.contains("list_eval_partition.txt is missing"),
        "{stderr}"
    );
}

#[test]
fn a_published_name_with_another_layout_is_told() {
    let root = tempfile::tempdir().unwrap();
    for folder in ["cars_train", "cars_test"] {
        miniature::put(root.path(), &format!("cars196/{folder}/00001.jpg"), "");
    }
    miniature::put(root.path(), "flowers/rose/00001.jpg", "");
    // Ends before a model is loaded.
    let output = eval(root.path(), &["--sets", "none"]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{stderr}");
    for told in [
        "cars196: read as SET/CLASS",
        "Cars-196: cars_annos.mat, car_ims not found",
        "the sets are cars196",
    ] {
        assert!(stderr.contains(told), "{told}: {stderr}");
    }
    // An ordinary word may be anybody's set.
    assert!(!stderr.contains("Flowers-102"), "{stderr}");
}
