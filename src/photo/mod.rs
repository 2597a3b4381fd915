//! One file in: decoding, orientation, limits, the one preprocessing and thumbnails.
