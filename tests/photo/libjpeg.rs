//! JPEG decodes to libjpeg's pixels, to the bit.

use std::path::Path;

use puma::photo::{Limits, read};

/// The CC0 photo `chelsea.png`, `crop((100, 40, 281, 163))`, saved as JPEG in the usual ways by Pillow 13.0.0 with
/// libjpeg-turbo 3.2.0, and the BLAKE3 hash of the RGB bytes that `Image.open(..).convert("RGB")` gives for each.
const EXPECTED: [(&str, &str); 5] = [
    (
        "420",
        "e71dd7ee2871b6bac6b27a5a3fc8616a5546b6dc749a4a9bc130590c1038ef39",
    ),
    (
        "422",
        "78f2e58420f93db14aa26ebf9b00712ef9dced58be5a12a7b61e88f1300d83b7",
    ),
    (
        "444",
        "cf28f382add866d4f08a7a42bac87e811c7989bb0f9f51f2a62f340d09f9922e",
    ),
    (
        "progressive_420",
        "44ea61963f57f53ec1df2c49b186d630b55531df4c2fd565d1c69451eda7d14e",
    ),
    (
        "grey",
        "cfc35d000edaa911338d401b6fc511663236888101efad19c2520fa7ae4ba726",
    ),
];

#[test]
fn pixels_are_pillows() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/jpeg");
    for (name, expected) in EXPECTED {
        let image = read(&folder.join(format!("{name}.jpg")), &Limits::default()).unwrap();
        assert_eq!(image.dimensions(), (181, 123));
        let got = blake3::hash(image.as_raw()).to_hex();
        assert_eq!(got.as_str(), expected, "{name}");
    }
}
