use super::desk::{Desk, SCREEN_PX};
use super::program::Program;
use super::source::{Drag, drags_instead};
use super::{key, patiently};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The CC0 photos below `folder`, where paths are short and can be typed.
fn album(folder: &Path) -> PathBuf {
    let album = folder.join("album");
    std::fs::create_dir(&album).unwrap();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/photos");
    for photo in std::fs::read_dir(golden).unwrap() {
        let photo = photo.unwrap();
        std::fs::copy(photo.path(), album.join(photo.file_name())).unwrap();
    }
    album
}

/// How many pixels of two screenshots differ.
fn differing(a: &[u8], b: &[u8]) -> usize {
    a.chunks(4)
        .zip(b.chunks(4))
        .filter(|(a, b)| a[..3] != b[..3])
        .count()
}

/// How many colours a screenshot has, and the share of the commonest one.
fn colours(screenshot: &[u8]) -> (usize, f64) {
    let mut counts: HashMap<&[u8], usize> = HashMap::new();
    for pixel in screenshot.chunks(4) {
        *counts.entry(&pixel[..3]).or_default() += 1;
    }
    let most = counts.values().max().copied().unwrap_or(0);
    (counts.len(), most as f64 / (screenshot.len() / 4) as f64)
}

const NO_PICTURE: &str = "PUMA";

/// A picture dropped by another program is asked with; keys go back, ask with a typed path and end the query.
#[test]
fn a_dropped_picture_is_asked_with_and_keys_do_the_rest() {
    if drags_instead() {
        return;
    }
    let Some(desk) = Desk::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let album = album(folder.path());
    let home = folder.path().join("home");
    let mut puma = Program::start(&desk, &home, &[&album]);
    let window = puma.window(&desk, NO_PICTURE, &[]);
    desk.focus(window);

    // Drawn: not one colour, but not noise either.
    patiently(|| (colours(&desk.screenshot()).0 > 30).then_some(()))
        .unwrap_or_else(|| panic!("the window stays blank; it said\n{}", puma.said()));

    let middle = (SCREEN_PX.0 as i16 / 3, SCREEN_PX.1 as i16 / 2);
    let cat = folder.path().join("a stranger's cat.png");
    std::fs::copy(album.join("chelsea.png"), &cat).unwrap();
    let before = desk.screenshot();
    let drag = Drag::over(
        &desk,
        &cat,
        middle,
        "window::story::a_dropped_picture_is_asked_with_and_keys_do_the_rest",
    );
    let lit = patiently(|| {
        let changed = differing(&before, &desk.screenshot());
        (changed > before.len() / 4 / 2).then_some(changed)
    });
    assert!(
        lit.is_some(),
        "no drop zone lights up; it said\n{}",
        puma.said()
    );
    drag.drop_it();
    puma.wait_for_title(&desk, window, |title| {
        title == "a stranger's cat.png - PUMA"
    });

    let (colours, commonest) = colours(&desk.screenshot());
    assert!(
        colours > 500 && commonest < 0.98,
        "{colours} colours, {commonest} of one"
    );

    let before = desk.screenshot();
    desk.press(&[key::CONTROL], u32::from('l'));
    let at_hand = patiently(|| (differing(&before, &desk.screenshot()) > 50).then_some(()));
    assert!(at_hand.is_some(), "the field for paths gets no focus");
    desk.write(album.join("rocket.png").to_str().unwrap());
    desk.press(&[], key::ENTER);
    puma.wait_for_title(&desk, window, |title| title == "rocket.png - PUMA");
    desk.press(&[key::ALT], key::LEFT);
    puma.wait_for_title(&desk, window, |title| {
        title == "a stranger's cat.png - PUMA"
    });
    desk.press(&[key::ALT], key::RIGHT);
    puma.wait_for_title(&desk, window, |title| title == "rocket.png - PUMA");
    desk.press(&[], key::ESCAPE);
    puma.wait_for_title(&desk, window, |title| title == NO_PICTURE);

    let size = (1010, 730);
    let before = desk.screenshot();
    desk.resize(window, size);
    let drawn = patiently(|| (differing(&before, &desk.screenshot()) > 1000).then_some(()));
    assert!(
        drawn.is_some(),
        "it is not drawn anew; it said\n{}",
        puma.said()
    );
    desk.close(window);
    assert!(puma.wait().success(), "{}", puma.said());
    let summed_up = puma.said();
    assert!(
        summed_up.contains("frames: half of them under"),
        "{summed_up}"
    );

    // The next start has the size of the last one.
    let again = Program::start(&desk, &home, &[]);
    let window = again.window(&desk, NO_PICTURE, &[]);
    let kept = patiently(|| (desk.size(window) == size).then_some(()));
    assert!(kept.is_some(), "{:?}; {}", desk.size(window), again.said());
}

/// A later start hands its picture to the open window; a crashed window is in nobody's way.
#[test]
fn a_second_start_hands_its_picture_to_the_open_window() {
    let Some(desk) = Desk::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let album = album(folder.path());
    let home = folder.path().join("home");
    let mut first = Program::start(&desk, &home, &[&album]);
    let window = first.window(&desk, NO_PICTURE, &[]);

    let mut second = Program::start(&desk, &home, &[&album.join("rocket.png")]);
    assert!(second.wait().success(), "{}", second.said());
    first.wait_for_title(&desk, window, |title| title == "rocket.png - PUMA");
    let raised = || patiently(|| desk.wished_to_front(window).then_some(()));
    assert!(raised().is_some(), "{}", first.said());

    let mut third = Program::start(&desk, &home, &[]);
    assert!(third.wait().success(), "{}", third.said());
    assert!(raised().is_some(), "{}", first.said());
    assert_eq!(desk.windows().len(), 1, "{:?}", desk.windows());

    // Another library is another window.
    let library = folder.path().join("other.sqlite");
    let other = Program::start(&desk, &home, &[Path::new("--library"), &library]);
    other.window(&desk, NO_PICTURE, &[window]);
    drop(other);

    first.kill();
    let again = Program::start(&desk, &home, &[&album.join("coffee.png")]);
    again.window(&desk, "coffee.png - PUMA", &[]);
}

/// Names in scripts that the built-in fonts lack take their letters from fonts of the system, where it has some.
#[test]
fn names_in_other_scripts_take_fonts_of_the_system() {
    let fonts = std::process::Command::new("fc-list")
        .arg(":lang=ja")
        .output();
    if !fonts.is_ok_and(|fonts| !fonts.stdout.is_empty()) {
        eprintln!("skipped: no Japanese font is installed");
        return;
    }
    let Some(desk) = Desk::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let album = album(folder.path());
    std::fs::rename(album.join("chelsea.png"), album.join("猫の写真.png")).unwrap();
    let puma = Program::start(&desk, &folder.path().join("home"), &[&album]);
    puma.window(&desk, NO_PICTURE, &[]);
    let found = patiently(|| puma.said().contains("Using \"system:").then_some(()));
    assert!(found.is_some(), "{}", puma.said());
}
