//! Choosing the device a model runs on.
