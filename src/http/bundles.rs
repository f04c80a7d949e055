//! The ZIP of a view, streamed from the file it was built into.

use axum::body::Body;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use tokio_util::io::ReaderStream;

use super::App;
use super::extract::ask;
use super::problem::Failure;
use crate::domain::caller::Caller;
use crate::registry::{Error, bundles::Bundle};
use crate::wire::views::{PLUGINS_HEADER, USER_HEADER};

/// Bytes read from the file at a time.
const CHUNK: usize = 1 << 18;

pub(super) async fn zip(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let (bundle, file) = ask(app, move |registry| {
        let bundle = registry.bundle(&caller, &id)?;
        let failed = |source| Error::Io { path: bundle.path.clone(), doing: "cannot be read", source };
        let file = std::fs::File::open(&bundle.path).map_err(failed)?;
        Ok((bundle, file))
    })
    .await?;
    answer(bundle, file).map_err(|error| {
        Failure::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "defect",
            format!("an answer could not be made: {error}"),
        )
    })
}

fn answer(bundle: Bundle, file: std::fs::File) -> Result<Response, axum::http::Error> {
    let Bundle { view, size, .. } = bundle;
    let stream = ReaderStream::with_capacity(tokio::fs::File::from_std(file), CHUNK);
    Response::builder()
        .header(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"))
        .header(header::CONTENT_LENGTH, size)
        .header(header::ETAG, format!("\"{}\"", view.view.digest))
        .header(USER_HEADER, view.user.email)
        .header(PLUGINS_HEADER, view.view.plugins.len())
        .header(header::CONTENT_DISPOSITION, "attachment; filename=\"agnes-marketplace.zip\"")
        .body(Body::from_stream(stream))
}
