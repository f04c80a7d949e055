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
            Set-Content -Encoding ascii -LiteralPath (Join-Path $folder 'ca.pem') -Value @'\n{ca}'@\n\
            git config --file $file \"http.$server/.sslCAInfo\" ((Join-Path $folder 'ca.pem') -replace '\\\\', '/')\n\
            git config --file $file \"http.$server/.schannelUseSSLCAInfo\" true\n"
        );
    }
    out.push_str(POWERSHELL_REST);
    out.replace("\r\n", "\n").replace('\n', "\r\n")
}

const POWERSHELL_TOKEN: &str = r#"foreach ($program in 'git', 'claude') {
    if (-not (Get-Command $program -ErrorAction SilentlyContinue)) { throw "There is no $program here: install it first." }
}
$folder = Join-Path $env:LOCALAPPDATA 'agnes'
New-Item -ItemType Directory -Force $folder | Out-Null
$file = Join-Path $folder 'git'
$typed = Read-Host "Your token for $server (it is not shown)" -AsSecureString
$token = [System.Net.NetworkCredential]::new('', $typed).Password
# The one file that has the token, for you alone. With a new token, do all of this again.
Set-Content -Encoding ascii -LiteralPath $file -Value ''
icacls $file /inheritance:r /grant:r "$(whoami):F" | Out-Null
if ($LASTEXITCODE -ne 0) { throw "$file cannot be made readable for you alone" }
Set-Content -Encoding ascii -LiteralPath $file -Value "[http `"$server/`"]", "`textraHeader = `"Authorization: Bearer $token`""
Remove-Variable -Name 'token', 'typed'
"#;

const POWERSHELL_REST: &str = r#"$path = $file -replace '\\', '/'
if (@(git config --global --get-all include.path) -notcontains $path) { git config --global --add include.path $path }
$asks = $env:GIT_TERMINAL_PROMPT
$env:GIT_TERMINAL_PROMPT = '0'
git -c credential.helper= ls-remote "$server/marketplace.git" HEAD | Out-Null
$env:GIT_TERMINAL_PROMPT = $asks
if ($LASTEXITCODE -ne 0) { throw "git does not get through to ${server}: is the token right, and is the network the right one?" }
# Claude Code clones the address. Where it cannot, a clone of your own takes its place.
claude plugin marketplace add "$server/marketplace.git"
if ($LASTEXITCODE -ne 0) {
    $clone = Join-Path $HOME 'agnes-marketplace'
    if (-not (Test-Path (Join-Path $clone '.git'))) { git clone --depth 1 -c pull.rebase=true "$server/marketplace.git" $clone }
    git -C $clone pull --quiet --rebase
    claude plugin marketplace add $clone
    if ($LASTEXITCODE -ne 0) { throw 'Claude Code does not take the clone either' }
}
Write-Output 'What there is:  claude plugin list --available --json'
Write-Output 'To install it:  claude plugin install NAME@MARKETPLACE'
}
"#;

#[cfg(test)]
mod tests {
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

    /// The lines that make no sense to PowerShell's grammar.
    fn nonsense(text: &str) -> Vec<usize> {
        let mut parser = tree_sitter::Parser::new();
        parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).unwrap();
        let tree = parser.parse(text, None).unwrap();
        let (mut found, mut nodes) = (Vec::new(), vec![tree.root_node()]);
        while let Some(node) = nodes.pop() {
            if node.is_error() || node.is_missing() {
                found.push(node.start_position().row + 1);
            }
            nodes.extend((0..node.child_count()).filter_map(|n| node.child(u32::try_from(n).ok()?)));
        }
        found
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
