//! Roots, scanning and the SQLite catalogue: embeddings and prompt similarities at rest.
