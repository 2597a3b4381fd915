//! The published sets, each as a miniature of its layout that the test makes.

mod damaged;
mod layouts;
mod measured;
mod miniature;
