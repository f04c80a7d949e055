//! Fetches over https.
