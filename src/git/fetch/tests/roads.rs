//! ssh, and the user's own configuration.
