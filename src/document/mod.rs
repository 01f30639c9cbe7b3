//! What an upstream answered: a body, its values, and readers over it.
