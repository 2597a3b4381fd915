//! Runs that end early: killed, stopped with Ctrl-C, or kept out by another.
use super::{Place, errors};
use crate::pictures;
use puma::library::{Library, ModelKey};
use puma::model::Puma;
use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

const PHOTOS: usize = 60;

/// A folder whose photos take a while to decode.
fn slow_place() -> Place {
    let place = Place {
        folder: tempfile::tempdir().unwrap(),
    };
    let first = place.photos().join("00.png");
    pictures::draw(&first, 1, 1600);
    let bytes = fs::read(&first).unwrap();
    for number in 1..PHOTOS {
        // What follows the picture's end makes it a file of its own: copies are known by their content.
        let own = [bytes.as_slice(), &number.to_le_bytes()].concat();
        fs::write(place.photos().join(format!("{number:02}.png")), own).unwrap();
    }
    place
}

/// Starts indexing and waits until some photos are stored.
fn begun(place: &Place) -> (Child, usize) {
    let mut child = place
        .command()
        .args(["index", "photos", "--batch", "1", "--no-thumbnails"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let start = Instant::now();
    loop {
        let stored = embedded(place);
        if stored >= 3 {
            return (child, stored);
        }
        assert!(
            child.try_wait().unwrap().is_none(),
            "ended with {stored} stored"
        );
        assert!(
            start.elapsed() < Duration::from_secs(120),
            "nothing is stored"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// How many photos are stored; 0 before there is a library.
fn embedded(place: &Place) -> usize {
    let file = place.folder.path().join("home/data/library.sqlite");
    let puma = Puma::shipped(&candle_core::Device::Cpu).unwrap();
    Library::open_existing(&file)
        .and_then(|library| library.counts(&ModelKey::new(puma.fingerprint())))
        .map_or(0, |counts| counts.embedded)
}

/// The rest is embedded by the next run, and nothing twice.
fn goes_on(place: &Place, kept: usize) {
    let said = place.done(&["index", "photos"]);
    let expected = format!(
        "{PHOTOS} photos found: {} embedded, {kept} unchanged",
        PHOTOS - kept
    );
    assert!(said.starts_with(&expected), "{said}");
}

#[test]
fn a_killed_run_keeps_every_batch_that_it_stored() {
    let place = slow_place();
    let (mut child, before) = begun(&place);
    child.kill().unwrap();
    child.wait().unwrap();
    let kept = embedded(&place);
    assert!((before..PHOTOS).contains(&kept), "{before} {kept}");
    goes_on(&place, kept);
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_cleanly_with_a_message_and_code_130() {
    let place = slow_place();
    let (child, before) = begun(&place);
    let signal = format!("kill -INT {}", child.id());
    let sent = std::process::Command::new("sh")
        .args(["-c", &signal])
        .status()
        .unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", errors(&output));
    assert!(errors(&output).contains("what is done is kept"));
    let kept = embedded(&place);
    assert!((before..PHOTOS).contains(&kept), "{before} {kept}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains(&format!("{kept} embedded")), "{said}");
    goes_on(&place, kept);
}

#[test]
fn a_second_run_says_which_process_is_indexing_and_searching_goes_on() {
    let place = slow_place();
    let (mut child, _) = begun(&place);
    let complaint = place.refused(&["index", "photos"]);
    let holder = format!("process {}", child.id());
    assert!(complaint.contains(&holder), "{complaint}");
    let found = place.json(&["search", "photos/00.png", "-k", "1", "--json"]);
    assert_eq!(found["hits"].as_array().unwrap().len(), 1);
    child.kill().unwrap();
    child.wait().unwrap();
}
