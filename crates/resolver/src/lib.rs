//! Which versions: a synchronous solve over what is known, explained.
