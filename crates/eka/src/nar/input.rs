//! Where a NAR comes from.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::{Input, NarError};
use crate::context::Context;

/// Opens the bytes of a NAR.
pub(super) fn open<'r>(
    ctx: &Context<'_>,
    input: &Input,
    stdin: &'r mut dyn Read,
) -> Result<Box<dyn Read + 'r>, NarError> {
    match input {
        Input::Stdin => Ok(Box::new(stdin)),
        Input::Path(path) => {
            let opened = File::open(ctx.dir.join(path)).and_then(|file| {
                if file.metadata()?.is_dir() {
                    return Err(std::io::ErrorKind::IsADirectory.into());
                }
                Ok(file)
            });
            let file = opened.map_err(|source| NarError::Read {
                path: path.clone(),
                source,
            })?;
            Ok(Box::new(file))
        }
    }
}

/// Where a NAR comes from, for people.
pub(super) fn shown(input: &Input) -> String {
    match input {
        Input::Stdin => "standard input".to_owned(),
        Input::Path(path) => format!("`{}`", Path::display(path)),
    }
}
