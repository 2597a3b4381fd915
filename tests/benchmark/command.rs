//! `puma benchmark` as it is called from a terminal.

use crate::train::run::{photos, start};
use std::fs;
use std::process::{Command, Output};
use tempfile::TempDir;

const CONFIG: &str = r#"
[[methods]]
name = "Missing"
checkpoint = "missing.safetensors"

[[methods]]
name = "Frozen backbone"
backbone = true
"#;

#[test]
fn a_method_that_fails_is_named_and_the_others_are_reported() {
    let folder = TempDir::new().unwrap();
    photos(&folder.path().join("photos"), 4);
    fs::write(folder.path().join("benchmark.toml"), CONFIG).unwrap();
    start()
        .write(&folder.path().join("vit.safetensors"))
        .unwrap();
    let benchmark = |arguments: &[&str]| -> (Output, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_puma"))
            .current_dir(folder.path())
            .args(["benchmark", "benchmark.toml", "--device", "cpu"])
            .args(["--data", "photos", "--model", "vit.safetensors"])
            .args(["--out", "out"])
            .args(arguments)
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        (output, stderr)
    };
    let (output, stderr) = benchmark(&[]);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains("puma: Missing: ") && stderr.contains("missing.safetensors"),
        "{stderr}"
    );
    assert!(
        stderr.contains("puma: failed, see above: Missing"),
        "{stderr}"
    );
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains("| Frozen backbone |"), "{stdout}");
    let report = folder.path().join("out/report.md");
    assert_eq!(fs::read_to_string(&report).unwrap(), stdout);

    // What is there is reported whatever is chosen, and the same.
    let (output, stderr) = benchmark(&["--method", "Missing"]);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert_eq!(fs::read_to_string(&report).unwrap(), stdout);
    let (output, stderr) = benchmark(&["--method", "Frozen backbone"]);
    assert!(output.status.success(), "{stderr}");
    assert_eq!(fs::read_to_string(&report).unwrap(), stdout);
}
