//! Edits a manifest's text in place: comments, order and formatting stay.
