//! Documents, responses and plans that are kept: keys, entries, single flight.
