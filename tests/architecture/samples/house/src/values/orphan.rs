//! Breaks: no module declares this file.
