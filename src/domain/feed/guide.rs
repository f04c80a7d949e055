//! Setting up by hand: what `agnes setup --print` and a server's `/setup` tell those who have no `agnes`.
//!
//! What is printed is run as it is. So it asks for the token itself, writes it into one file for its owner
//! alone, has it in no program's arguments, and stops at the first thing that fails.
//!
//! It is pasted into the shell that somebody sits before. On macOS that is zsh, which knows no comments there:
//! `#` would be a command that is not found. So what is said to readers is an argument of `:`, which does nothing.

use std::fmt::Write as _;
use std::str::FromStr;

use crate::domain::shell::word;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    Macos,
    Windows,
    Linux,
}

impl Platform {
    pub const NAMES: [&str; 3] = ["macos", "windows", "linux"];

    fn shown(self) -> &'static str {
        match self {
            Self::Macos => "macOS",
            Self::Windows => "Windows",
            Self::Linux => "Linux",
        }
    }
}

impl FromStr for Platform {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "macos" => Ok(Self::Macos),
            "windows" => Ok(Self::Windows),
            "linux" => Ok(Self::Linux),
            _ => Err(()),
        }
    }
}

/// Instructions as commands of the platform's shell. `base` is the server's address without a slash at its
/// end, `ca` the certificates (PEM) of its authority, where no system knows that.
#[must_use]
pub fn text(platform: Platform, base: &str, ca: Option<&str>) -> String {
    let ca = ca.map(certificates).filter(|pem| !pem.is_empty());
    match platform {
        Platform::Windows => powershell(base, ca.as_deref()),
        Platform::Macos | Platform::Linux => shell(platform, base, ca.as_deref()),
    }
}

/// The certificates of a PEM file, and nothing that stands between them: it could be a key, or a command.
fn certificates(pem: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for line in pem.lines().map(str::trim) {
        inside |= line == "-----BEGIN CERTIFICATE-----";
        let plain = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
        if inside && (line.starts_with("-----") || line.chars().all(plain)) {
            out.push_str(line);
            out.push('\n');
        }
        inside &= line != "-----END CERTIFICATE-----";
    }
    out
}

fn shell(platform: Platform, base: &str, ca: Option<&str>) -> String {
    let about =
        format!("Sets Claude Code up for the plugins that {base} grants you, on {}.", platform.shown());
    let mut out = format!(
        ": {}\n: {}\n(\nset -eu\nserver={}\n",
        word(&about),
        word("Look at it, and paste all of it into a terminal. It asks for your token."),
        word(base)
    );
    out.push_str(SHELL_TOKEN);
    if let Some(ca) = ca {
        let _ = write!(
            out,
            ": 'The certificate of the server is signed by an authority of your own organisation.'\n\
            rm -f \"$folder/ca.pem\"\n\
            cat >\"$folder/ca.pem\" <<'END_OF_CERTIFICATES'\n{ca}END_OF_CERTIFICATES\n\
            git config --file \"$folder/git\" \"http.$server/.sslCAInfo\" \"$folder/ca.pem\"\n"
        );
    }
    out.push_str(SHELL_REST);
    out
}

const SHELL_TOKEN: &str = r#"for program in git claude; do
    command -v "$program" >/dev/null || { echo "There is no $program here: install it first." >&2; exit 1; }
done
folder="${XDG_CONFIG_HOME:-$HOME/.config}/agnes"
printf 'Your token for %s (it is not shown): ' "$server" >&2
: 'However this ends, the terminal shows again what is typed.'
trap 'stty echo 2>/dev/null || true' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
stty -echo 2>/dev/null || true
read -r token || token=
stty echo 2>/dev/null || true
trap - EXIT HUP INT TERM
echo >&2
test -n "$token" || { echo "No token was given, so nothing was changed." >&2; exit 1; }
mkdir -p "$folder"
: 'The one file that has the token, for you alone. With a new token, do all of this again.'
(
    umask 077
    rm -f "$folder/git"
    printf '[http "%s/"]\n\textraHeader = "Authorization: Bearer %s"\n' "$server" "$token" >"$folder/git"
)
unset token
"#;

const SHELL_REST: &str = r#"git config --global --get-all include.path | grep -qxF "$folder/git" ||
    git config --global --add include.path "$folder/git"
GIT_TERMINAL_PROMPT=0 git ls-remote "$server/marketplace.git" HEAD >/dev/null || {
    echo "git does not get through to $server: is the token right, and is the network the right one?" >&2
    exit 1
}
: 'Claude Code clones the address. Where it cannot, a clone of your own takes its place.'
if ! claude plugin marketplace add "$server/marketplace.git"; then
    test -d "$HOME/agnes-marketplace/.git" ||
        git clone --depth 1 -c pull.rebase=true "$server/marketplace.git" "$HOME/agnes-marketplace"
    git -C "$HOME/agnes-marketplace" pull --quiet --rebase
    claude plugin marketplace add "$HOME/agnes-marketplace"
fi
echo "What there is:  claude plugin list --available --json"
echo "To install it:  claude plugin install NAME@MARKETPLACE"
)
"#;

fn powershell(base: &str, ca: Option<&str>) -> String {
    let mut out = format!(
        "# Sets Claude Code up for the plugins that {base} grants you, on Windows.\r\n\
         # Look at it, and paste all of it into PowerShell. It asks for your token.\r\n\
         & {{\n$ErrorActionPreference = 'Stop'\n$PSNativeCommandUseErrorActionPreference = $false\n$server = '{}'\n",
        base.replace('\'', "''")
    );
    out.push_str(POWERSHELL_TOKEN);
    if let Some(ca) = ca {
        let _ = write!(
            out,
            "# The server's certificate is signed by an authority of your organisation's own.\n\
            $ca = Join-Path $folder 'ca.pem'\n\
            Set-Content -Encoding ascii -LiteralPath $ca -Value @'\n{ca}'@\n\
            $ca = $ca -replace '\\\\', '/'\n\
            $lines += \"`tsslCAInfo = `\"$ca`\"\", \"`tschannelUseSSLCAInfo = true\"\n"
        );
    }
    out.push_str(POWERSHELL_FILE);
    out.push_str(POWERSHELL_REST);
    out.replace("\r\n", "\n").replace('\n', "\r\n")
}

const POWERSHELL_TOKEN: &str = r#"foreach ($program in 'git', 'claude') {
    if (-not (Get-Command $program -ErrorAction SilentlyContinue)) { throw "There is no $program here: install it first." }
}
$typed = Read-Host "Your token for $server (it is not shown)" -AsSecureString
$token = [System.Net.NetworkCredential]::new('', $typed).Password
if (-not $token) { throw 'No token was given, so nothing was changed.' }
$folder = Join-Path $env:LOCALAPPDATA 'agnes'
New-Item -ItemType Directory -Force $folder | Out-Null
$lines = "[http `"$server/`"]", "`textraHeader = `"Authorization: Bearer $token`""
"#;

/// The file is narrowed while it is empty, and never replaced by another from then on: that would be anybody's
/// whom the folder lets in. And no program is told the user's name or asked for it, nor is anything compared to
/// what git prints: the two shells do not agree with programs on how letters beyond ASCII are written.
const POWERSHELL_FILE: &str = r#"# The one file that has the token, for you alone. With a new token, do all of this again.
$file = Join-Path $folder 'git'
Set-Content -Encoding ascii -LiteralPath $file -Value ''
$me = [System.Security.Principal.WindowsIdentity]::GetCurrent().User.Value
icacls $file /inheritance:r /grant:r "*${me}:F" | Out-Null
if ($LASTEXITCODE -ne 0) { throw "$file cannot be made readable for you alone" }
# In UTF-8 and without a mark of that, in every PowerShell.
[System.IO.File]::WriteAllLines($file, [string[]]$lines)
Remove-Variable -Name 'token', 'typed', 'lines'
"#;

const POWERSHELL_REST: &str = r#"# git reads that file too: named once in its configuration, however often this is done.
$path = $file -replace '\\', '/'
$pattern = '^' + ($path -replace '[.+(){}^$\[\]]', '\$0') + '$'
git config --global --replace-all include.path $path $pattern
if ($LASTEXITCODE -ne 0) { throw "git cannot be told to read $path" }
$asks = $env:GIT_TERMINAL_PROMPT
$env:GIT_TERMINAL_PROMPT = '0'
git -c credential.helper= ls-remote "$server/marketplace.git" HEAD | Out-Null
$env:GIT_TERMINAL_PROMPT = $asks
if ($LASTEXITCODE -ne 0) { throw "git does not get through to ${server}: is the token right, and is the network the right one?" }
# Claude Code clones the address. Where it cannot, a clone of your own takes its place.
claude plugin marketplace add "$server/marketplace.git"
if ($LASTEXITCODE -ne 0) {
    $clone = Join-Path $HOME 'agnes-marketplace'
    if (-not (Test-Path -LiteralPath (Join-Path $clone '.git'))) {
        git clone --depth 1 -c pull.rebase=true "$server/marketplace.git" $clone
        if ($LASTEXITCODE -ne 0) { throw "git cannot clone $server/marketplace.git" }
    }
    git -C $clone pull --quiet --rebase
    if ($LASTEXITCODE -ne 0) { throw "git cannot bring $clone up to date" }
    claude plugin marketplace add $clone
    if ($LASTEXITCODE -ne 0) { throw 'Claude Code does not take the clone either' }
}
Write-Output 'What there is:  claude plugin list --available --json'
Write-Output 'To install it:  claude plugin install NAME@MARKETPLACE'
}
"#;

#[cfg(test)]
mod tests {
    use tree_sitter::{Node, Parser, Tree};

    use super::*;

    /// Whoever writes a server's certificate file could have anything run on the machines of all analysts.
    #[test]
    fn what_is_not_a_certificate_is_not_printed() {
        let pem = "rm -rf ~\n-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n\
                   -----BEGIN CERTIFICATE-----\nQUJD\n$(rm -rf ~)\nEND_OF_CERTIFICATES; x\n-----END CERTIFICATE-----\n'@; x\n";
        let told = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n";
        assert_eq!(certificates(pem), told);
        for name in Platform::NAMES {
            let text = text(name.parse().unwrap(), "https://a.example.com", Some(pem)).replace("\r\n", "\n");
            assert!(text.contains(told) && !text.contains("rm -rf") && !text.contains("c2VjcmV0"), "{text}");
            let without = super::text(name.parse().unwrap(), "https://a.example.com", None);
            assert!(
                !without.contains("CERTIFICATE") && without.contains("https://a.example.com"),
                "{without}"
            );
        }
    }

    fn parsed(text: &str) -> Tree {
        let mut parser = Parser::new();
        parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).unwrap();
        parser.parse(text, None).unwrap()
    }

    fn nodes(tree: &Tree) -> Vec<Node<'_>> {
        let mut nodes = vec![tree.root_node()];
        let mut at = 0;
        while let Some(node) = nodes.get(at).copied() {
            nodes.extend((0..node.child_count()).filter_map(|n| node.child(u32::try_from(n).ok()?)));
            at += 1;
        }
        nodes
    }

    /// The lines that make no sense to PowerShell's grammar.
    fn nonsense(text: &str) -> Vec<usize> {
        let tree = parsed(text);
        let wrong = nodes(&tree).into_iter().filter(|node| node.is_error() || node.is_missing());
        wrong.map(|node| node.start_position().row + 1).collect()
    }

    /// The statements that run a program, where what comes next does not look at how it ended. Neither PowerShell
    /// stops by itself where a program fails.
    fn unchecked(text: &str) -> Vec<&str> {
        let tree = parsed(text);
        let said = |node: Node| &text[node.byte_range()];
        let runs = |node: &Node| {
            node.kind() == "command_name" && ["git", "claude", "icacls", "whoami"].contains(&said(*node))
        };
        let mut found = Vec::new();
        for mut statement in nodes(&tree).into_iter().filter(runs) {
            while let Some(above) = statement.parent().filter(|above| above.kind() != "statement_list") {
                statement = above;
            }
            let mut after = std::iter::successors(statement.next_named_sibling(), Node::next_named_sibling);
            // The environment is what it was before anything is thrown.
            let next = after.find(|node| !said(*node).starts_with("$env:"));
            if !next.is_some_and(|next| said(next).starts_with("if ($LASTEXITCODE -ne 0) {")) {
                found.push(said(statement));
            }
        }
        found
    }

    #[test]
    fn every_program_that_fails_stops_what_is_printed_for_powershell() {
        let pem = "-----BEGIN CERTIFICATE-----\nQUJD+/=\n-----END CERTIFICATE-----\n";
        for ca in [None, Some(pem)] {
            let text = text(Platform::Windows, "https://a.example.com", ca);
            assert_eq!(unchecked(&text), [""; 0], "{text}");
            let checks: Vec<_> = text.match_indices("if ($LASTEXITCODE -ne 0)").collect();
            assert_eq!(checks.len(), 7, "{text}");
            for (at, check) in checks {
                let without = format!("{}if ($true){}", &text[..at], &text[at + check.len()..]);
                assert_eq!(unchecked(&without).len(), 1, "{without}");
            }
        }
        let asks = "if (@(git config --get-all include.path) -notcontains 'x') { throw 'x' }\r\n";
        assert_eq!(unchecked(asks).len(), 1);
    }

    /// Whoever replaces a file gives the new one whatever its folder gives: then others read the token.
    #[test]
    fn the_file_with_the_token_is_narrowed_before_and_not_replaced_after() {
        let pem = "-----BEGIN CERTIFICATE-----\nQUJD+/=\n-----END CERTIFICATE-----\n";
        for ca in [None, Some(pem)] {
            let text = text(Platform::Windows, "https://a.example.com", ca);
            let at = |words: &str| {
                assert_eq!(text.matches(words).count(), 1, "{words}: {text}");
                text.find(words).unwrap()
            };
            let made = at("Set-Content -Encoding ascii -LiteralPath $file -Value ''\r\n");
            let narrowed = at("icacls $file ");
            let written = at("WriteAllLines($file, ");
            assert!(
                at("if (-not $token) { throw ") < at("New-Item ") && made < narrowed && narrowed < written
            );
            assert!(!text.contains("--file"), "git replaces the files that it changes: {text}");
        }
    }

    #[test]
    fn what_is_printed_for_powershell_is_powershell() {
        let pem = "-----BEGIN CERTIFICATE-----\nQUJD+/=\n-----END CERTIFICATE-----\n";
        for (base, ca) in [("https://a.example.com", None), ("https://a.example.com:8443/it's", Some(pem))] {
            let text = text(Platform::Windows, base, ca);
            assert_eq!(nonsense(&text), [0; 0], "{text}");
            // Lines end as they do there, or a here-string would not.
            assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
        }
        let broken = text(Platform::Windows, "https://a.example.com", None);
        for (piece, instead) in [("'Stop'", "'Stop"), ("\r\n}\r\n", "\r\n"), ("foreach (", "foreach ")] {
            let broken = broken.replacen(piece, instead, 1);
            assert_ne!(nonsense(&broken), [0; 0], "{broken}");
        }
    }
}
