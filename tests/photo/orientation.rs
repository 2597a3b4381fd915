//! However the camera was held, the picture comes out upright.

use super::drawn::{self, assert_shows};

#[test]
fn all_eight_in_jpeg() {
    for orientation in 1..=8 {
        assert_shows(
            &format!("orientation_{orientation}.jpg"),
            &drawn::rgb(),
            1.5,
            8,
        );
    }
}

#[test]
fn png_webp_and_tiff() {
    for name in [
        "orientation_6.png",
        "orientation_6_late.png",
        "orientation_6.webp",
        "orientation_6_prefixed.webp",
        "orientation_6.tif",
    ] {
        assert_shows(name, &drawn::rgb(), 0.0, 0);
    }
}
