//! What is known of many photos besides what the model says of them: small in memory, and quick to filter.

mod columns;
mod table;
#[cfg(test)]
mod tests;

pub(super) use columns::Columns;
pub(super) use table::{FactTable, FactTableBuilder};
