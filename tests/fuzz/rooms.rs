//! The rooms of the program that read what others wrote, and the one with code that the compiler does not check.

#[path = "../../src/files/mod.rs"]
pub mod files;
#[path = "../../src/model/ops/kernels/mod.rs"]
pub mod kernels;
#[path = "../../src/library/mod.rs"]
#[allow(unused_imports, reason = "rooms that are not here take them")]
pub mod library;
#[cfg(feature = "model")]
#[path = "../../src/model/mod.rs"]
pub mod model;
#[path = "../../src/photo/mod.rs"]
pub mod photo;
