//! Diagnostics on stderr: drawn with their texts, or as JSON.

use eka::env::Env;
use eka::escape;
use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, MietteDiagnostic, ThemeCharacters,
    ThemeStyles,
};
use textwrap::{WordSeparator, WordSplitter};

use super::{Guarded, Ink, stderr};
use crate::cli::{Color, Format};
use crate::json;

/// How diagnostics are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Painter {
    /// As drawings or as JSON.
    pub(crate) format: Format,
    ink: Ink,
}

impl Painter {
    pub(crate) fn new(format: Format, color: Color, env: &Env) -> Self {
        let ink = Ink::new(color, env, &std::io::stderr());
        Self { format, ink }
    }

    /// Tells one diagnostic, guarded.
    pub(crate) fn tell(self, diagnostic: &dyn Diagnostic) {
        self.show(Guarded::of(diagnostic));
    }

    /// Tells one diagnostic as a warning, guarded.
    pub(crate) fn warn(self, diagnostic: &dyn Diagnostic) {
        self.show(Guarded::of(diagnostic).into_warning());
    }

    fn show(self, guarded: Guarded) {
        let text = match self.format {
            Format::Json => json::print(&json::diagnostic::Shape::of(&guarded)),
            Format::Text => self.draw(guarded),
        };
        stderr(&format!("{}\n", text.trim_end_matches('\n')));
    }

    /// Tells wrong usage in clap's words.
    pub(crate) fn tell_usage(self, words: &str) {
        if self.format == Format::Text {
            stderr(&escape::lines(words));
            return;
        }
        let (message, help) = words.split_once("\n\n").unwrap_or((words, ""));
        let message = message.trim().trim_start_matches("error: ");
        let mut diagnostic = MietteDiagnostic::new(message).with_code("eka::cli::usage");
        if !help.trim().is_empty() {
            diagnostic = diagnostic.with_help(help.trim());
        }
        self.tell(&diagnostic);
    }

    /// The width is the same everywhere, so that a terminal changes no shape. Lines break between
    /// words alone: a URL, a path and a command can be copied whole.
    fn draw(self, guarded: Guarded) -> String {
        let styles = match self.ink {
            Ink::Colored => ThemeStyles::ansi(),
            Ink::Plain => ThemeStyles::none(),
        };
        let characters = ThemeCharacters::unicode();
        let mut text = String::new();
        GraphicalReportHandler::new_themed(GraphicalTheme { characters, styles })
            .with_width(100)
            .with_links(false)
            .with_break_words(false)
            .with_word_separator(WordSeparator::AsciiSpace)
            .with_word_splitter(WordSplitter::NoHyphenation)
            .without_syntax_highlighting()
            .render_report(&mut text, &guarded.drawable())
            .expect("a string takes all text");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_never_broken() {
        let url = "https://git.example.org/our-company/a-rather-long-name/of-a-repository.git/?a=b";
        let diagnostic =
            MietteDiagnostic::new(format!("the remote `{url}` did not answer `{url}`")).with_help(
                format!("see whether `git ls-remote {url}` does, and then try `{url}`"),
            );
        let painter = Painter::new(Format::Text, Color::Never, &Env::default());
        let text = painter.draw(Guarded::of(&diagnostic));
        assert_eq!(text.matches(url).count(), 4, "{text}");
        assert!(text.lines().count() > 4, "other words do break: {text}");
    }
}
