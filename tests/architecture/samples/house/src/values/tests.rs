//! A file for tests may import anything.

use crate::top::run;
