//! Prompt profiles of domains as data, and the charts made of them.
