//! Settings: a raw file and the environment become resolved settings.
