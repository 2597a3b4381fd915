//! How many pictures a GPU is given at once.

use puma::model::{Config, Footprint, RivalConfig};

const GIB: u64 = 1 << 30;

fn puma_on(backbone: Config) -> Config {
    backbone.with_puma(20, 8, 128, 128)
}

#[test]
fn a_picture_takes_what_its_tensors_take() {
    let tiny = Footprint::of(&puma_on(Config::deit_tiny()));
    // Tokens [205, 192] and scores [3, 205, 205] in f32, and the pixels: 13 bytes for each of 3 x 224 x 224.
    let tokens = 205 * 192;
    let scores = 3 * 205 * 205;
    let expected = 4 * (12 * tokens + 2 * scores) + 13 * 3 * 224 * 224;
    assert_eq!(tiny.picture_bytes, expected);
    // Parameters in 16 bits.
    let config = puma_on(Config::vit_small());
    let small = Footprint::of(&config);
    let parameters = config.total_vit_parameters() + config.trainable_parameters();
    assert_eq!(small.once_bytes, 2 * parameters as u64);
    assert!(small.picture_bytes > tiny.picture_bytes);
    // More tokens, more memory.
    let mut longer = Config::deit_tiny();
    longer.rival = Some(RivalConfig::VisualPrompts {
        length: 50,
        deep: true,
    });
    let plain = Footprint::of(&Config::deit_tiny()).picture_bytes;
    assert!(Footprint::of(&longer).picture_bytes > plain);
}

#[test]
fn what_is_free_decides_and_is_never_overdrawn() {
    for config in [
        puma_on(Config::deit_tiny()),
        puma_on(Config::vit_small()),
        puma_on(Config::dinov2_small()),
    ] {
        let footprint = Footprint::of(&config);
        let mut last = 1;
        for step in 0..400 {
            let free = step * GIB / 50;
            let pictures = footprint.pictures_at_once(Some(free));
            assert!(pictures >= last && pictures <= 256, "{pictures}");
            assert!(pictures <= 8 || pictures.is_multiple_of(8), "{pictures}");
            let taken = footprint.once_bytes + pictures as u64 * footprint.picture_bytes;
            assert!(pictures == 1 || taken < free, "{pictures} in {free}");
            last = pictures;
        }
        assert_eq!(footprint.pictures_at_once(Some(0)), 1);
        assert_eq!(footprint.pictures_at_once(Some(u64::MAX)), 256);
        let unknown = footprint.pictures_at_once(None);
        assert!((1..256).contains(&unknown), "{unknown}");
    }
}

#[test]
fn tensors_stay_within_what_kernels_count() {
    // DINOv2 of 1,022 pixels a side: 5,330 tokens, 170 million scores a picture.
    let mut config = Config::dinov2_small();
    config.vit.image_size = 1022;
    let pictures = Footprint::of(&config).pictures_at_once(Some(u64::MAX));
    let tokens = 1 + 73 * 73;
    assert!((pictures * 6 * tokens * tokens) < i32::MAX as usize);
    assert!(pictures >= 8, "{pictures}");
}
