//! Nearest neighbours: exact scan and HNSW behind one type.
