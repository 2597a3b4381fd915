//! A catalogue whose file is damaged: the program says so by name, with the way out, and mends what can be mended.
use super::{draw, indexed, is_whole, library_file, places, seed};
use crate::cli::{Place, errors};
use puma::settings::Settings;
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rusqlite::Connection;
use std::fs;
use std::path::Path;

const PHOTOS: u32 = 150;
const PAGE: usize = 4096;
/// Files with random damage.
const VARIANTS: usize = 25;

/// Runs a command on a damaged library: it may do without what is damaged, or say what is wrong; no more.
#[track_caller]
fn survives(place: &Place, arguments: &[&str]) -> bool {
    let output = place.run(arguments);
    let complaint = errors(&output);
    match output.status.code() {
        Some(0) => true,
        Some(1) => {
            assert!(
                complaint.contains("library.sqlite"),
                "{arguments:?}: {complaint}"
            );
            let way_out = ["puma repair", "move this one away", "move it away"];
            assert!(
                way_out.iter().any(|way| complaint.contains(way)),
                "{arguments:?}: {complaint}"
            );
            false
        }
        code => panic!("{arguments:?} ended with {code:?}: {complaint}"),
    }
}

/// Overwrites some places of the file behind its first page with random bytes.
fn damage(file: &mut [u8], rng: &mut ChaCha8Rng) {
    for _ in 0..rng.random_range(1..4) {
        let length = rng.random_range(1..PAGE);
        let at = rng.random_range(PAGE..=file.len() - length);
        rng.fill_bytes(&mut file[at..at + length]);
    }
}

#[test]
fn random_damage_is_named_and_repaired() {
    let place = indexed(PHOTOS);
    let file = library_file(&place);
    let whole = fs::read(&file).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(seed("random damage"));
    let (mut mended, mut kept_in_all) = (0, 0);
    for _ in 0..VARIANTS {
        let mut bytes = whole.clone();
        damage(&mut bytes, &mut rng);
        fs::write(&file, &bytes).unwrap();
        survives(&place, &["status"]);
        survives(&place, &["search", "photos/even/0000.png"]);
        if survives(&place, &["repair"]) {
            let kept = place.json(&["status", "--json"])["embedded"]
                .as_u64()
                .unwrap();
            kept_in_all += kept;
            mended += 1;
        } else {
            assert_eq!(
                fs::read(&file).unwrap(),
                bytes,
                "what cannot be mended is left as it is"
            );
            fs::remove_file(&file).unwrap();
        }
        let said = place.done(&["index", "photos"]);
        assert!(
            said.starts_with(&format!("{PHOTOS} photos found")),
            "{said}"
        );
        let status = place.json(&["status", "--json"]);
        assert_eq!(status["embedded"], PHOTOS);
        is_whole(&file);
    }
    let all = u64::from(PHOTOS) * mended;
    println!("{mended} of {VARIANTS} damaged files mended, with {kept_in_all} of {all} embeddings");
    assert!(mended > 0 && kept_in_all > 0);
}

#[test]
fn a_repair_keeps_the_old_file_and_all_that_the_damage_does_not_cover() {
    let place = indexed(PHOTOS);
    let file = library_file(&place);
    assert!(place.done(&["repair"]).contains("is sound"));
    let page: usize = Connection::open(&file)
        .unwrap()
        .query_row(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'photo_failure'",
            [],
            |row| row.get::<_, i64>(0).map(|page| page as usize),
        )
        .unwrap();
    // An index is damaged: all rows are there.
    let mut bytes = fs::read(&file).unwrap();
    bytes[(page - 1) * PAGE..page * PAGE].fill(0xa5);
    fs::write(&file, &bytes).unwrap();
    let said = place.done(&["repair"]);
    assert!(
        said.contains("150 photos and 150 embeddings are kept, 0 entries could not be read"),
        "{said}"
    );
    assert_eq!(fs::read(with_ending(&file, ".damaged-1")).unwrap(), bytes);
    let again = place.done(&["index", "photos"]);
    assert!(
        again.starts_with("150 photos found: 0 embedded, 150 unchanged"),
        "{again}"
    );
    is_whole(&file);
}

/// SQLite has no checksums: an embedding overwritten in place is found by its length, which is no longer 1.
#[test]
fn an_embedding_that_is_none_any_more_is_made_again() {
    let place = indexed(9);
    let file = library_file(&place);
    let catalogue = Connection::open(&file).unwrap();
    catalogue
        .execute(
            "UPDATE embedding SET embedding = randomblob(length(embedding)) WHERE photo = 3",
            [],
        )
        .unwrap();
    // A number that no file of this size can have given out: all below it cannot be looked up.
    catalogue
        .execute("UPDATE sqlite_sequence SET seq = 9000000000000000000", [])
        .unwrap();
    drop(catalogue);
    let said = place.done(&["repair"]);
    assert!(
        said.contains("9 photos and 8 embeddings are kept, 1 entries could not be read"),
        "{said}"
    );
    let again = place.done(&["index", "photos"]);
    assert!(
        again.starts_with("9 photos found: 1 embedded, 8 unchanged"),
        "{again}"
    );
}

#[test]
fn files_that_are_no_library_any_more_are_named_with_the_way_out() {
    let place = indexed(20);
    let file = library_file(&place);
    let whole = fs::read(&file).unwrap();
    let mut headless = whole.clone();
    headless[..100].fill(0);
    let text = "Dear reader, this is no database.\n"
        .repeat(500)
        .into_bytes();
    let cuts = [
        1,
        99,
        1000,
        PAGE,
        whole.len() / 2,
        whole.len() - PAGE,
        whole.len() - 1,
    ];
    let cut = cuts.map(|length| whole[..length].to_vec());
    for bytes in [headless, text].into_iter().chain(cut) {
        fs::write(&file, &bytes).unwrap();
        for arguments in [
            &["status"][..],
            &["index", "photos"],
            &["search", "photos/even/0000.png"],
            &["models"],
        ] {
            survives(&place, arguments);
        }
        if fs::read(&file).unwrap() == bytes {
            survives(&place, &["repair"]);
        }
        fs::write(&file, &whole).unwrap();
    }
    // An empty file holds nothing that could be lost: a library is begun in it, with a word.
    fs::write(&file, b"").unwrap();
    let output = place.run(&["index", "photos"]);
    assert!(errors(&output).contains("is an empty file; a new library is begun in it"));
    assert_eq!(place.json(&["status", "--json"])["embedded"], 20);
}

#[test]
fn a_library_of_a_newer_version_is_left_alone_by_all_commands() {
    let place = indexed(3);
    let file = library_file(&place);
    let catalogue = Connection::open(&file).unwrap();
    catalogue.pragma_update(None, "user_version", 1000).unwrap();
    drop(catalogue);
    let before = fs::read(&file).unwrap();
    for arguments in [
        &["status"][..],
        &["index", "photos"],
        &["search", "photos/even/0000.png"],
        &["repair"],
    ] {
        let complaint = place.refused(arguments);
        assert!(
            complaint.contains("newer version of PUMA") && complaint.contains("update PUMA"),
            "{complaint}"
        );
    }
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn damaged_settings_are_named_and_kept() {
    let place = indexed(3);
    let file = places(&place).settings_file();
    fs::write(&file, "index_kind = \u{1}").unwrap();
    let complaint = place.refused(&["index", "photos"]);
    assert!(
        complaint.contains("settings.toml") && complaint.contains("mend it or delete it"),
        "{complaint}"
    );
    fs::remove_file(&file).unwrap();
    assert_eq!(
        Settings::load(&places(&place)).unwrap(),
        Settings::default()
    );
}

/// A lock that a dead program left is no lock; see also `killed`, where every run finds one.
#[test]
fn what_a_dead_program_left_beside_the_library_is_in_nobodys_way() {
    let place = indexed(3);
    let file = library_file(&place);
    fs::write(with_ending(&file, ".lock"), "4194304 1").unwrap();
    fs::write(with_ending(&file, ".repaired"), "half a file").unwrap();
    draw(&place, 3..5);
    let said = place.done(&["index", "photos"]);
    assert!(
        said.starts_with("5 photos found: 2 embedded, 3 unchanged"),
        "{said}"
    );
}

fn with_ending(file: &Path, ending: &str) -> std::path::PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
