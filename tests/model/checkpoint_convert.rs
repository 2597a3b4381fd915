//! `puma convert` as it is called.

use std::path::Path;
use std::process::{Command, Output};

use puma::model::Checkpoint;
use puma::model::checkpoint::{Backbone, ReadOptions};

use super::checkpoint::assert_same_tensors;

fn convert(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_puma"))
        .arg("convert")
        .args(arguments)
        .output()
        .unwrap()
}

fn read(path: &str) -> Checkpoint {
    Checkpoint::read(Path::new(path), &ReadOptions::default()).unwrap()
}

#[test]
fn a_pth_to_pumas_own_format_and_back_to_the_authors_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    let (exact, half, authors) = (
        path("exact.safetensors"),
        path("half.safetensors"),
        path("authors.safetensors"),
    );
    let original = read("tests/golden/authors_tiny.pth");
    let output = convert(&[
        "tests/golden/authors_tiny.pth",
        &exact,
        "--precision",
        "single",
    ]);
    assert!(output.status.success(), "{output:?}");
    assert_same_tensors(&read(&exact).tensors, &original.tensors);
    let output = convert(&[&exact, &authors, "--names", "authors"]);
    assert!(output.status.success(), "{output:?}");
    assert_same_tensors(&read(&authors).tensors, &original.tensors);
    // From half precision on, nothing changes any more in either direction.
    assert!(convert(&[&authors, &half]).status.success());
    let output = convert(&[&half, &authors, "--names", "authors"]);
    assert!(!output.status.success(), "a file was replaced unasked");
    let again = [&half, &authors, "--names", "authors", "--force"];
    assert!(convert(&again).status.success());
    assert!(convert(&[&authors, &exact, "--force"]).status.success());
    assert_same_tensors(&read(&exact).tensors, &read(&half).tensors);
    assert!(std::fs::metadata(&half).unwrap().len() < std::fs::metadata(&authors).unwrap().len());
}

#[test]
fn what_the_file_does_not_say_has_to_be_passed() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.safetensors");
    let out = out.to_str().unwrap();
    let output = convert(&["tests/golden/vit_tiny.safetensors", out]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && !Path::new(out).exists());
    assert!(
        text.contains("vit_tiny.safetensors") && text.contains("--backbone"),
        "{text}"
    );
    let output = convert(&[
        "tests/golden/vit_tiny.safetensors",
        out,
        "--backbone",
        "deit-tiny",
    ]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        read(out).config.mean,
        Backbone::DeitTiny.config().mean,
        "the written file says it itself"
    );
    for wrong in [
        vec!["tests/golden/vit_tiny.safetensors", "out.pth"],
        vec![
            "tests/golden/vit_tiny.safetensors",
            out,
            "--backbone",
            "resnet",
        ],
        vec!["no/such.pth", out],
        vec!["tests/golden/README.md", out],
    ] {
        let output = convert(&wrong);
        assert_eq!(output.status.code(), Some(1), "{wrong:?}");
    }
}
