//! Clocks: a file's time is compared for equality alone, so that no time is wrong.
use super::{draw, indexed};
use std::fs::File;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[test]
fn photos_from_the_future_and_from_before_1970_are_embedded_once() {
    let place = super::place();
    draw(&place, 0..6);
    let year = Duration::from_secs(365 * 24 * 3600);
    let times = [
        SystemTime::now() + 100 * year,
        UNIX_EPOCH - 30 * year,
        UNIX_EPOCH,
    ];
    for (seed, time) in times.into_iter().enumerate() {
        let folder = ["even", "odd"][seed % 2];
        let path = place.photos().join(format!("{folder}/{seed:04}.png"));
        File::options()
            .write(true)
            .open(path)
            .unwrap()
            .set_modified(time)
            .unwrap();
    }
    let said = place.done(&["index", "photos"]);
    assert!(said.starts_with("6 photos found: 6 embedded"), "{said}");
    let said = place.done(&["index", "photos"]);
    assert!(
        said.starts_with("6 photos found: 0 embedded, 6 unchanged"),
        "{said}"
    );
}

/// Two runs, the second at a time before the first: only what the files' own times say counts.
#[test]
fn a_clock_that_was_set_back_embeds_nothing_again_and_what_is_new_all_the_same() {
    let place = indexed(6);
    // What a program writes after the clock was set back looks older than the library.
    let past = SystemTime::now() - Duration::from_secs(10 * 24 * 3600);
    draw(&place, 6..8);
    for name in ["even/0006.png", "odd/0007.png"] {
        let file = File::options()
            .write(true)
            .open(place.photos().join(name))
            .unwrap();
        file.set_modified(past).unwrap();
    }
    // So does a photo that is replaced by another one.
    crate::pictures::draw(&place.photos().join("even/0000.png"), 99, 80);
    let file = File::options()
        .write(true)
        .open(place.photos().join("even/0000.png"))
        .unwrap();
    file.set_modified(past).unwrap();
    let said = place.done(&["index", "photos"]);
    assert!(
        said.starts_with("8 photos found: 3 embedded, 5 unchanged"),
        "{said}"
    );
}
