//! Indexing as one job: scan, decode, embed, store.
