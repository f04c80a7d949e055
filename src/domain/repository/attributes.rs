//! Which files a checkout writes otherwise than they were committed (gitattributes(5)): with other line endings
//! ("eol"), or with contents that git LFS keeps elsewhere ("filter").
//!
//! Claude Code uses checkouts. On Linux and macOS git then turns LF into CRLF where `eol=crlf` says so, and does
//! nothing else to line endings; so that is what is served, through both channels. What else attributes can ask
//! for is not done: `ident` would write ids into files, `working-tree-encoding` other encodings, and any other
//! `filter` is somebody's program.

mod pattern;
#[cfg(test)]
mod tests;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use pattern::Pattern;

use super::links::{Lost, Repo};
use super::oid::Oid;
use super::tree::{Kind, ReadError};

const NAME: &[u8] = b".gitattributes";

/// Larger files with attributes are not read, in bytes.
const LARGEST: u64 = 1 << 20;

/// Git passes over lines of as many bytes (`ATTR_MAX_LINE_LENGTH`).
const LONGEST_LINE: usize = 2_048;

/// Git refuses larger files, in bytes (`ATTR_MAX_FILE_SIZE`).
pub const LARGEST_FOR_GIT: u64 = 100 << 20;

/// Remembered at most: folders, how deep they may be, and bytes of files with attributes. A stranger decides how
/// many there are.
const MOST_FOLDERS: usize = 4_096;
const DEEPEST: usize = 128;
const MOST_BYTES: u64 = 16 << 20;

/// Steps of comparing patterns with paths, for one plugin: a stranger decides how many there are of each.
const BUDGET: u64 = 50_000_000;

/// What git does when it writes a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Keep,
    /// `eol=crlf`
    Crlf,
    /// The same, for `text=auto`: if it looks like text and has no CRLF yet.
    AutoCrlf,
}

/// What a checkout does to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effect {
    /// [`Ending::Keep`] where git LFS is asked: what it puts in a pointer's place is written as it is.
    pub ending: Ending,
    /// A pointer is replaced by what it points to (`filter=lfs`).
    pub lfs: bool,
}

/// The attributes in a repository's folders, as far as line endings and git LFS are concerned.
pub struct Attributes<'a> {
    repo: &'a Repo<'a>,
    /// What the repository's own file says, and the words that it defines.
    root: OnceCell<(Rc<[Rule]>, Macros)>,
    remembered: RefCell<Remembered>,
    budget: Cell<u64>,
}

/// Words that stand for others. Only a repository's outermost file may define some.
type Macros = HashMap<Vec<u8>, Vec<Setting>>;

#[derive(Default)]
struct Remembered {
    folders: HashMap<Vec<Vec<u8>>, Chain>,
    files: HashMap<Oid, Rc<[Rule]>>,
    /// Of all files.
    bytes: u64,
}

/// How deep each file with attributes lies, and what is in it; outermost first.
type Chain = Rc<[(usize, Rc<[Rule]>)]>;

struct Rule {
    pattern: Pattern,
    settings: Vec<Setting>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Setting {
    attribute: Attribute,
    /// `None`: unspecified again.
    value: Option<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attribute {
    Text,
    Eol,
    Filter,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Set,
    Unset,
    Text(Vec<u8>),
}

impl<'a> Attributes<'a> {
    #[must_use]
    pub fn new(repo: &'a Repo<'a>) -> Self {
        Self { repo, root: OnceCell::new(), remembered: RefCell::default(), budget: Cell::new(BUDGET) }
    }

    /// Whether there were more patterns and paths than are compared; the files since are kept as they are.
    #[must_use]
    pub fn gave_up(&self) -> bool {
        self.budget.get() == 0
    }

    /// What a checkout does to the file at `path`, which has no symlink in it.
    ///
    /// # Errors
    /// When the repository is damaged.
    pub fn effect(&self, path: &[Vec<u8>]) -> Result<Effect, ReadError> {
        let none = Effect { ending: Ending::Keep, lfs: false };
        let Some((name, folder)) = path.split_last() else { return Ok(none) };
        let (mut text, mut eol, mut filter) = (None, None, None);
        for (depth, rules) in self.of(folder)?.iter() {
            let below = path[*depth..].join(&b'/');
            for rule in rules.iter() {
                if !rule.pattern.matches(&below, name, &self.budget) {
                    continue;
                }
                for setting in &rule.settings {
                    match setting.attribute {
                        Attribute::Text => text.clone_from(&setting.value),
                        Attribute::Eol => eol.clone_from(&setting.value),
                        Attribute::Filter => filter.clone_from(&setting.value),
                    }
                }
            }
        }
        if self.gave_up() {
            return Ok(none);
        }
        if matches!(&filter, Some(Value::Text(value)) if value == b"lfs") {
            return Ok(Effect { lfs: true, ..none });
        }
        let crlf = matches!(&eol, Some(Value::Text(value)) if value == b"crlf");
        let ending = match text {
            _ if !crlf || text == Some(Value::Unset) => Ending::Keep,
            Some(Value::Text(value)) if value == b"auto" => Ending::AutoCrlf,
            _ => Ending::Crlf,
        };
        Ok(Effect { ending, lfs: false })
    }

    /// The rules of a folder and of those above it, in the order in which they override each other.
    fn of(&self, folder: &[Vec<u8>]) -> Result<Chain, ReadError> {
        if let Some(known) = self.remembered.borrow().folders.get(folder) {
            return Ok(Rc::clone(known));
        }
        let mut chain = Vec::new();
        let mut tree = match self.repo.locate(&[], std::iter::empty()) {
            Ok(root) => root.id,
            Err(Lost::Read(error)) => return Err(error),
            Err(_) => return Ok(Chain::default()),
        };
        for depth in 0..=folder.len() {
            let entries = match self.repo.entries(&tree) {
                Ok(entries) => entries,
                Err(Lost::Read(error)) => return Err(error),
                // Nothing in there is served.
                Err(_) => break,
            };
            // Git follows no link here.
            let file = entries.named(NAME).find(|entry| matches!(entry.kind, Kind::File | Kind::Executable));
            let rules = match (depth, file) {
                (0, file) => self.in_root(file.map(|file| &file.id))?,
                (_, Some(file)) => self.in_file(&file.id)?,
                (_, None) => Rc::default(),
            };
            if !rules.is_empty() {
                chain.push((depth, rules));
            }
            let Some(name) = folder.get(depth) else { break };
            let inner = entries.named(name).find(|entry| entry.kind == Kind::Tree);
            let Some(inner) = inner else { break };
            tree = inner.id;
        }
        let chain: Chain = chain.into();
        if folder.len() <= DEEPEST {
            let mut remembered = self.remembered.borrow_mut();
            if remembered.folders.len() >= MOST_FOLDERS {
                remembered.folders.clear();
            }
            remembered.folders.insert(folder.to_owned(), Rc::clone(&chain));
        }
        Ok(chain)
    }

    /// The lines of the outermost file.
    fn in_root(&self, id: Option<&Oid>) -> Result<Rc<[Rule]>, ReadError> {
        if let Some((rules, _)) = self.root.get() {
            return Ok(Rc::clone(rules));
        }
        let not_text = Setting { attribute: Attribute::Text, value: Some(Value::Unset) };
        let mut macros = Macros::from([(b"binary".to_vec(), vec![not_text])]);
        let bytes = id.map_or(Ok(None), |id| self.small(id))?;
        let rules: Rc<[Rule]> = parse(&bytes.unwrap_or_default(), &mut macros, true).into();
        let (rules, _) = self.root.get_or_init(|| (rules, macros));
        Ok(Rc::clone(rules))
    }

    /// The lines of a file further in.
    fn in_file(&self, id: &Oid) -> Result<Rc<[Rule]>, ReadError> {
        if let Some(known) = self.remembered.borrow().files.get(id) {
            return Ok(Rc::clone(known));
        }
        let Some(bytes) = self.small(id)? else { return Ok(Rc::default()) };
        let mut macros = self.root.get().map(|(_, macros)| macros.clone()).unwrap_or_default();
        let rules: Rc<[Rule]> = parse(&bytes, &mut macros, false).into();
        let mut remembered = self.remembered.borrow_mut();
        remembered.bytes += bytes.len() as u64;
        if remembered.bytes > MOST_BYTES {
            *remembered = Remembered { bytes: bytes.len() as u64, ..Remembered::default() };
        }
        remembered.files.insert(*id, Rc::clone(&rules));
        Ok(rules)
    }

    fn small(&self, id: &Oid) -> Result<Option<Vec<u8>>, ReadError> {
        let objects = self.repo.objects();
        if objects.size(id)? > LARGEST { Ok(None) } else { objects.blob(id).map(Some) }
    }
}

/// Whether `git fsck` refuses a file with attributes for what is in it, and whoever checks what they fetch
/// (`transfer.fsckObjects`) all that comes with it.
#[must_use]
pub fn is_refused(bytes: &[u8]) -> bool {
    bytes.len() as u64 > LARGEST_FOR_GIT
        || bytes.split(|byte| *byte == b'\n').any(|line| line.len() >= LONGEST_LINE)
}

/// The contents with CRLF for every LF that has none, if a checkout would write them so.
#[must_use]
pub fn converted(bytes: &[u8], ending: Ending) -> Option<Vec<u8>> {
    let lone = |i: usize| bytes[i] == b'\n' && (i == 0 || bytes[i - 1] != b'\r');
    let count = (0..bytes.len()).filter(|i| lone(*i)).count();
    let wanted = match ending {
        Ending::Keep => false,
        Ending::Crlf => true,
        Ending::AutoCrlf => looks_like_text(bytes) && !bytes.windows(2).any(|two| two == b"\r\n"),
    };
    if !wanted || count == 0 {
        return None;
    }
    let mut out = Vec::with_capacity(bytes.len() + count);
    for (i, byte) in bytes.iter().enumerate() {
        if lone(i) {
            out.push(b'\r');
        }
        out.push(*byte);
    }
    Some(out)
}

/// As git's convert.c guesses: no NUL, no CR alone, and few bytes that do not print.
fn looks_like_text(bytes: &[u8]) -> bool {
    let body = bytes.strip_suffix(b"\x1a").unwrap_or(bytes);
    let lone_cr = body.iter().enumerate().any(|(i, byte)| *byte == b'\r' && body.get(i + 1) != Some(&b'\n'));
    let ends = body.iter().filter(|byte| matches!(**byte, b'\r' | b'\n')).count();
    let odd = |byte: u8| byte == 0x7f || (byte < 0x20 && !matches!(byte, 0x08..=0x0a | 0x0c | 0x0d | 0x1b));
    let odd = body.iter().filter(|byte| odd(**byte)).count();
    !body.contains(&0) && !lone_cr && (body.len() - ends - odd) >> 7 >= odd
}

/// The lines that say something of line endings or filters.
fn parse(bytes: &[u8], macros: &mut Macros, may_define: bool) -> Vec<Rule> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut rules = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| line.len() < LONGEST_LINE) {
        let line = line.trim_ascii();
        if line.is_empty() || line[0] == b'#' {
            continue;
        }
        if let Some(rest) = line.strip_prefix(b"[attr]") {
            let mut words = words(rest);
            if let Some(name) = words.next().filter(|_| may_define) {
                let settings = last(words.flat_map(|word| settings(word, macros)));
                macros.insert(name.to_vec(), settings);
            }
            continue;
        }
        let Some((pattern, rest)) = pattern_of(line) else { continue };
        let settings = last(words(rest).flat_map(|word| settings(word, macros)));
        if let Some(pattern) = Pattern::parse(&pattern).filter(|_| !settings.is_empty()) {
            rules.push(Rule { pattern, settings });
        }
    }
    rules
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

/// The pattern, which may be quoted as in C, and what follows it.
fn pattern_of(line: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let Some(quoted) = line.strip_prefix(b"\"") else {
        let end = line.iter().position(u8::is_ascii_whitespace).unwrap_or(line.len());
        return Some((line[..end].to_vec(), &line[end..]));
    };
    let mut pattern = Vec::new();
    let mut rest = quoted;
    loop {
        let (first, after) = rest.split_first()?;
        rest = after;
        match first {
            b'"' => return Some((pattern, rest)),
            b'\\' => {
                let (escaped, after) = rest.split_first()?;
                rest = after;
                match escaped {
                    b'n' => pattern.push(b'\n'),
                    b't' => pattern.push(b'\t'),
                    b'r' => pattern.push(b'\r'),
                    b'0'..=b'3' => {
                        let (more, after) = rest.split_at_checked(2)?;
                        rest = after;
                        let digit = |byte: u8| (byte ^ b'0' < 8).then_some(byte ^ b'0');
                        pattern.push((digit(*escaped)? << 6) | (digit(more[0])? << 3) | digit(more[1])?);
                    }
                    other => pattern.push(*other),
                }
            }
            other => pattern.push(*other),
        }
    }
}

/// Of each attribute what is said last. A word may stand for words that stand for words: without this there would
/// be twice as many with each line.
fn last(all: impl Iterator<Item = Setting>) -> Vec<Setting> {
    let mut found: Vec<Setting> = Vec::new();
    for setting in all {
        found.retain(|known| known.attribute != setting.attribute);
        found.push(setting);
    }
    found
}

/// What one word of a line sets.
fn settings(word: &[u8], macros: &Macros) -> Vec<Setting> {
    let (name, value) = match word {
        [b'-', name @ ..] => (name, Some(Value::Unset)),
        [b'!', name @ ..] => (name, None),
        word => match word.iter().position(|byte| *byte == b'=') {
            Some(at) => (&word[..at], Some(Value::Text(word[at + 1..].to_vec()))),
            None => (word, Some(Value::Set)),
        },
    };
    let one = |attribute| vec![Setting { attribute, value: value.clone() }];
    match name {
        b"text" => one(Attribute::Text),
        b"eol" => one(Attribute::Eol),
        b"filter" => one(Attribute::Filter),
        name => macros.get(name).filter(|_| value == Some(Value::Set)).cloned().unwrap_or_default(),
    }
}
