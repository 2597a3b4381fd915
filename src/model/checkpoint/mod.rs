//! Reading and writing checkpoints in the three layouts that PUMA meets.
