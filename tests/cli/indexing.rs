//! `puma index`, `puma status`, `puma prompts` and `puma forget`.
use super::{Place, errors, text};
use std::fs;

#[test]
fn indexing_counts_what_it_did_and_names_what_it_could_not_read() {
    let place = Place::with_damage();
    let output = place.run(&["index", "photos"]);
    assert!(output.status.success(), "{}", errors(&output));
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(
        said.starts_with("10 photos found: 9 embedded, 0 unchanged, 1 could not be read"),
        "{said}"
    );
    let complaint = errors(&output);
    assert!(
        complaint.contains("rings/broken.jpg") && complaint.contains("truncated"),
        "{complaint}"
    );

    let again = place.run(&["index", "photos"]);
    let said = String::from_utf8(again.stdout).unwrap();
    assert!(
        said.starts_with("10 photos found: 0 embedded, 9 unchanged, 1 still"),
        "{said}"
    );
}

#[test]
fn status_says_what_the_library_holds() {
    let place = Place::with_damage();
    let nothing = place.json(&["status", "--json"]);
    assert_eq!(nothing["photos"], 0);
    assert!(place.done(&["status"]).contains("no library yet"));
    place.done(&["index", "photos"]);
    let status = place.json(&["status", "--json"]);
    for (key, value) in [
        ("photos", 10),
        ("embedded", 9),
        ("failed", 1),
        ("pending", 0),
    ] {
        assert_eq!(status[key], value, "{key}");
    }
    assert_eq!(status["roots"][0]["path"], text(&place.photos()));
    assert_eq!(status["domains"][1]["domain"], "rings");
    assert!(
        status["failures"][0]["reason"]
            .as_str()
            .unwrap()
            .contains("truncated")
    );
    let said = place.done(&["status"]);
    assert!(
        said.contains("10: 9 embedded, 0 to do, 1 unreadable"),
        "{said}"
    );
}

#[test]
fn the_domain_rule_can_be_chosen_and_is_remembered() {
    let place = Place::new();
    let domains = || -> Vec<String> {
        let status = place.json(&["status", "--json"]);
        let domains = status["domains"].as_array().unwrap().clone();
        domains
            .iter()
            .map(|domain| domain["domain"].as_str().unwrap().to_owned())
            .collect()
    };
    place.done(&["index", "photos", "--domain", "root"]);
    assert_eq!(domains(), ["photos"]);
    place.done(&["index"]);
    assert_eq!(domains(), ["photos"]);
    place.done(&["index", "photos", "--domain", "folder"]);
    assert_eq!(domains(), ["golden", "rings"]);
}

#[test]
fn prompts_have_the_form_that_eval_gives_them() {
    let place = Place::new();
    place.done(&["index", "photos"]);
    let prompts = place.json(&["prompts", "--json"]);
    for domain in ["golden", "rings"] {
        let means = prompts["similarity"][domain].as_array().unwrap();
        assert_eq!(means.len(), 20);
        assert!(means.iter().all(|mean| mean.as_f64().unwrap().abs() <= 1.0));
    }
    assert_eq!(prompts["photos"]["rings"], 4);
    assert_eq!(place.done(&["prompts"]).lines().count(), 2);
}

#[test]
fn a_forgotten_folder_is_gone_from_every_answer_and_no_file_is_touched() {
    let place = Place::new();
    place.done(&["index", "photos"]);
    let complaint = place.refused(&["forget", "photos/rings"]);
    assert!(complaint.contains("not an indexed folder"), "{complaint}");
    assert!(place.done(&["forget", "photos"]).contains("9 photos"));
    assert_eq!(place.json(&["status", "--json"])["photos"], 0);
    let complaint = place.refused(&["search", "photos/rings/1.png"]);
    assert!(complaint.contains("holds no photos yet"), "{complaint}");
    assert_eq!(
        fs::read_dir(place.photos().join("rings")).unwrap().count(),
        4
    );
}

#[test]
fn a_folder_that_lies_elsewhere_is_relinked_and_nothing_is_embedded_again() {
    let place = Place::new();
    place.done(&["index", "photos"]);
    fs::rename(place.photos(), place.folder.path().join("moved")).unwrap();
    let said = place.done(&["relink", "photos", "moved"]);
    assert!(said.contains("its 9 photos"), "{said}");
    let said = place.done(&["index"]);
    assert!(
        said.starts_with("9 photos found: 0 embedded, 9 unchanged ("),
        "{said}"
    );
    let complaint = place.refused(&["relink", "photos", "moved"]);
    assert!(complaint.contains("not an indexed folder"), "{complaint}");
}

#[test]
fn moved_and_copied_photos_are_counted_as_known() {
    let place = Place::new();
    place.done(&["index", "photos"]);
    let rings = place.photos().join("rings");
    fs::rename(rings.join("0.png"), place.photos().join("first ring.png")).unwrap();
    fs::copy(rings.join("1.png"), rings.join("1 again.png")).unwrap();
    let said = place.done(&["index"]);
    assert!(
        said.starts_with("10 photos found: 0 embedded, 8 unchanged, 2 moved, renamed or copied"),
        "{said}"
    );
}

#[test]
fn another_library_file_is_another_library() {
    let place = Place::new();
    place.done(&["index", "photos/rings", "--library", "mine.sqlite"]);
    assert_eq!(
        place.json(&["status", "--json", "--library", "mine.sqlite"])["photos"],
        4
    );
    assert_eq!(place.json(&["status", "--json"])["photos"], 0);
}

#[test]
fn a_library_that_cannot_be_used_is_named_and_kept() {
    let place = Place::new();
    let file = place.folder.path().join("letter.txt");
    fs::write(&file, "Dear reader, this is no database at all.").unwrap();
    for arguments in [
        &["index", "photos", "--library", "letter.txt"][..],
        &["search", "photos/rings/1.png", "--library", "letter.txt"],
        &["status", "--library", "letter.txt"],
        &["prompts", "--library", "letter.txt"],
        &["forget", "photos", "--library", "letter.txt"],
    ] {
        let complaint = place.refused(arguments);
        assert!(
            complaint.contains("letter.txt is no PUMA library"),
            "{complaint}"
        );
    }
    let kept = fs::read_to_string(&file).unwrap();
    assert_eq!(kept, "Dear reader, this is no database at all.");
}

#[test]
fn wrong_folders_are_named() {
    let place = Place::new();
    assert!(
        place
            .refused(&["index"])
            .contains("no folder is indexed yet")
    );
    assert!(
        place
            .refused(&["index", "fotos"])
            .contains("no folder fotos")
    );
    assert!(
        place
            .refused(&["index", "photos/rings/1.png"])
            .contains("is no folder")
    );
}
