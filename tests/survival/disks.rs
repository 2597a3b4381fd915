//! Full disks and places that cannot be written to, in a mount namespace of the test's own.
#![cfg(target_os = "linux")]
use super::{draw, indexed, is_whole, library_file, place};
use crate::cli::{Place, errors};
use serde_json::Value;
use std::process::{Command, Output};

/// Runs a shell script that may mount; `None`, with a message, where the system allows nobody that.
///
/// `$PUMA` is the program, and the working folder is the place's.
fn mounting(place: &Place, script: &str) -> Option<Output> {
    let shell = |script: &str| {
        let puma = place.command();
        let mut command = Command::new("unshare");
        command
            .args([
                "--map-root-user",
                "--mount",
                "--propagation",
                "private",
                "sh",
                "-ec",
                script,
            ])
            .current_dir(place.folder.path())
            .env("PUMA", puma.get_program());
        for (name, value) in puma.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        command.output()
    };
    let allowed = shell("mount -t tmpfs -o size=64k tmpfs home");
    if !allowed.is_ok_and(|output| output.status.success()) {
        println!("skipped: no file system can be mounted here");
        return None;
    }
    let output = shell(script).unwrap();
    assert!(
        output.status.success(),
        "{}\n{}",
        printed(&output),
        errors(&output)
    );
    Some(output)
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The first line printed that is JSON.
fn json(output: &Output) -> Value {
    let printed = printed(output);
    let line = printed.lines().find(|line| line.starts_with('{')).unwrap();
    serde_json::from_str(line).unwrap()
}

#[test]
fn a_full_disk_stops_indexing_with_a_word_and_room_lets_it_go_on() {
    let place = place();
    draw(&place, 0..300);
    let output = mounting(
        &place,
        r#"
        mkdir -p home/data
        mount -t tmpfs -o size=300k tmpfs home/data
        code=0; "$PUMA" index photos --batch 4 || code=$?; echo "first code $code"
        "$PUMA" search photos/even/0000.png -k 2 || true
        code=0; "$PUMA" index photos --batch 4 || code=$?; echo "second code $code"
        mount -o remount,size=64m home/data
        "$PUMA" status --json
        "$PUMA" index photos
        mkdir kept; cp home/data/library.sqlite kept
        "#,
    );
    let Some(output) = output else { return };
    let (said, complaint) = (printed(&output), errors(&output));
    println!("{said}{complaint}");
    assert!(
        said.contains("first code 1") && said.contains("second code 1"),
        "{said}"
    );
    let word = "no space is left for library";
    assert!(complaint.matches(word).count() >= 2, "{complaint}");
    assert!(
        complaint.contains("library.sqlite; what was indexed before is kept: make room"),
        "{complaint}"
    );
    let kept = json(&output)["embedded"].as_u64().unwrap();
    assert!((1..300).contains(&kept), "{kept}");
    let found = said.lines().filter(|line| line.ends_with(".png")).count();
    assert_eq!(found, 2, "searching goes on: {said}");
    let last = format!(
        "300 photos found: {} embedded, {kept} unchanged",
        300 - kept
    );
    assert!(said.contains(&last), "{said}");
    is_whole(&place.folder.path().join("kept/library.sqlite"));
}

#[test]
fn full_thumbnails_and_settings_stop_nothing() {
    let place = place();
    draw(&place, 0..20);
    let output = mounting(
        &place,
        r#"
        mkdir -p home/cache
        mount -t tmpfs -o size=8k tmpfs home/cache
        "$PUMA" index photos
        "#,
    );
    let Some(output) = output else { return };
    assert!(printed(&output).starts_with("20 photos found: 20 embedded"));
}

#[test]
fn a_library_in_a_place_for_reading_is_searched_and_not_changed() {
    let place = indexed(12);
    let output = mounting(
        &place,
        r#"
        mount --bind home home
        mount -o remount,bind,ro home
        "$PUMA" search photos/even/0004.png -k 3 --json
        "$PUMA" status >/dev/null
        "$PUMA" prompts >/dev/null
        code=0; "$PUMA" index photos || code=$?; echo "code $code"
        code=0; "$PUMA" forget photos || code=$?; echo "code $code"
        "#,
    );
    let Some(output) = output else { return };
    let (said, complaint) = (printed(&output), errors(&output));
    let found = json(&output);
    assert_eq!(found["hits"].as_array().unwrap().len(), 3);
    assert!(
        found["hits"][0]["path"]
            .as_str()
            .unwrap()
            .ends_with("even/0004.png")
    );
    assert_eq!(said.matches("code 1").count(), 2, "{said}");
    let word = format!(
        "library {} cannot be changed",
        library_file(&place).display()
    );
    assert_eq!(complaint.matches(&word).count(), 2, "{complaint}");
    assert!(
        complaint.contains("make the file and its folder writable"),
        "{complaint}"
    );
    // Nothing has happened to it.
    assert!(
        place
            .done(&["index", "photos"])
            .starts_with("12 photos found: 0 embedded, 12 unchanged")
    );
}

/// A program was killed, and then its place became one for reading: what its journal holds counts.
#[test]
fn what_a_killed_run_stored_is_found_in_a_place_for_reading() {
    let place = place();
    draw(&place, 0..300);
    let output = mounting(
        &place,
        r#"
        RUST_LOG=puma::pipeline=debug "$PUMA" index photos --batch 4 --no-thumbnails 2>log & run=$!
        until grep -q stored log; do sleep 0.01; done
        kill -9 $run; wait $run || true
        test -s home/data/library.sqlite-wal
        mount --bind home home
        mount -o remount,bind,ro home
        "$PUMA" status --json
        "$PUMA" search "$(find photos -name '*.png' | sort | head -1)" -k 1
        "#,
    );
    let Some(output) = output else { return };
    let log = std::fs::read_to_string(place.folder.path().join("log")).unwrap();
    let stored = log.lines().filter(|line| line.contains("stored")).count();
    let embedded = json(&output)["embedded"].as_u64().unwrap() as usize;
    assert!(
        (4 * stored..=4 * stored + 4).contains(&embedded),
        "{stored} {embedded}"
    );
}

/// A file that is write-protected, in a folder that is not.
#[test]
fn a_write_protected_library_says_so() {
    let place = indexed(5);
    let output = mounting(
        &place,
        r#"
        mount --bind home/data/library.sqlite home/data/library.sqlite
        mount -o remount,bind,ro home/data/library.sqlite
        "$PUMA" search photos/even/0004.png -k 3
        code=0; "$PUMA" index photos || code=$?; echo "code $code"
        "#,
    );
    let Some(output) = output else { return };
    assert!(printed(&output).contains("code 1"));
    let complaint = errors(&output);
    assert!(
        complaint.contains("library.sqlite cannot be changed"),
        "{complaint}"
    );
}
