//! Tests of `settings`.
use puma::settings::{Places, Settings, SettingsError};

#[test]
fn a_missing_file_gives_the_defaults_and_choices_survive_a_restart() {
    let home = tempfile::tempdir().unwrap();
    let places = Places::under(home.path());
    assert_eq!(Settings::load(&places).unwrap(), Settings::default());
    let chosen = Settings {
        domain_rule: "root".to_owned(),
        model: Some("/models/my own.safetensors".into()),
        thumbnails: false,
        ..Settings::default()
    };
    chosen.save(&places).unwrap();
    assert_eq!(Settings::load(&places).unwrap(), chosen);
}

#[test]
fn entries_that_are_missing_take_their_defaults() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("settings.toml");
    std::fs::write(&file, "device = \"cpu\"\n").unwrap();
    let settings = Settings::read(&file).unwrap();
    assert_eq!(settings.device, "cpu");
    assert_eq!(settings.index_kind, "auto");
}

#[test]
fn a_broken_file_is_named_and_left_as_it_is() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("settings.toml");
    std::fs::write(&file, "device = [").unwrap();
    let error = Settings::read(&file).unwrap_err();
    assert!(matches!(error, SettingsError::Parse { .. }));
    assert!(error.to_string().contains("settings.toml"), "{error}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "device = [");
}
