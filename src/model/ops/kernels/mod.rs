//! Matrix products on the processor's vector units: packed right-hand sides, kernels chosen when the program runs.
//!
//! A right-hand side is packed once into panels that a kernel reads from front to back; weights that never change stay
//! packed. The left-hand side is read where it lies, transposed or not. Values are f32, or pairs of bf16 whose products
//! are summed in f32, which processors with AVX512-BF16 do at twice the rate.

mod element;
mod isa;
mod matrix;
mod packed;
mod product;
mod tile;

pub use element::{Element, Pair};
pub use isa::Isa;
pub use matrix::Matrix;
pub use packed::Packed;
pub use product::{Into, product};
