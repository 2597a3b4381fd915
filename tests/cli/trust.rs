//! What the program must not do with files and networks, whatever it is given.

use super::{Place, text};
use std::fs;
use std::path::Path;
use std::process::Stdio;

#[test]
fn paths_of_a_tampered_catalogue_stay_below_their_folder() {
    let place = Place::new();
    place.done(&["index", "photos"]);
    let secret = place.folder.path().join("secret.png");
    fs::copy(crate::pictures::golden("coffee.png"), &secret).unwrap();
    let library = place.json(&["status", "--json"])["library"].clone();
    let catalogue = rusqlite::Connection::open(library.as_str().unwrap()).unwrap();
    let stored = |id: i64, path: &str| {
        let changed = catalogue
            .execute(
                "UPDATE photo SET path = ?2 WHERE id = (SELECT id FROM photo ORDER BY id LIMIT 1 OFFSET ?1)",
                rusqlite::params![id, path.as_bytes()],
            )
            .unwrap();
        assert_eq!(changed, 1);
    };
    stored(0, "../secret.png");
    stored(1, text(&secret));
    stored(2, "rings/../../../../etc/passwd");
    drop(catalogue);
    let found = place.json(&["search", "photos/rings/1.png", "--json", "-k", "100"]);
    let photos = fs::canonicalize(place.photos()).unwrap();
    let hits = found["hits"].as_array().unwrap();
    assert_eq!(hits.len(), 9);
    for hit in hits {
        let path = Path::new(hit["path"].as_str().unwrap());
        let inside = path
            .strip_prefix(&photos)
            .or_else(|_| path.strip_prefix(place.photos()))
            .unwrap_or_else(|_| panic!("{} lies elsewhere", path.display()));
        assert!(
            inside
                .components()
                .all(|part| matches!(part, std::path::Component::Normal(_)))
        );
    }
    // The next scan puts everything right.
    place.done(&["index", "photos"]);
    assert_eq!(place.json(&["status", "--json"])["embedded"], 9);
}

#[test]
fn files_are_replaced_only_where_that_was_said() {
    let place = Place::new();
    place.done(&["index", "photos"]);
    let figure = place.folder.path().join("figure.svg");
    place.done(&["prompts", "--figure", "figure.svg"]);
    fs::write(&figure, "mine").unwrap();
    let complaint = place.refused(&["prompts", "--figure", "figure.svg"]);
    assert!(
        complaint.contains("figure.svg") && complaint.contains("--force"),
        "{complaint}"
    );
    assert_eq!(fs::read(&figure).unwrap(), b"mine");
    place.done(&["prompts", "--figure", "figure.svg", "--force"]);
    assert_ne!(fs::read(&figure).unwrap(), b"mine");

    fs::write(place.folder.path().join("out.safetensors"), "mine").unwrap();
    let complaint = place.refused(&["convert", "in.pth", "out.safetensors"]);
    assert!(
        complaint.contains("out.safetensors") && complaint.contains("--force"),
        "{complaint}"
    );
}

/// No part of the program names the network; what a window hands to another goes through a file of the system.
#[test]
fn the_sources_open_no_connection() {
    let sources = walkdir::WalkDir::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    for file in sources
        .into_iter()
        .flatten()
        .filter(|file| file.file_type().is_file())
    {
        let source = fs::read_to_string(file.path()).unwrap();
        for word in ["std::net", "TcpListener", "TcpStream", "UdpSocket"] {
            assert!(!source.contains(word), "{}: {word}", file.path().display());
        }
    }
}

/// A running index, whose descriptors are looked at until it ends.
#[cfg(target_os = "linux")]
#[test]
fn nothing_listens_on_a_network() {
    let place = Place::new();
    for seed in 10..40 {
        crate::pictures::draw(&place.photos().join(format!("more/{seed}.png")), seed, 256);
    }
    let mut run = place
        .command()
        .args(["index", "photos"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let process = format!("/proc/{}", run.id());
    let mut looks = 0;
    while run.try_wait().unwrap().is_none() {
        let sockets: Vec<String> = fs::read_dir(format!("{process}/fd"))
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                fs::read_link(entry.path())
                    .ok()?
                    .into_os_string()
                    .into_string()
                    .ok()
            })
            .filter_map(|target| {
                Some(
                    target
                        .strip_prefix("socket:[")?
                        .strip_suffix(']')?
                        .to_owned(),
                )
            })
            .collect();
        for protocol in ["tcp", "tcp6", "udp", "udp6"] {
            let table = fs::read_to_string(format!("{process}/net/{protocol}")).unwrap_or_default();
            let owned = table.lines().find(|line| {
                line.split_whitespace()
                    .nth(9)
                    .is_some_and(|inode| sockets.iter().any(|socket| socket == inode))
            });
            assert_eq!(owned, None, "{protocol}");
        }
        looks += 1;
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert!(run.wait().unwrap().success());
    assert!(looks > 0);
}
