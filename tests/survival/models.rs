//! Several models side by side, on the command line.
use super::{draw, indexed, key, library_file, places, tiny, write_model};
use crate::cli::{Place, errors};
use puma::settings::Settings;
use std::path::PathBuf;

/// Writes another model beside the first one.
fn other(place: &Place) -> PathBuf {
    let path = place.folder.path().join("other.safetensors");
    write_model(&path, 3.0);
    path
}

#[test]
fn another_model_embeds_beside_the_first_one_which_goes_on_answering() {
    let place = indexed(10);
    let (first, second) = (tiny(&place), other(&place));
    let ask = |model: &PathBuf| {
        let found = place.json(&[
            "search",
            "photos/even/0004.png",
            "-k",
            "10",
            "--json",
            "--model",
            model.to_str().unwrap(),
        ]);
        found["hits"].clone()
    };
    let before = ask(&first);
    let with = second.to_str().unwrap();
    let said = place.done(&["index", "photos", "--model", with]);
    assert!(
        said.starts_with("10 photos found: 10 embedded, 0 unchanged"),
        "{said}"
    );
    assert_eq!(ask(&first), before);
    assert_ne!(ask(&second), before);
    // Going back embeds nothing.
    let said = place.done(&["index", "photos"]);
    assert!(
        said.starts_with("10 photos found: 0 embedded, 10 unchanged"),
        "{said}"
    );

    let models = place.json(&["models", "--json"]);
    let models = models["models"].as_array().unwrap();
    assert_eq!(models.len(), 2);
    for model in models {
        assert_eq!(model["embedded"], 10);
        // 32 values and 20 similarities of 4 bytes each.
        assert_eq!(model["bytes"], 10 * 52 * 4);
        assert_eq!(model["in_use"], model["model"] == key(&first).to_string());
    }
}

#[test]
fn what_an_old_model_said_can_be_removed_and_nothing_else_is() {
    let place = indexed(10);
    let second = other(&place);
    place.done(&["index", "photos", "--model", second.to_str().unwrap()]);
    let graph = [
        "search",
        "photos/even/0004.png",
        "--index",
        "hnsw",
        "--model",
        second.to_str().unwrap(),
    ];
    place.done(&graph);
    let (kept, gone) = (key(&tiny(&place)).to_string(), key(&second).to_string());
    let listed = place.done(&["models"]);
    assert!(
        listed.contains(&format!("{kept}  10 photos, 0.0 MB, in use")),
        "{listed}"
    );
    let complaint = place.refused(&["models", "--forget", &kept]);
    assert!(complaint.contains("is the model in use"), "{complaint}");
    let complaint = place.refused(&["models", "--forget", "nothing"]);
    assert!(complaint.contains("`puma models` shows all"), "{complaint}");
    let said = place.done(&["models", "--forget", &gone[..8]]);
    assert!(said.contains("10 photos"), "{said}");
    assert_eq!(
        place.json(&["models", "--json"])["models"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let said = place.done(&["index", "photos"]);
    assert!(
        said.starts_with("10 photos found: 0 embedded, 10 unchanged"),
        "{said}"
    );
    super::is_whole(&library_file(&place));
}

/// The settings name a model that has not embedded all photos, and the one before it.
#[test]
fn the_model_before_answers_until_the_one_in_the_settings_has_embedded_all() {
    let place = indexed(10);
    let (first, second) = (tiny(&place), other(&place));
    let ask = || place.run(&["search", "photos/even/0004.png", "-k", "10"]);
    let before = ask().stdout;
    let settings = Settings {
        model: Some(second),
        former_model: Some(first),
        ..Settings::default()
    };
    settings.save(&places(&place)).unwrap();
    let answer = ask();
    assert_eq!(answer.stdout, before);
    let said = errors(&answer);
    assert!(
        said.contains("the model before answers") && said.contains("10 photos to embed"),
        "{said}"
    );
    place.done(&["index", "photos"]);
    let answer = ask();
    assert_ne!(answer.stdout, before);
    assert_eq!(errors(&answer), "");
}

#[test]
fn the_model_that_answers_for_the_one_in_the_settings_is_not_removed() {
    let place = indexed(4);
    let (first, second) = (tiny(&place), other(&place));
    let before = key(&first).to_string();
    let settings = Settings {
        model: Some(second),
        former_model: Some(first),
        ..Settings::default()
    };
    settings.save(&places(&place)).unwrap();
    let complaint = place.refused(&["models", "--forget", &before]);
    assert!(
        complaint.contains("answers until") && complaint.contains("run `puma index` first"),
        "{complaint}"
    );
    place.done(&["index", "photos"]);
    let said = place.done(&["models", "--forget", &before]);
    assert!(said.contains("4 photos"), "{said}");
}

/// On the way from one model to another, and the file of the one before is gone.
#[test]
fn where_the_model_before_is_gone_the_one_in_the_settings_answers_with_what_it_has() {
    let place = indexed(10);
    let (first, second) = (tiny(&place), other(&place));
    let with = second.to_str().unwrap();
    let settings = Settings {
        model: Some(second.clone()),
        former_model: Some(first.clone()),
        ..Settings::default()
    };
    settings.save(&places(&place)).unwrap();
    std::fs::remove_file(&first).unwrap();
    // It has embedded nothing yet: there is no answer, and a way out.
    let output = place.run(&["search", "photos/even/0004.png"]);
    let said = errors(&output);
    assert!(!output.status.success());
    assert!(
        said.contains("the model before cannot be loaded") && said.contains("tiny.safetensors"),
        "{said}"
    );
    assert!(said.contains("run `puma index`"), "{said}");
    place.done(&["index", "photos", "--model", with]);
    // As if the run had been killed before its end.
    let catalogue = rusqlite::Connection::open(library_file(&place)).unwrap();
    catalogue
        .execute(
            "DELETE FROM embedding WHERE photo IN (SELECT id FROM photo ORDER BY id DESC LIMIT 3)
             AND model = (SELECT id FROM model WHERE key = ?1)",
            [key(&second).to_string()],
        )
        .unwrap();
    let output = place.run(&["search", "photos/even/0004.png", "-k", "10", "--json"]);
    let said = errors(&output);
    assert!(output.status.success(), "{said}");
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["hits"].as_array().unwrap().len(), 7);
    assert!(
        said.contains("answers with what it has embedded so far")
            && said.contains("3 photos are not embedded with this model yet"),
        "{said}"
    );
}

/// A folder that is away, and has not been looked at by the model in the settings, holds nothing up.
#[test]
fn a_folder_that_is_away_keeps_no_model_from_answering() {
    let place = indexed(10);
    let (first, second) = (tiny(&place), other(&place));
    let drive = place.folder.path().join("drive");
    for seed in 20..23 {
        crate::pictures::draw(&drive.join(format!("{seed}.png")), seed, super::SIDE_PX);
    }
    place.done(&["index", "drive"]);
    let settings = Settings {
        model: Some(second.clone()),
        former_model: Some(first),
        ..Settings::default()
    };
    settings.save(&places(&place)).unwrap();
    std::fs::rename(&drive, place.folder.path().join("away")).unwrap();
    place.done(&["index"]);
    let output = place.run(&["search", "photos/even/0004.png", "-k", "20", "--json"]);
    let said = errors(&output);
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["hits"].as_array().unwrap().len(), 10);
    assert!(
        !said.contains("the model before") && said.contains("3 photos are not embedded"),
        "{said}"
    );
    std::fs::rename(place.folder.path().join("away"), &drive).unwrap();
    // It is there again: until it is looked at, the model before knows more.
    let said = errors(&place.run(&["search", "photos/even/0004.png"]));
    assert!(said.contains("the model before answers"), "{said}");
    place.done(&["index"]);
    let output = place.run(&["search", "photos/even/0004.png", "-k", "20", "--json"]);
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["hits"].as_array().unwrap().len(), 13);
    assert_eq!(errors(&output), "");
}

/// A run with the new model that was stopped half way goes on where it was, whichever model ran between.
#[test]
fn each_model_goes_on_where_it_was() {
    let place = indexed(6);
    let second = other(&place);
    let with = second.to_str().unwrap();
    place.done(&["index", "photos", "--model", with]);
    draw(&place, 6..9);
    let said = place.done(&["index", "photos"]);
    assert!(
        said.starts_with("9 photos found: 3 embedded, 6 unchanged"),
        "{said}"
    );
    let said = place.done(&["index", "photos", "--model", with]);
    assert!(
        said.starts_with("9 photos found: 3 embedded, 6 unchanged"),
        "{said}"
    );
}
