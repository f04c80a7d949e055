#compdef agnes

autoload -U is-at-least

_agnes() {
    typeset -A opt_args
    typeset -a _arguments_options
    local ret=1

    if is-at-least 5.2; then
        _arguments_options=(-s -S -C)
    else
        _arguments_options=(-s -C)
    fi

    local context curcontext="$curcontext" state line
    _arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'-V[Print version]' \
'--version[Print version]' \
":: :_agnes_commands" \
"*::: :->agnes" \
&& ret=0
    case $state in
    (agnes)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:agnes-command-$line[1]:"
        case $line[1] in
            (marketplace)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
":: :_agnes__subcmd__marketplace_commands" \
"*::: :->marketplace" \
&& ret=0

    case $state in
    (marketplace)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:agnes-marketplace-command-$line[1]:"
        case $line[1] in
            (add)
_arguments "${_arguments_options[@]}" : \
'--slug=[A short name\: a-z, 0-9, \`-\`, \`_\` \[default\: made from the URL\]]:SLUG:_default' \
'--name=[A name for people \[default\: the slug\]]:NAME:_default' \
'(--ref)--branch=[Follow this branch \[default\: the upstream'\''s own\]]:BRANCH:_default' \
'--ref=[Stay at this tag or full commit id]:REF:_default' \
'--description=[One line about it]:TEXT:_default' \
'--curator-name=[Who looks after it]:NAME:_default' \
'--curator-email=[Where they can be reached]:EMAIL:_default' \
'--name-prefix=[Put this before its plugins'\'' names, so that they do not collide with another marketplace'\''s]:PREFIX:_default' \
'--versions=[Whether versions name the content, so that every change is delivered, or are the upstream'\''s own \[default\: content\]]:HOW:_default' \
'--remote=[What becomes of plugins that lie in other repositories\: \`vendor\` fetches and serves them, \`link\` passes their sources on for clients to fetch, \`skip\` leaves them out \[default\: vendor\]]:HOW:_default' \
'--token-env=[Take the token from this environment variable]:VAR:_default' \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--hold[Fetch, and serve nothing until \`agnes marketplace approve\`]' \
'--token-prompt[Ask for the token, without showing it]' \
'--token-stdin[Read the token from the first line of stdin]' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
':url -- https\://…, ssh\://…, git@host\:path, file\://… or a folder, without credentials:_default' \
&& ret=0
;;
(edit)
_arguments "${_arguments_options[@]}" : \
'--url=[Another address for the same marketplace]:URL:_default' \
'--name=[A name for people]:NAME:_default' \
'(--ref)--branch=[Follow this branch; empty\: the upstream'\''s own]:BRANCH:_default' \
'--ref=[Stay at this tag or full commit id; empty\: follow again]:REF:_default' \
'--description=[One line about it]:TEXT:_default' \
'--curator-name=[Who looks after it]:NAME:_default' \
'--curator-email=[Where they can be reached]:EMAIL:_default' \
'--name-prefix=[Put this before its plugins'\'' names, so that they do not collide with another marketplace'\''s]:PREFIX:_default' \
'--versions=[Whether versions name the content, so that every change is delivered, or are the upstream'\''s own \[default\: content\]]:HOW:_default' \
'--remote=[What becomes of plugins that lie in other repositories\: \`vendor\` fetches and serves them, \`link\` passes their sources on for clients to fetch, \`skip\` leaves them out \[default\: vendor\]]:HOW:_default' \
'--token-env=[Take the token from this environment variable]:VAR:_default' \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--token-prompt[Ask for the token, without showing it]' \
'--token-stdin[Read the token from the first line of stdin]' \
'(--no-hold)--hold[Go on fetching, and serve nothing new until \`agnes marketplace approve\`]' \
'--no-hold[Serve what is new with each sync again]' \
'(--token-prompt --token-stdin --token-env)--no-token[Forget the token]' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':slug -- Which marketplace:_default' \
&& ret=0
;;
(list)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(show)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
':slug -- Its short name, as `agnes marketplace list` shows it:_default' \
&& ret=0
;;
(sync)
_arguments "${_arguments_options[@]}" : \
'--jobs=[How many at the same time, 1 to 64 \[env\: AGNES_SYNC_JOBS\] \[default\: 4\]]:N:_default' \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
'*::slugs -- Which marketplaces \[default\: all\]:_default' \
&& ret=0
;;
(history)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':slug -- Which marketplace:_default' \
&& ret=0
;;
(diff)
_arguments "${_arguments_options[@]}" : \
'--plugin=[Of this plugin alone, by its own name, and at greater length]:NAME:_default' \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--everything[Show each file as text, not only what runs code]' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':slug -- Which marketplace:_default' \
'::from -- A commit, how its id begins, or a state \[default\: what is served; if that is what was fetched last, what was fetched before it\]:_default' \
'::to -- The same \[default\: what was fetched last\]:_default' \
&& ret=0
;;
(approve)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':slug -- Which marketplace:_default' \
'::commit -- A commit, how its id begins, or a state \[default\: what was fetched last\]:_default' \
&& ret=0
;;
(rollback)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':slug -- Which marketplace:_default' \
':commit -- A commit, how its id begins, or a state, as `history` lists them:_default' \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
':slug -- Its short name:_default' \
&& ret=0
;;
        esac
    ;;
esac
;;
(plugin)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
":: :_agnes__subcmd__plugin_commands" \
"*::: :->plugin" \
&& ret=0

    case $state in
    (plugin)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:agnes-plugin-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
'--marketplace=[Of this marketplace alone]:SLUG:_default' \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(show)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
':plugin -- Its marketplace'\''s slug and its own name, as `agnes plugin list` shows them:_default' \
&& ret=0
;;
(disable)
_arguments "${_arguments_options[@]}" : \
'--reason=[Why, in one line\: whoever was granted it is told]:TEXT:_default' \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':plugin -- Its marketplace'\''s slug and its own name:_default' \
&& ret=0
;;
(enable)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
':plugin -- Its marketplace'\''s slug and its own name:_default' \
&& ret=0
;;
        esac
    ;;
esac
;;
(host)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
":: :_agnes__subcmd__host_commands" \
"*::: :->host" \
&& ret=0

    case $state in
    (host)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:agnes-host-command-$line[1]:"
        case $line[1] in
            (list)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(allow)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--ssh[Over ssh too, with the keys of whoever runs agnes (in the operator'\''s shell only)]' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':host -- A name such as `git.example.com`, or with a port:_default' \
&& ret=0
;;
(deny)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
':host -- A name such as `git.example.com`, or with a port:_default' \
&& ret=0
;;
(forget)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
':host -- As `agnes host list` shows it:_default' \
&& ret=0
;;
(token)
_arguments "${_arguments_options[@]}" : \
'--token-env=[Take the token from this environment variable]:VAR:_default' \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--token-prompt[Ask for the token, without showing it]' \
'--token-stdin[Read the token from the first line of stdin]' \
'(--token-prompt --token-stdin --token-env)--no-token[Forget the token]' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':host -- A name such as `git.example.com`, or with a port:_default' \
&& ret=0
;;
        esac
    ;;
esac
;;
(user)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
":: :_agnes__subcmd__user_commands" \
"*::: :->user" \
&& ret=0

    case $state in
    (user)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:agnes-user-command-$line[1]:"
        case $line[1] in
            (add)
_arguments "${_arguments_options[@]}" : \
'--name=[What they are called]:NAME:_default' \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
':email -- Their e-mail address:_default' \
&& ret=0
;;
(list)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(show)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
':user -- An e-mail address or id:_default' \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
':user -- An e-mail address or id:_default' \
&& ret=0
;;
        esac
    ;;
esac
;;
(group)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
":: :_agnes__subcmd__group_commands" \
"*::: :->group" \
&& ret=0

    case $state in
    (group)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:agnes-group-command-$line[1]:"
        case $line[1] in
            (add)
_arguments "${_arguments_options[@]}" : \
'--description=[One line about it]:TEXT:_default' \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
':name -- Its name\: 1 to 64 characters:_default' \
&& ret=0
;;
(list)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(show)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
':group -- A name or id:_default' \
&& ret=0
;;
(remove)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
':group -- A name or id:_default' \
&& ret=0
;;
(join)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
':group -- The group'\''s name or id:_default' \
':user -- The user'\''s e-mail address or id:_default' \
&& ret=0
;;
(leave)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
':group -- The group'\''s name or id:_default' \
':user -- The user'\''s e-mail address or id:_default' \
&& ret=0
;;
        esac
    ;;
esac
;;
(token)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
":: :_agnes__subcmd__token_commands" \
"*::: :->token" \
&& ret=0

    case $state in
    (token)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:agnes-token-command-$line[1]:"
        case $line[1] in
            (create)
_arguments "${_arguments_options[@]}" : \
'--user=[Whose\: an e-mail address or id \[default\: whoever asks; the operator'\''s shell has to say\]]:USER:_default' \
'--name=[What it is for, to know it again]:TEXT:_default' \
'--expires=[Until when\: 90d, 12h, 4w, a date or a time \[default\: until it is revoked\]]:WHEN:_default' \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(list)
_arguments "${_arguments_options[@]}" : \
'(--all)--user=[Of this user\: an e-mail address or id \[default\: of whoever asks; in the operator'\''s shell all\]]:USER:_default' \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--all[Of everybody]' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(revoke)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
':id -- Its id, as `agnes token list` shows it:_default' \
&& ret=0
;;
        esac
    ;;
esac
;;
(grant)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':group -- The group'\''s name or id:_default' \
'*::resources -- `slug/plugin`, or `slug/*` for all of a marketplace, present and future:_default' \
&& ret=0
;;
(revoke)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':group -- The group'\''s name or id:_default' \
'*::resources -- `slug/plugin`, or `slug/*` for all of a marketplace, present and future:_default' \
&& ret=0
;;
(grants)
_arguments "${_arguments_options[@]}" : \
'--group=[Of this group]:GROUP:_default' \
'--user=[Of all groups that this user is in]:USER:_default' \
'--plugin=[That include this plugin]:SLUG/NAME:_default' \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(build-zip)
_arguments "${_arguments_options[@]}" : \
'--user=[An e-mail address or id]:USER:_default' \
'-o+[Where to\: a file, or \`-\` for stdout]:FILE:_files' \
'--output=[Where to\: a file, or \`-\` for stdout]:FILE:_files' \
'--provenance=[Write to this file where everything in it comes from, for \`agnes verify\`. Called \`.agnes-provenance.json\` and beside the ZIP, it is found there]:FILE:_files' \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(verify)
_arguments "${_arguments_options[@]}" : \
'--provenance=[Its provenance \[default\: .agnes-provenance.json beside it\]]:FILE:_files' \
'*--source=[The upstream with this address is in this folder\: a git repository that has the commit]:URL=REPOSITORY:_default' \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':bundle -- The ZIP:_files' \
&& ret=0
;;
(info)
_arguments "${_arguments_options[@]}" : \
'--user=[An e-mail address or id]:USER:_default' \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(serve)
_arguments "${_arguments_options[@]}" : \
'*--listen=[Where to listen; port 0 is any that is free \[env\: AGNES_SERVE_LISTEN\] \[default\: 127.0.0.1\:8080\]]:ADDR:PORT:_default' \
'--tls-cert=[The certificate for https, in PEM format, read again when it changes \[env\: AGNES_SERVE_TLS_CERT\]]:FILE:_files' \
'--tls-key=[Its key \[env\: AGNES_SERVE_TLS_KEY\]]:FILE:_files' \
'--public-url=[The address by which analysts know this server, such as https\://agnes.example.com \[env\: AGNES_SERVE_PUBLIC_URL\]]:URL:_default' \
'--ca-cert=[Show analysts the authority in this PEM file as the one to trust, at /setup\: that which signed the server'\''s certificate \[env\: AGNES_SERVE_CA_CERT\]]:FILE:_files' \
'*--sync-at=[Sync all marketplaces at this time of day, in UTC \[env\: AGNES_SERVE_SYNC_AT\]]:HH:MM:_default' \
'*--trusted-proxy=[A proxy that is believed when it says, in X-Forwarded headers, who asks and for which address \[env\: AGNES_SERVE_TRUSTED_PROXIES\]]:ADDR/BITS:_default' \
'--log-format=[How to write the log\: text or json \[env\: AGNES_SERVE_LOG_FORMAT\] \[default\: text\]]:FORMAT:_default' \
'--log-level=[How much to log\: error, warn, info, debug or trace \[env\: AGNES_SERVE_LOG_LEVEL\] \[default\: info\]]:LEVEL:_default' \
'--drain=[How long transfers may take to end when told to stop \[env\: AGNES_SERVE_DRAIN\] \[default\: 30\]]:SECONDS:_default' \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(setup)
_arguments "${_arguments_options[@]}" : \
'--ca=[Trust the certificates in this PEM file too\: those of your organisation'\''s authority]:FILE:_files' \
'--scope=[In which of Claude Code'\''s settings\: for all your work, or for the folder you are in \[default\: as it was set up before, else user\]]:SCOPE:(user project)' \
'--plugins=[Which plugins to install\: all that you were granted, now and later, none, or ask for each \[default\: as before, else all\]]:WHICH:(all none ask)' \
'--channel=[Which way the plugins take\: git by Claude Code, a clone or an unpacked ZIP in ~/agnes-marketplace, or the first of git and clone that works \[default\: as before, else auto\]]:WAY:(auto git clone zip)' \
'--platform=[For which platform to print it \[default\: this one\]]:PLATFORM:(macos windows linux)' \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--token-stdin[Read the token from the first line of stdin]' \
'--hook[Have every session begin with \`agnes refresh\`, in the background]' \
'-y[Do not ask whether to go on]' \
'--yes[Do not ask whether to go on]' \
'--dry-run[Check everything, say what there is to do, and do nothing]' \
'(--dry-run --undo --hook -y --yes)--print[Print what to do by hand, as commands for a shell, for whoever has no agnes. Needs --server]' \
'(--dry-run --token-stdin --ca --hook --channel)--undo[Take back what was set up, the token included]' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(refresh)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--check[Only say whether there is anything new; the exit status is 9 if there is]' \
'(--check)--background[Do what there is to do in a process of its own, and do not wait for it]' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(login)
_arguments "${_arguments_options[@]}" : \
'--ca=[Trust the certificates in this PEM file too\: those of your organisation'\''s authority]:FILE:_files' \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--token-stdin[Read the token from the first line of stdin]' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(logout)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(whoami)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(status)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(credential)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
':operation -- get, store or erase; anything else is left unanswered:_default' \
&& ret=0
;;
(audit)
_arguments "${_arguments_options[@]}" : \
'--limit=[How many]:N:_default' \
'--who=[By this actor alone, as the list names them]:NAME:_default' \
'--what=[Of this kind alone\: \`token.create\`, or \`token\` for all that begin so]:ACTION:_default' \
'--which=[About this alone\: a slug, an e-mail address, a group'\''s name]:RESOURCE:_default' \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(backup)
_arguments "${_arguments_options[@]}" : \
'-o+[Where to\: a file]:FILE:_files' \
'--output=[Where to\: a file]:FILE:_files' \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(prune)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--all[Remove all of it, but for what somebody is just being sent]' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(doctor)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(demo)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help (see more with '\''--help'\'')]' \
'--help[Print help (see more with '\''--help'\'')]' \
&& ret=0
;;
(config)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
":: :_agnes__subcmd__config_commands" \
"*::: :->config" \
&& ret=0

    case $state in
    (config)
        words=($line[1] "${words[@]}")
        (( CURRENT += 1 ))
        curcontext="${curcontext%:*:*}:agnes-config-command-$line[1]:"
        case $line[1] in
            (show)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
        esac
    ;;
esac
;;
(openapi)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
&& ret=0
;;
(completions)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
':shell -- Which shell:(bash elvish fish powershell zsh)' \
&& ret=0
;;
(man)
_arguments "${_arguments_options[@]}" : \
'--data-dir=[The folder with the registry and everything fetched \[env\: AGNES_DATA_DIR, DATA_DIR\] \[default\: the platform'\''s data folder\]]:DIR:_files' \
'--config=[The configuration file \[env\: AGNES_CONFIG\] \[default\: agnes.toml in the data folder\]]:FILE:_files' \
'--lock-wait=[How long to wait for another agnes that has the registry open \[env\: AGNES_LOCK_WAIT\] \[default\: 5\]]:SECONDS:_default' \
'--server=[Ask this agnes server, not the data folder\: https\://…, with an access token of a member of Admin \[env\: AGNES_SERVER\]]:URL:_default' \
'--server-ca=[Trust the certificates in this PEM file too, for --server \[env\: AGNES_SERVER_CA\]]:FILE:_files' \
'--server-token-file=[The access token for --server is the first line of this file, or of stdin if it is \`-\` \[env\: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE\] \[default\: ask for it\]]:FILE:_files' \
'--json[Print one JSON document on stdout]' \
'-q[Print nothing but the data that was asked for, and what went wrong]' \
'--quiet[Print nothing but the data that was asked for, and what went wrong]' \
'-h[Print help]' \
'--help[Print help]' \
'::dir -- Write agnes.1 and a page for each command here; the folder is made if need be:_files' \
&& ret=0
;;
        esac
    ;;
esac
}

(( $+functions[_agnes_commands] )) ||
_agnes_commands() {
    local commands; commands=(
'marketplace:Register marketplaces and keep them in step with their upstreams' \
'plugin:Look at plugins, and take one out for everybody' \
'host:Say which hosts plugins may be fetched from that lie in other repositories, and with which token' \
'user:Add, list and remove the people who get a marketplace' \
'group:Put people into groups\: plugins are granted to groups' \
'token:Give people personal access tokens, and take them back' \
'grant:Give a group plugins' \
'revoke:Take plugins from a group' \
'grants:List who was granted what' \
'build-zip:Write the ZIP that one user gets' \
'verify:Check a ZIP against its provenance, and that against the upstreams' \
'info:Say what one user gets, and why not more' \
'serve:Serve the API and everybody'\''s marketplace, until told to stop' \
'setup:Set up Claude Code on this machine for the plugins that a server grants you' \
'refresh:Bring your plugins up to date, if there is anything new' \
'login:Give agnes your token for a server, in place of one that has expired' \
'logout:Forget your token for a server' \
'whoami:Say who you are to a server, what it grants you, and what of that is installed' \
'status:Say everything about this machine'\''s setup that somebody who helps would ask' \
'credential:Answer git, which asks for tokens (gitcredentials(7))' \
'audit:List who did what, the latest first' \
'backup:Back up everything that cannot be fetched or made again, also while a server serves' \
'prune:Remove from the caches what nobody needs' \
'doctor:Find what is broken or suspicious in the data folder, and what to do about it' \
'demo:Show what agnes does, with two example marketplaces in a data folder of its own' \
'config:Show the settings' \
'openapi:Print the description of the HTTP API (OpenAPI 3.1)' \
'completions:Print completions for a shell' \
'man:Print the manual page, or write all pages into a folder' \
    )
    _describe -t commands 'agnes commands' commands "$@"
}
(( $+functions[_agnes__subcmd__audit_commands] )) ||
_agnes__subcmd__audit_commands() {
    local commands; commands=()
    _describe -t commands 'agnes audit commands' commands "$@"
}
(( $+functions[_agnes__subcmd__backup_commands] )) ||
_agnes__subcmd__backup_commands() {
    local commands; commands=()
    _describe -t commands 'agnes backup commands' commands "$@"
}
(( $+functions[_agnes__subcmd__build-zip_commands] )) ||
_agnes__subcmd__build-zip_commands() {
    local commands; commands=()
    _describe -t commands 'agnes build-zip commands' commands "$@"
}
(( $+functions[_agnes__subcmd__completions_commands] )) ||
_agnes__subcmd__completions_commands() {
    local commands; commands=()
    _describe -t commands 'agnes completions commands' commands "$@"
}
(( $+functions[_agnes__subcmd__config_commands] )) ||
_agnes__subcmd__config_commands() {
    local commands; commands=(
'show:Print each setting, its value, and where it came from' \
    )
    _describe -t commands 'agnes config commands' commands "$@"
}
(( $+functions[_agnes__subcmd__config__subcmd__show_commands] )) ||
_agnes__subcmd__config__subcmd__show_commands() {
    local commands; commands=()
    _describe -t commands 'agnes config show commands' commands "$@"
}
(( $+functions[_agnes__subcmd__credential_commands] )) ||
_agnes__subcmd__credential_commands() {
    local commands; commands=()
    _describe -t commands 'agnes credential commands' commands "$@"
}
(( $+functions[_agnes__subcmd__demo_commands] )) ||
_agnes__subcmd__demo_commands() {
    local commands; commands=()
    _describe -t commands 'agnes demo commands' commands "$@"
}
(( $+functions[_agnes__subcmd__doctor_commands] )) ||
_agnes__subcmd__doctor_commands() {
    local commands; commands=()
    _describe -t commands 'agnes doctor commands' commands "$@"
}
(( $+functions[_agnes__subcmd__grant_commands] )) ||
_agnes__subcmd__grant_commands() {
    local commands; commands=()
    _describe -t commands 'agnes grant commands' commands "$@"
}
(( $+functions[_agnes__subcmd__grants_commands] )) ||
_agnes__subcmd__grants_commands() {
    local commands; commands=()
    _describe -t commands 'agnes grants commands' commands "$@"
}
(( $+functions[_agnes__subcmd__group_commands] )) ||
_agnes__subcmd__group_commands() {
    local commands; commands=(
'add:Add a group' \
'list:List groups. Two always exist\: Admin and Everyone' \
'show:Show one group\: its members and what it was granted' \
'remove:Remove a group, with its memberships and grants' \
'join:Put a user into a group' \
'leave:Take a user out of a group' \
    )
    _describe -t commands 'agnes group commands' commands "$@"
}
(( $+functions[_agnes__subcmd__group__subcmd__add_commands] )) ||
_agnes__subcmd__group__subcmd__add_commands() {
    local commands; commands=()
    _describe -t commands 'agnes group add commands' commands "$@"
}
(( $+functions[_agnes__subcmd__group__subcmd__join_commands] )) ||
_agnes__subcmd__group__subcmd__join_commands() {
    local commands; commands=()
    _describe -t commands 'agnes group join commands' commands "$@"
}
(( $+functions[_agnes__subcmd__group__subcmd__leave_commands] )) ||
_agnes__subcmd__group__subcmd__leave_commands() {
    local commands; commands=()
    _describe -t commands 'agnes group leave commands' commands "$@"
}
(( $+functions[_agnes__subcmd__group__subcmd__list_commands] )) ||
_agnes__subcmd__group__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'agnes group list commands' commands "$@"
}
(( $+functions[_agnes__subcmd__group__subcmd__remove_commands] )) ||
_agnes__subcmd__group__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'agnes group remove commands' commands "$@"
}
(( $+functions[_agnes__subcmd__group__subcmd__show_commands] )) ||
_agnes__subcmd__group__subcmd__show_commands() {
    local commands; commands=()
    _describe -t commands 'agnes group show commands' commands "$@"
}
(( $+functions[_agnes__subcmd__host_commands] )) ||
_agnes__subcmd__host_commands() {
    local commands; commands=(
'list:List the hosts of which something is said' \
'allow:Let plugins be fetched from a host' \
'deny:Let nothing be fetched from a host, whatever else is said' \
'forget:Take back what was said of a host, and its token' \
'token:Give agnes a token for a host, or take it back' \
    )
    _describe -t commands 'agnes host commands' commands "$@"
}
(( $+functions[_agnes__subcmd__host__subcmd__allow_commands] )) ||
_agnes__subcmd__host__subcmd__allow_commands() {
    local commands; commands=()
    _describe -t commands 'agnes host allow commands' commands "$@"
}
(( $+functions[_agnes__subcmd__host__subcmd__deny_commands] )) ||
_agnes__subcmd__host__subcmd__deny_commands() {
    local commands; commands=()
    _describe -t commands 'agnes host deny commands' commands "$@"
}
(( $+functions[_agnes__subcmd__host__subcmd__forget_commands] )) ||
_agnes__subcmd__host__subcmd__forget_commands() {
    local commands; commands=()
    _describe -t commands 'agnes host forget commands' commands "$@"
}
(( $+functions[_agnes__subcmd__host__subcmd__list_commands] )) ||
_agnes__subcmd__host__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'agnes host list commands' commands "$@"
}
(( $+functions[_agnes__subcmd__host__subcmd__token_commands] )) ||
_agnes__subcmd__host__subcmd__token_commands() {
    local commands; commands=()
    _describe -t commands 'agnes host token commands' commands "$@"
}
(( $+functions[_agnes__subcmd__info_commands] )) ||
_agnes__subcmd__info_commands() {
    local commands; commands=()
    _describe -t commands 'agnes info commands' commands "$@"
}
(( $+functions[_agnes__subcmd__login_commands] )) ||
_agnes__subcmd__login_commands() {
    local commands; commands=()
    _describe -t commands 'agnes login commands' commands "$@"
}
(( $+functions[_agnes__subcmd__logout_commands] )) ||
_agnes__subcmd__logout_commands() {
    local commands; commands=()
    _describe -t commands 'agnes logout commands' commands "$@"
}
(( $+functions[_agnes__subcmd__man_commands] )) ||
_agnes__subcmd__man_commands() {
    local commands; commands=()
    _describe -t commands 'agnes man commands' commands "$@"
}
(( $+functions[_agnes__subcmd__marketplace_commands] )) ||
_agnes__subcmd__marketplace_commands() {
    local commands; commands=(
'add:Register a marketplace; \`sync\` fetches it' \
'edit:Change what was registered' \
'list:List the registered marketplaces' \
'show:Show one marketplace' \
'sync:Fetch marketplaces and find out what changed' \
'history:List what was fetched of a marketplace and is kept\: what is served, what waits, what was before' \
'diff:Say what would change for whom between two commits of a marketplace' \
'approve:Serve what was fetched of a marketplace on hold and waits' \
'rollback:Serve an earlier state of a marketplace again, and put it on hold' \
'remove:Forget a marketplace, with its plugins, its token and the grants that name it' \
    )
    _describe -t commands 'agnes marketplace commands' commands "$@"
}
(( $+functions[_agnes__subcmd__marketplace__subcmd__add_commands] )) ||
_agnes__subcmd__marketplace__subcmd__add_commands() {
    local commands; commands=()
    _describe -t commands 'agnes marketplace add commands' commands "$@"
}
(( $+functions[_agnes__subcmd__marketplace__subcmd__approve_commands] )) ||
_agnes__subcmd__marketplace__subcmd__approve_commands() {
    local commands; commands=()
    _describe -t commands 'agnes marketplace approve commands' commands "$@"
}
(( $+functions[_agnes__subcmd__marketplace__subcmd__diff_commands] )) ||
_agnes__subcmd__marketplace__subcmd__diff_commands() {
    local commands; commands=()
    _describe -t commands 'agnes marketplace diff commands' commands "$@"
}
(( $+functions[_agnes__subcmd__marketplace__subcmd__edit_commands] )) ||
_agnes__subcmd__marketplace__subcmd__edit_commands() {
    local commands; commands=()
    _describe -t commands 'agnes marketplace edit commands' commands "$@"
}
(( $+functions[_agnes__subcmd__marketplace__subcmd__history_commands] )) ||
_agnes__subcmd__marketplace__subcmd__history_commands() {
    local commands; commands=()
    _describe -t commands 'agnes marketplace history commands' commands "$@"
}
(( $+functions[_agnes__subcmd__marketplace__subcmd__list_commands] )) ||
_agnes__subcmd__marketplace__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'agnes marketplace list commands' commands "$@"
}
(( $+functions[_agnes__subcmd__marketplace__subcmd__remove_commands] )) ||
_agnes__subcmd__marketplace__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'agnes marketplace remove commands' commands "$@"
}
(( $+functions[_agnes__subcmd__marketplace__subcmd__rollback_commands] )) ||
_agnes__subcmd__marketplace__subcmd__rollback_commands() {
    local commands; commands=()
    _describe -t commands 'agnes marketplace rollback commands' commands "$@"
}
(( $+functions[_agnes__subcmd__marketplace__subcmd__show_commands] )) ||
_agnes__subcmd__marketplace__subcmd__show_commands() {
    local commands; commands=()
    _describe -t commands 'agnes marketplace show commands' commands "$@"
}
(( $+functions[_agnes__subcmd__marketplace__subcmd__sync_commands] )) ||
_agnes__subcmd__marketplace__subcmd__sync_commands() {
    local commands; commands=()
    _describe -t commands 'agnes marketplace sync commands' commands "$@"
}
(( $+functions[_agnes__subcmd__openapi_commands] )) ||
_agnes__subcmd__openapi_commands() {
    local commands; commands=()
    _describe -t commands 'agnes openapi commands' commands "$@"
}
(( $+functions[_agnes__subcmd__plugin_commands] )) ||
_agnes__subcmd__plugin_commands() {
    local commands; commands=(
'list:List plugins, and why some are not served' \
'show:Show one plugin\: entry, manifest, version, commit, files and components' \
'disable:Take a plugin out for everybody, at once, whatever was granted' \
'enable:Give a plugin back to whoever was granted it' \
    )
    _describe -t commands 'agnes plugin commands' commands "$@"
}
(( $+functions[_agnes__subcmd__plugin__subcmd__disable_commands] )) ||
_agnes__subcmd__plugin__subcmd__disable_commands() {
    local commands; commands=()
    _describe -t commands 'agnes plugin disable commands' commands "$@"
}
(( $+functions[_agnes__subcmd__plugin__subcmd__enable_commands] )) ||
_agnes__subcmd__plugin__subcmd__enable_commands() {
    local commands; commands=()
    _describe -t commands 'agnes plugin enable commands' commands "$@"
}
(( $+functions[_agnes__subcmd__plugin__subcmd__list_commands] )) ||
_agnes__subcmd__plugin__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'agnes plugin list commands' commands "$@"
}
(( $+functions[_agnes__subcmd__plugin__subcmd__show_commands] )) ||
_agnes__subcmd__plugin__subcmd__show_commands() {
    local commands; commands=()
    _describe -t commands 'agnes plugin show commands' commands "$@"
}
(( $+functions[_agnes__subcmd__prune_commands] )) ||
_agnes__subcmd__prune_commands() {
    local commands; commands=()
    _describe -t commands 'agnes prune commands' commands "$@"
}
(( $+functions[_agnes__subcmd__refresh_commands] )) ||
_agnes__subcmd__refresh_commands() {
    local commands; commands=()
    _describe -t commands 'agnes refresh commands' commands "$@"
}
(( $+functions[_agnes__subcmd__revoke_commands] )) ||
_agnes__subcmd__revoke_commands() {
    local commands; commands=()
    _describe -t commands 'agnes revoke commands' commands "$@"
}
(( $+functions[_agnes__subcmd__serve_commands] )) ||
_agnes__subcmd__serve_commands() {
    local commands; commands=()
    _describe -t commands 'agnes serve commands' commands "$@"
}
(( $+functions[_agnes__subcmd__setup_commands] )) ||
_agnes__subcmd__setup_commands() {
    local commands; commands=()
    _describe -t commands 'agnes setup commands' commands "$@"
}
(( $+functions[_agnes__subcmd__status_commands] )) ||
_agnes__subcmd__status_commands() {
    local commands; commands=()
    _describe -t commands 'agnes status commands' commands "$@"
}
(( $+functions[_agnes__subcmd__token_commands] )) ||
_agnes__subcmd__token_commands() {
    local commands; commands=(
'create:Make a token and print it, this once' \
'list:List tokens, without the tokens themselves' \
'revoke:End a token\: the next request with it is refused' \
    )
    _describe -t commands 'agnes token commands' commands "$@"
}
(( $+functions[_agnes__subcmd__token__subcmd__create_commands] )) ||
_agnes__subcmd__token__subcmd__create_commands() {
    local commands; commands=()
    _describe -t commands 'agnes token create commands' commands "$@"
}
(( $+functions[_agnes__subcmd__token__subcmd__list_commands] )) ||
_agnes__subcmd__token__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'agnes token list commands' commands "$@"
}
(( $+functions[_agnes__subcmd__token__subcmd__revoke_commands] )) ||
_agnes__subcmd__token__subcmd__revoke_commands() {
    local commands; commands=()
    _describe -t commands 'agnes token revoke commands' commands "$@"
}
(( $+functions[_agnes__subcmd__user_commands] )) ||
_agnes__subcmd__user_commands() {
    local commands; commands=(
'add:Add a user' \
'list:List users and their groups' \
'show:Show one user' \
'remove:Remove a user, with memberships and tokens' \
    )
    _describe -t commands 'agnes user commands' commands "$@"
}
(( $+functions[_agnes__subcmd__user__subcmd__add_commands] )) ||
_agnes__subcmd__user__subcmd__add_commands() {
    local commands; commands=()
    _describe -t commands 'agnes user add commands' commands "$@"
}
(( $+functions[_agnes__subcmd__user__subcmd__list_commands] )) ||
_agnes__subcmd__user__subcmd__list_commands() {
    local commands; commands=()
    _describe -t commands 'agnes user list commands' commands "$@"
}
(( $+functions[_agnes__subcmd__user__subcmd__remove_commands] )) ||
_agnes__subcmd__user__subcmd__remove_commands() {
    local commands; commands=()
    _describe -t commands 'agnes user remove commands' commands "$@"
}
(( $+functions[_agnes__subcmd__user__subcmd__show_commands] )) ||
_agnes__subcmd__user__subcmd__show_commands() {
    local commands; commands=()
    _describe -t commands 'agnes user show commands' commands "$@"
}
(( $+functions[_agnes__subcmd__verify_commands] )) ||
_agnes__subcmd__verify_commands() {
    local commands; commands=()
    _describe -t commands 'agnes verify commands' commands "$@"
}
(( $+functions[_agnes__subcmd__whoami_commands] )) ||
_agnes__subcmd__whoami_commands() {
    local commands; commands=()
    _describe -t commands 'agnes whoami commands' commands "$@"
}

if [ "$funcstack[1]" = "_agnes" ]; then
    _agnes "$@"
else
    compdef _agnes agnes
fi
