# Text that has to be escaped, or that is no text, in every field that takes any.
{
  build,
  seen,
  repeat,
  leaf,
  ...
}:
let
  character = code: builtins.fromJSON ''"\u${code}"'';
  # The first byte of two, and the second: neither is UTF-8 alone.
  half = builtins.substring 0 1 "é";
  other = builtins.substring 1 1 "é";
  texts = {
    quote = ''"'';
    quotes = ''""'';
    backslash = "\\";
    backslashes = "\\\\";
    backslash_n = "\\n";
    escaped_quote = ''\"'';
    line_feed = "\n";
    carriage_return = "\r";
    tab = "\t";
    mixed = "a\"b\\c\nd\re\tf";
    dollar = "$out \${out} $(out) \`out\`";
    empty = "";
    blank = " ";
    control = character "0001" + character "001b" + character "007f" + character "0008";
    unicode = "é ☃ 𝄞 ";
    separators = "[(),]";
    like_a_field = ''","out")],[("'';
  };
  foreign = {
    half = half;
    other = other;
    middle = "a${other}${half}z";
    overlong = builtins.substring 1 1 "ā" + "/";
  };
in
{
  escapes-values = build "escapes-values" seen texts;
  escapes-foreign-bytes = build "escapes-foreign-bytes" seen foreign;
  escapes-names =
    build "escapes-names" seen
      (builtins.listToAttrs (
        map (text: {
          name = text;
          value = "the value of ${text}";
        }) (builtins.attrValues texts)
      ));
  escapes-foreign-names = build "escapes-foreign-names" seen {
    ${half} = "half";
    "z${other}" = "other";
  };
  # A name may have `=` in it, where a variable cannot.
  escapes-equal-signs = build "escapes-equal-signs" seen {
    "a=b" = "c";
    "=" = "=";
    a = "b=c";
    "0" = "zero";
    "a b" = "blank";
    "a.b-c" = "dots";
  };
  escapes-arguments = derivation {
    name = "escapes-arguments";
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [
      "-ec"
      ''PATH=/usr/bin:/bin; ${seen}''
    ]
    ++ builtins.attrValues texts
    ++ builtins.attrValues foreign
    ++ [ "" ];
  };
  # The program itself has a name to be escaped.
  escapes-builder =
    let
      folder =
        build "escapes-folder" ''mkdir "$out"; ln -s /bin/sh "$out/$program"''
          { program = "a \"quoted\\\"\nshell\té"; };
    in
    derivation {
      name = "escapes-builder";
      system = builtins.currentSystem;
      builder = "${folder}/${folder.program}";
      args = [
        "-ec"
        ''PATH=/usr/bin:/bin; ${seen}''
      ];
    };
  # Each kind of value, as text.
  escapes-kinds = build "escapes-kinds" seen {
    integer = 42;
    negative = -9223372036854775807;
    float = 1.5;
    large = 1.0e30;
    yes = true;
    no = false;
    nothing = null;
    list = [
      1
      "two"
      [
        3
        [ ]
        null
        [ true ]
      ]
      ""
      leaf
    ];
    self = {
      __toString = self: "text of ${self.what}";
      what = "a set";
    };
    path = {
      outPath = "/a/path";
    };
  };
  escapes-ignored-nulls = build "escapes-ignored-nulls" seen {
    __ignoreNulls = true;
    nothing = null;
    something = "";
  };
  escapes-long = build "escapes-long" seen { long = repeat 10000 "0123456\"\\\n"; };
  escapes-as-files = build "escapes-as-files" seen (
    texts
    // foreign
    // {
      inherit leaf;
      own = builtins.placeholder "out";
      huge = repeat 20000 "more than a variable may hold\n";
      passAsFile = [
        "mixed"
        "empty"
        "unicode"
        "half"
        "leaf"
        "own"
        "huge"
        "there-is-none"
      ];
    }
  );
  # Variables that Nix sets itself: those of the derivation win.
  escapes-own-variables = build "escapes-own-variables" seen {
    HOME = "/home";
    TERM = "dumb";
    NIX_STORE = "/elsewhere";
    NIX_BUILD_CORES = 7;
    NIX_BUILD_TOP = "/top";
    TMPDIR = "/tmp/own";
    PWD = "/pwd";
    NIX_LOG_FD = "9";
  };
}
