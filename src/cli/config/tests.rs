use super::*;

/// A configuration read from these texts, as it would be by somebody at `/home/ada`.
fn given(flags: &Global, variables: &[(&str, &str)], file: Option<&str>) -> Result<Config, Failure> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agnes.toml");
    if let Some(text) = file {
        fs::write(&path, text).unwrap();
    }
    let config = file.map(|_| path.clone());
    let global = Global { config, ..flags.clone() };
    let mut config = read(&global, &[], &|name| {
        let found = variables.iter().find(|(variable, _)| *variable == name);
        found.map(|(_, value)| value.into())
    })?;
    let base = folder.path().display().to_string();
    if let Ok(below) = config.data_dir.strip_prefix(folder.path()) {
        config.data_dir = Path::new("BASE").join(below);
    }
    for shown in &mut config.shown {
        shown.source = shown.source.replace(&base, "BASE");
        if let serde_json::Value::String(text) = &mut shown.value {
            *text = text.replace(&base, "BASE");
        }
    }
    Ok(config)
}

fn flags() -> Global {
    Global { data_dir: Some("/flag".into()), ..Global::default() }
}

fn shown(config: &Config, key: &str) -> (String, String) {
    let found = config.shown.iter().find(|shown| shown.key == key).unwrap();
    (found.value.to_string(), found.source.clone())
}

#[test]
fn a_flag_is_stronger_than_a_variable_and_that_than_the_file() {
    let file = "lock_wait = 1\n[sync]\njobs = 2\n[cache]\nmax_bytes = 3";
    let variables = [("AGNES_LOCK_WAIT", "7"), ("AGNES_SYNC_JOBS", "8")];
    let config = given(&Global { lock_wait: Some(9), ..flags() }, &variables, Some(file)).unwrap();
    assert_eq!(config.settings.lock_patience, Duration::from_secs(9));
    assert_eq!(shown(&config, "lock_wait"), ("9".into(), "flag --lock-wait".into()));
    assert_eq!(shown(&config, "sync.jobs"), ("8".into(), "environment AGNES_SYNC_JOBS".into()));
    assert_eq!(shown(&config, "cache.max_bytes"), ("3".into(), "file BASE/agnes.toml".into()));
    assert_eq!(shown(&config, "sync.idle_timeout"), ("30".into(), "default".into()));
}

#[test]
fn the_data_folder_is_looked_for_in_this_order() {
    let nothing = Global { data_dir: None, ..flags() };
    let file = Some("data_dir = \"below\"");
    let both = [("AGNES_DATA_DIR", "/agnes"), ("DATA_DIR", "/data")];
    let empty = [("AGNES_DATA_DIR", ""), ("DATA_DIR", "/data")];
    let dir = |config: Config| config.data_dir.display().to_string();
    assert_eq!(dir(given(&flags(), &both, file).unwrap()), "/flag");
    assert_eq!(dir(given(&nothing, &both, file).unwrap()), "/agnes");
    assert_eq!(dir(given(&nothing, &empty, file).unwrap()), "/data");
    let config = given(&nothing, &[], file).unwrap();
    assert_eq!(shown(&config, "data_dir"), ("\"BASE/below\"".into(), "file BASE/agnes.toml".into()));
    assert_eq!(dir(config), "BASE/below");
}

#[test]
fn paths_in_the_file_start_from_the_file() {
    let config = given(&flags(), &[], Some("[sync]\nca_bundle = \"ca.pem\"")).unwrap();
    assert_eq!(shown(&config, "sync.ca_bundle").0, "\"BASE/ca.pem\"");
    let config = given(&flags(), &[("AGNES_SYNC_CA_BUNDLE", "ca.pem")], None).unwrap();
    assert_eq!(shown(&config, "sync.ca_bundle").0, "\"ca.pem\"");
}

#[test]
fn what_is_served_how_comes_from_flags_variables_and_the_file() {
    let file = "[serve]\nlisten = [\"[::1]:1\", \"10.0.0.1:2\"]\ntls_cert = \"c.pem\"\ntls_key = \"/k.pem\"\n\
                sync_at = [\"03:00\"]";
    let variables = [("AGNES_SERVE_SYNC_AT", "01:30, 13:30"), ("AGNES_SERVE_LOG_FORMAT", "json")];
    let config = given(&flags(), &variables, Some(file)).unwrap();
    let served = &config.serve.settings;
    assert_eq!(served.listen, ["[::1]:1".parse().unwrap(), "10.0.0.1:2".parse().unwrap()]);
    let times: Vec<_> = served.sync_at.iter().map(ToString::to_string).collect();
    assert_eq!(times, ["01:30", "13:30"]);
    assert_eq!(shown(&config, "serve.tls_cert").0, "\"BASE/c.pem\"");
    assert_eq!(served.tls.as_ref().unwrap().key, Path::new("/k.pem"));
    assert_eq!(config.serve.log_format, serve::LogFormat::Json);

    let listen = Value::Array(vec![Value::String("127.0.0.1:0".into())]);
    let flag = Flag { key: "serve.listen", value: listen, name: "--listen" };
    let config = read(&flags(), &[flag], &|_| None).unwrap();
    assert_eq!(config.serve.settings.listen, ["127.0.0.1:0".parse().unwrap()]);
    assert_eq!(shown(&config, "serve.listen").1, "flag --listen");
}

/// Variables, a file, and what the message says.
type Case = (&'static [(&'static str, &'static str)], &'static str, &'static str);

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let cases: [Case; 19] = [
        (&[], "[serve]\nlisten = \"1\"", "a list of texts in brackets is needed"),
        (&[], "[serve]\nlisten = []", "`serve.listen`: there is no address to listen on"),
        (&[("AGNES_SERVE_LISTEN", "localhost")], "", "`localhost` is not an address with a port"),
        (&[], "[serve]\nsync_at = [\"3\"]", "`3` is not a time of day such as 03:00"),
        (&[], "[serve]\ntls_cert = \"c.pem\"", "`serve.tls_key`: it is missing, and there is a certificate"),
        (&[], "[serve]\npublic_url = \"x\"", "`serve.public_url`: `x` is not an address such as https://"),
        (&[], "[serve]\nlog_format = \"xml\"", "`xml` is neither `text` nor `json`"),
        (&[], "[serve]\nlog_level = \"loud\"", "`loud` is none of error, warn, info, debug, trace"),
        (&[], "[serve]\nmetrics = \"all\"", "`all` is neither `local` nor `public`"),
        (&[], "[serve]\nbody_timeout = 0", "`serve.body_timeout`: nothing can be done in 0 seconds"),
        (
            &[("AGNES_SYNC_JOBS", "four")],
            "",
            "the environment variable AGNES_SYNC_JOBS is `four`: a whole number",
        ),
        (
            &[("AGNES_LOCK_WAIT", "-1")],
            "",
            "`lock_wait` is -1: a whole number, 0 or more is needed (environment AGNES_LOCK_WAIT)",
        ),
        (&[], "[sync]\njobs = \"4\"", "`sync.jobs` is \"4\": a whole number"),
        (&[], "[limits]\nmax_files = -3", "is -3: a whole number, 0 or more is needed"),
        (&[], "[marketplace]\nname = 3", "is 3: a text in quotes is needed"),
        (&[], "[sync]\njbos = 4", "has a key `sync.jbos`, which is no setting"),
        (&[], "[sync]\njobs = 0", "`sync.jobs`: 0 is not a number from 1 to 64 (file "),
        (&[], "[sync]\nidle_timeout = 0", "`sync.idle_timeout`: nothing can be fetched"),
        (
            &[("AGNES_SYNC_ALLOW_NETWORKS", "10.0.0.0/8 intranet")],
            "",
            "`sync.allow_networks`: `intranet` is not a network: something like `10.20.0.0/16`",
        ),
    ];
    for (variables, file, expected) in cases {
        let failure = given(&flags(), variables, Some(file)).unwrap_err();
        assert!(failure.message.contains(expected), "{}", failure.message);
        assert_eq!(failure.exit, crate::cli::exit::Exit::Usage);
    }
}

#[test]
fn a_variable_that_is_empty_is_not_set() {
    let config = given(&flags(), &[("AGNES_SYNC_JOBS", ""), ("AGNES_MARKETPLACE_NAME", "")], None).unwrap();
    assert_eq!(shown(&config, "sync.jobs"), ("4".into(), "default".into()));
    assert_eq!(config.settings.feed.name, "agnes");
}

#[test]
fn the_example_shows_every_key_with_its_default() {
    let example = include_str!("../../../examples/agnes.toml");
    let shown = |config: Config| -> BTreeMap<String, String> {
        config.shown.into_iter().map(|shown| (shown.key, shown.value.to_string())).collect()
    };
    assert_eq!(
        shown(given(&flags(), &[], Some(example)).unwrap()),
        shown(given(&flags(), &[], None).unwrap())
    );
    for key in flattened(&Table::try_from(defaults()).unwrap()).into_keys() {
        let name = key.rsplit('.').next().unwrap();
        assert!(example.contains(&format!("\n{name} = ")), "{key} is missing");
    }
    // What has no default is there as a comment, and works once that is taken away.
    let mut all = example.to_owned();
    for key in ["owner_email", "ca_bundle", "tls_cert", "tls_key", "public_url", "server"] {
        assert!(all.contains(&format!("\n#{key} = ")), "{key} is missing");
        all = all.replace(&format!("\n#{key}"), &format!("\n{key}"));
    }
    given(&flags(), &[], Some(&all.replace("\n#data_dir", "\ndata_dir"))).unwrap();
}

#[test]
fn a_server_is_named_by_flag_variable_or_file() {
    let file = "server = \"https://file.example/\"\nserver_ca = \"ca.pem\"\nserver_token_file = \"token\"";
    let variables = [("AGNES_SERVER", "https://variable.example"), ("AGNES_SERVER_TOKEN_FILE", "/t")];
    let named = Global { server: Some("https://flag.example".into()), ..flags() };
    let url = |config: &Config| config.server.as_ref().unwrap().url.to_string();
    assert_eq!(url(&given(&named, &variables, Some(file)).unwrap()), "https://flag.example");
    let config = given(&flags(), &variables, Some(file)).unwrap();
    assert_eq!(url(&config), "https://variable.example");
    assert_eq!(shown(&config, "server_ca").0, "\"BASE/ca.pem\"");
    assert_eq!(shown(&config, "server_token_file").0, "\"/t\"");
    assert!(!config.server.unwrap().token_file_is_flag);
    assert_eq!(url(&given(&flags(), &[], Some(file)).unwrap()), "https://file.example");
    assert_eq!(given(&flags(), &[], None).unwrap().server, None);
    let said = given(&flags(), &[("AGNES_SERVER", "http://far.example")], None).unwrap_err().message;
    assert!(said.contains("in the clear") && said.contains("environment AGNES_SERVER"), "{said}");
}
