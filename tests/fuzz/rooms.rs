//! The rooms of the program that read what others wrote.

#[path = "../../src/files/mod.rs"]
pub mod files;
#[path = "../../src/library/mod.rs"]
pub mod library;
#[cfg(feature = "model")]
#[path = "../../src/model/mod.rs"]
pub mod model;
#[path = "../../src/photo/mod.rs"]
pub mod photo;
