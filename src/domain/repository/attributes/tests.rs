use super::*;
use crate::domain::limits::Limits;
use crate::domain::repository::testing::{Item, Memory, file};

fn effect(items: &[(&str, Item)], path: &str) -> Effect {
    let mut memory = Memory::default();
    let root = memory.repo(items);
    let repo = Repo::new(&memory, root, &Limits::default());
    let path: Vec<Vec<u8>> = path.split('/').map(|part| part.as_bytes().to_vec()).collect();
    Attributes::new(&repo).effect(&path).unwrap()
}

fn ending(items: &[(&str, Item)], path: &str) -> Ending {
    effect(items, path).ending
}

#[test]
fn a_filter_is_looked_for_and_only_lfs_is_one() {
    let items = [
        (
            ".gitattributes",
            file("*.bin filter=lfs diff=lfs merge=lfs -text\n*.txt filter=lfs eol=crlf\n*.own filter=own\n"),
        ),
        ("p/.gitattributes", file("[attr]lfs filter=lfs\n*.no lfs\nraw.bin -filter\nhere.bin !filter\n")),
    ];
    let lfs = |path: &str| effect(&items, path).lfs;
    assert!(lfs("a.bin") && lfs("p/a.bin") && lfs("a.txt"));
    assert!(!lfs("p/raw.bin") && !lfs("p/here.bin") && !lfs("a.own") && !lfs("p/a.no") && !lfs("a"));
    // What LFS puts there is no text of git's.
    assert_eq!(ending(&items, "a.txt"), Ending::Keep);
    let words = [(".gitattributes", file("[attr]big filter=lfs -text\n*.bin big\n"))];
    assert!(effect(&words, "p/a.bin").lfs);
}

#[test]
fn deeper_and_later_lines_win() {
    let items = [
        (
            ".gitattributes",
            file("* text=auto\n*.bat eol=crlf\n*.png binary\n[attr]win text eol=crlf\n*.cmd win\n"),
        ),
        ("p/.gitattributes", file("*.bat -text\n\"a b.txt\" eol=crlf\n# no\n*.x eol=lf\n*.y win\n")),
        ("p/x", file("")),
    ];
    assert_eq!(ending(&items, "a.bat"), Ending::AutoCrlf);
    assert_eq!(ending(&items, "a.cmd"), Ending::Crlf);
    assert_eq!(ending(&items, "a.txt"), Ending::Keep);
    assert_eq!(ending(&items, "p/a.bat"), Ending::Keep);
    assert_eq!(ending(&items, "p/a b.txt"), Ending::AutoCrlf);
    assert_eq!(ending(&items, "p/q/a.cmd"), Ending::Crlf);
    assert_eq!(ending(&items, "p/a.y"), Ending::Crlf);
    assert_eq!(ending(&[("a", file(""))], "a"), Ending::Keep);
}

#[test]
fn bytes_as_git_writes_them() {
    assert_eq!(converted(b"a\nb\r\nc\n", Ending::Crlf).unwrap(), b"a\r\nb\r\nc\r\n");
    assert_eq!(converted(b"a\nb\r\n", Ending::AutoCrlf), None);
    assert_eq!(converted(b"a\nb\n", Ending::AutoCrlf).unwrap(), b"a\r\nb\r\n");
    assert_eq!(converted(b"a\0\n", Ending::AutoCrlf), None);
    assert_eq!(converted(b"a\r\n", Ending::Crlf), None);
    assert_eq!(converted(b"a\n", Ending::Keep), None);
}

#[test]
fn a_path_of_a_hundred_thousand_folders_is_nobodys_stack() {
    let items = [(".gitattributes", file("* eol=crlf\n")), ("a/b", file("x\n"))];
    assert_eq!(ending(&items, &("a/".repeat(100_000) + "b")), Ending::Crlf);
}

#[test]
fn words_that_stand_for_words_do_not_double() {
    let lines: String = (1..200)
        .map(|i| format!("[attr]w{i} w{0} w{0}\n", i - 1))
        .fold(String::new(), |all, line| all + &line);
    let text = format!("[attr]w0 eol=lf eol=crlf\n{lines}* w199\n");
    assert_eq!(ending(&[(".gitattributes", file(&text)), ("a", file(""))], "a"), Ending::Crlf);
}

#[test]
fn a_hostile_file_costs_no_more_than_was_decided() {
    let line = format!("{}b eol=crlf\n", "*a".repeat(500));
    let name = "a".repeat(200);
    let items = [(".gitattributes", file(&line.repeat(400))), (name.as_str(), file("x\n"))];
    let began = std::time::Instant::now();
    assert_eq!(ending(&items, &name), Ending::Keep);
    assert!(began.elapsed().as_secs() < 20);
}
