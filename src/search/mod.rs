//! From a query to ranked hits, and profiles of the domains of a library.
