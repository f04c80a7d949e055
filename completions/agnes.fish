# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_agnes_global_optspecs
    string join \n data-dir= config= json q/quiet lock-wait= server= server-ca= server-token-file= h/help V/version
end

function __fish_agnes_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_agnes_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_agnes_using_subcommand
    set -l cmd (__fish_agnes_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c agnes -n "__fish_agnes_needs_command" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_needs_command" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_needs_command" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_needs_command" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_needs_command" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_needs_command" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_needs_command" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_needs_command" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c agnes -n "__fish_agnes_needs_command" -s V -l version -d 'Print version'
complete -c agnes -n "__fish_agnes_needs_command" -f -a "marketplace" -d 'Register marketplaces and keep them in step with their upstreams'
complete -c agnes -n "__fish_agnes_needs_command" -f -a "plugin" -d 'Look at plugins, and take one out for everybody'
complete -c agnes -n "__fish_agnes_needs_command" -f -a "host" -d 'Say which hosts plugins may be fetched from that lie in other repositories, and with which token'
complete -c agnes -n "__fish_agnes_needs_command" -f -a "user" -d 'Add, list and remove the people who get a marketplace'
complete -c agnes -n "__fish_agnes_needs_command" -f -a "group" -d 'Put people into groups: plugins are granted to groups'
complete -c agnes -n "__fish_agnes_needs_command" -f -a "token" -d 'Give people personal access tokens, and take them back'
complete -c agnes -n "__fish_agnes_needs_command" -f -a "grant" -d 'Give a group plugins'
complete -c agnes -n "__fish_agnes_needs_command" -f -a "revoke" -d 'Take plugins from a group'
complete -c agnes -n "__fish_agnes_needs_command" -f -a "grants" -d 'List who was granted what'
complete -c agnes -n "__fish_agnes_needs_command" -f -a "build-zip" -d 'Write the ZIP that one user gets'
complete -c agnes -n "__fish_agnes_needs_command" -f -a "verify" -d 'Check a ZIP against its provenance, and that against the upstreams'
complete -c agnes -n "__fish_agnes_needs_command" -f -a "info" -d 'Say what one user gets, and why not more'
complete -c agnes -n "__fish_agnes_needs_command" -f -a "serve" -d 'Serve the API and everybody\'s marketplace, until told to stop'
complete -c agnes -n "__fish_agnes_needs_command" -f -a "setup" -d 'Set up Claude Code on this machine for the plugins that a server grants you'
complete -c agnes -n "__fish_agnes_needs_command" -f -a "refresh" -d 'Bring your plugins up to date, if there is anything new'
complete -c agnes -n "__fish_agnes_needs_command" -f -a "login" -d 'Give agnes your token for a server, in place of one that has expired'
complete -c agnes -n "__fish_agnes_needs_command" -f -a "logout" -d 'Forget your token for a server'
complete -c agnes -n "__fish_agnes_needs_command" -f -a "whoami" -d 'Say who you are to a server, what it grants you, and what of that is installed'
complete -c agnes -n "__fish_agnes_needs_command" -f -a "status" -d 'Say everything about this machine\'s setup that somebody who helps would ask'
complete -c agnes -n "__fish_agnes_needs_command" -f -a "credential" -d 'Answer git, which asks for tokens (gitcredentials(7))'
complete -c agnes -n "__fish_agnes_needs_command" -f -a "audit" -d 'List who did what, the latest first'
complete -c agnes -n "__fish_agnes_needs_command" -f -a "backup" -d 'Back up everything that cannot be fetched or made again, also while a server serves'
complete -c agnes -n "__fish_agnes_needs_command" -f -a "prune" -d 'Remove from the caches what nobody needs'
complete -c agnes -n "__fish_agnes_needs_command" -f -a "doctor" -d 'Find what is broken or suspicious in the data folder, and what to do about it'
complete -c agnes -n "__fish_agnes_needs_command" -f -a "demo" -d 'Show what agnes does, with two example marketplaces in a data folder of its own'
complete -c agnes -n "__fish_agnes_needs_command" -f -a "config" -d 'Show the settings'
complete -c agnes -n "__fish_agnes_needs_command" -f -a "openapi" -d 'Print the description of the HTTP API (OpenAPI 3.1)'
complete -c agnes -n "__fish_agnes_needs_command" -f -a "completions" -d 'Print completions for a shell'
complete -c agnes -n "__fish_agnes_needs_command" -f -a "man" -d 'Print the manual page, or write all pages into a folder'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and not __fish_seen_subcommand_from add edit list show sync history diff approve rollback remove" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and not __fish_seen_subcommand_from add edit list show sync history diff approve rollback remove" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and not __fish_seen_subcommand_from add edit list show sync history diff approve rollback remove" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and not __fish_seen_subcommand_from add edit list show sync history diff approve rollback remove" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and not __fish_seen_subcommand_from add edit list show sync history diff approve rollback remove" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and not __fish_seen_subcommand_from add edit list show sync history diff approve rollback remove" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and not __fish_seen_subcommand_from add edit list show sync history diff approve rollback remove" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and not __fish_seen_subcommand_from add edit list show sync history diff approve rollback remove" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and not __fish_seen_subcommand_from add edit list show sync history diff approve rollback remove" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and not __fish_seen_subcommand_from add edit list show sync history diff approve rollback remove" -f -a "add" -d 'Register a marketplace; `sync` fetches it'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and not __fish_seen_subcommand_from add edit list show sync history diff approve rollback remove" -f -a "edit" -d 'Change what was registered'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and not __fish_seen_subcommand_from add edit list show sync history diff approve rollback remove" -f -a "list" -d 'List the registered marketplaces'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and not __fish_seen_subcommand_from add edit list show sync history diff approve rollback remove" -f -a "show" -d 'Show one marketplace'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and not __fish_seen_subcommand_from add edit list show sync history diff approve rollback remove" -f -a "sync" -d 'Fetch marketplaces and find out what changed'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and not __fish_seen_subcommand_from add edit list show sync history diff approve rollback remove" -f -a "history" -d 'List what was fetched of a marketplace and is kept: what is served, what waits, what was before'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and not __fish_seen_subcommand_from add edit list show sync history diff approve rollback remove" -f -a "diff" -d 'Say what would change for whom between two commits of a marketplace'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and not __fish_seen_subcommand_from add edit list show sync history diff approve rollback remove" -f -a "approve" -d 'Serve what was fetched of a marketplace on hold and waits'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and not __fish_seen_subcommand_from add edit list show sync history diff approve rollback remove" -f -a "rollback" -d 'Serve an earlier state of a marketplace again, and put it on hold'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and not __fish_seen_subcommand_from add edit list show sync history diff approve rollback remove" -f -a "remove" -d 'Forget a marketplace, with its plugins, its token and the grants that name it'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from add" -l slug -d 'A short name: a-z, 0-9, `-`, `_` [default: made from the URL]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from add" -l name -d 'A name for people [default: the slug]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from add" -l branch -d 'Follow this branch [default: the upstream\'s own]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from add" -l ref -d 'Stay at this tag or full commit id' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from add" -l description -d 'One line about it' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from add" -l curator-name -d 'Who looks after it' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from add" -l curator-email -d 'Where they can be reached' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from add" -l name-prefix -d 'Put this before its plugins\' names, so that they do not collide with another marketplace\'s' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from add" -l versions -d 'Whether versions name the content, so that every change is delivered, or are the upstream\'s own [default: content]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from add" -l remote -d 'What becomes of plugins that lie in other repositories: `vendor` fetches and serves them, `link` passes their sources on for clients to fetch, `skip` leaves them out [default: vendor]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from add" -l token-env -d 'Take the token from this environment variable' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from add" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from add" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from add" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from add" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from add" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from add" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from add" -l hold -d 'Fetch, and serve nothing until `agnes marketplace approve`'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from add" -l token-prompt -d 'Ask for the token, without showing it'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from add" -l token-stdin -d 'Read the token from the first line of stdin'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from add" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from edit" -l url -d 'Another address for the same marketplace' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from edit" -l name -d 'A name for people' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from edit" -l branch -d 'Follow this branch; empty: the upstream\'s own' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from edit" -l ref -d 'Stay at this tag or full commit id; empty: follow again' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from edit" -l description -d 'One line about it' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from edit" -l curator-name -d 'Who looks after it' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from edit" -l curator-email -d 'Where they can be reached' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from edit" -l name-prefix -d 'Put this before its plugins\' names, so that they do not collide with another marketplace\'s' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from edit" -l versions -d 'Whether versions name the content, so that every change is delivered, or are the upstream\'s own [default: content]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from edit" -l remote -d 'What becomes of plugins that lie in other repositories: `vendor` fetches and serves them, `link` passes their sources on for clients to fetch, `skip` leaves them out [default: vendor]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from edit" -l token-env -d 'Take the token from this environment variable' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from edit" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from edit" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from edit" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from edit" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from edit" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from edit" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from edit" -l token-prompt -d 'Ask for the token, without showing it'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from edit" -l token-stdin -d 'Read the token from the first line of stdin'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from edit" -l hold -d 'Go on fetching, and serve nothing new until `agnes marketplace approve`'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from edit" -l no-hold -d 'Serve what is new with each sync again'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from edit" -l no-token -d 'Forget the token'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from edit" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from edit" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from edit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from list" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from list" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from list" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from list" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from list" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from list" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from show" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from show" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from show" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from show" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from show" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from show" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from sync" -l jobs -d 'How many at the same time, 1 to 64 [env: AGNES_SYNC_JOBS] [default: 4]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from sync" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from sync" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from sync" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from sync" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from sync" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from sync" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from sync" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from sync" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from sync" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from history" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from history" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from history" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from history" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from history" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from history" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from history" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from history" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from history" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from diff" -l plugin -d 'Of this plugin alone, by its own name, and at greater length' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from diff" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from diff" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from diff" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from diff" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from diff" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from diff" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from diff" -l everything -d 'Show each file as text, not only what runs code'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from diff" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from diff" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from approve" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from approve" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from approve" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from approve" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from approve" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from approve" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from approve" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from approve" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from approve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from rollback" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from rollback" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from rollback" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from rollback" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from rollback" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from rollback" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from rollback" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from rollback" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from rollback" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from remove" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from remove" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from remove" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from remove" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from remove" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from remove" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from remove" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand marketplace; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and not __fish_seen_subcommand_from list show disable enable" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and not __fish_seen_subcommand_from list show disable enable" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and not __fish_seen_subcommand_from list show disable enable" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and not __fish_seen_subcommand_from list show disable enable" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and not __fish_seen_subcommand_from list show disable enable" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and not __fish_seen_subcommand_from list show disable enable" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and not __fish_seen_subcommand_from list show disable enable" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and not __fish_seen_subcommand_from list show disable enable" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and not __fish_seen_subcommand_from list show disable enable" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and not __fish_seen_subcommand_from list show disable enable" -f -a "list" -d 'List plugins, and why some are not served'
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and not __fish_seen_subcommand_from list show disable enable" -f -a "show" -d 'Show one plugin: entry, manifest, version, commit, files and components'
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and not __fish_seen_subcommand_from list show disable enable" -f -a "disable" -d 'Take a plugin out for everybody, at once, whatever was granted'
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and not __fish_seen_subcommand_from list show disable enable" -f -a "enable" -d 'Give a plugin back to whoever was granted it'
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from list" -l marketplace -d 'Of this marketplace alone' -r
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from list" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from list" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from list" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from list" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from list" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from list" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from show" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from show" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from show" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from show" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from show" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from show" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from disable" -l reason -d 'Why, in one line: whoever was granted it is told' -r
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from disable" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from disable" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from disable" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from disable" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from disable" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from disable" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from disable" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from disable" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from disable" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from enable" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from enable" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from enable" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from enable" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from enable" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from enable" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from enable" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from enable" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand plugin; and __fish_seen_subcommand_from enable" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand host; and not __fish_seen_subcommand_from list allow deny forget token" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand host; and not __fish_seen_subcommand_from list allow deny forget token" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand host; and not __fish_seen_subcommand_from list allow deny forget token" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand host; and not __fish_seen_subcommand_from list allow deny forget token" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand host; and not __fish_seen_subcommand_from list allow deny forget token" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand host; and not __fish_seen_subcommand_from list allow deny forget token" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand host; and not __fish_seen_subcommand_from list allow deny forget token" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand host; and not __fish_seen_subcommand_from list allow deny forget token" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand host; and not __fish_seen_subcommand_from list allow deny forget token" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand host; and not __fish_seen_subcommand_from list allow deny forget token" -f -a "list" -d 'List the hosts of which something is said'
complete -c agnes -n "__fish_agnes_using_subcommand host; and not __fish_seen_subcommand_from list allow deny forget token" -f -a "allow" -d 'Let plugins be fetched from a host'
complete -c agnes -n "__fish_agnes_using_subcommand host; and not __fish_seen_subcommand_from list allow deny forget token" -f -a "deny" -d 'Let nothing be fetched from a host, whatever else is said'
complete -c agnes -n "__fish_agnes_using_subcommand host; and not __fish_seen_subcommand_from list allow deny forget token" -f -a "forget" -d 'Take back what was said of a host, and its token'
complete -c agnes -n "__fish_agnes_using_subcommand host; and not __fish_seen_subcommand_from list allow deny forget token" -f -a "token" -d 'Give agnes a token for a host, or take it back'
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from list" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from list" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from list" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from list" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from list" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from list" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from allow" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from allow" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from allow" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from allow" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from allow" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from allow" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from allow" -l ssh -d 'Over ssh too, with the keys of whoever runs agnes (in the operator\'s shell only)'
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from allow" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from allow" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from allow" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from deny" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from deny" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from deny" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from deny" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from deny" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from deny" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from deny" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from deny" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from deny" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from forget" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from forget" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from forget" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from forget" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from forget" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from forget" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from forget" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from forget" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from forget" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from token" -l token-env -d 'Take the token from this environment variable' -r
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from token" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from token" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from token" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from token" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from token" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from token" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from token" -l token-prompt -d 'Ask for the token, without showing it'
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from token" -l token-stdin -d 'Read the token from the first line of stdin'
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from token" -l no-token -d 'Forget the token'
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from token" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from token" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand host; and __fish_seen_subcommand_from token" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c agnes -n "__fish_agnes_using_subcommand user; and not __fish_seen_subcommand_from add list show remove" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand user; and not __fish_seen_subcommand_from add list show remove" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand user; and not __fish_seen_subcommand_from add list show remove" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand user; and not __fish_seen_subcommand_from add list show remove" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand user; and not __fish_seen_subcommand_from add list show remove" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand user; and not __fish_seen_subcommand_from add list show remove" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand user; and not __fish_seen_subcommand_from add list show remove" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand user; and not __fish_seen_subcommand_from add list show remove" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand user; and not __fish_seen_subcommand_from add list show remove" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand user; and not __fish_seen_subcommand_from add list show remove" -f -a "add" -d 'Add a user'
complete -c agnes -n "__fish_agnes_using_subcommand user; and not __fish_seen_subcommand_from add list show remove" -f -a "list" -d 'List users and their groups'
complete -c agnes -n "__fish_agnes_using_subcommand user; and not __fish_seen_subcommand_from add list show remove" -f -a "show" -d 'Show one user'
complete -c agnes -n "__fish_agnes_using_subcommand user; and not __fish_seen_subcommand_from add list show remove" -f -a "remove" -d 'Remove a user, with memberships and tokens'
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from add" -l name -d 'What they are called' -r
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from add" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from add" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from add" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from add" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from add" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from add" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from add" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from list" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from list" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from list" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from list" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from list" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from list" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from show" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from show" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from show" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from show" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from show" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from show" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from remove" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from remove" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from remove" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from remove" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from remove" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from remove" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from remove" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand user; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand group; and not __fish_seen_subcommand_from add list show remove join leave" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand group; and not __fish_seen_subcommand_from add list show remove join leave" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand group; and not __fish_seen_subcommand_from add list show remove join leave" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand group; and not __fish_seen_subcommand_from add list show remove join leave" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand group; and not __fish_seen_subcommand_from add list show remove join leave" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand group; and not __fish_seen_subcommand_from add list show remove join leave" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand group; and not __fish_seen_subcommand_from add list show remove join leave" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand group; and not __fish_seen_subcommand_from add list show remove join leave" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand group; and not __fish_seen_subcommand_from add list show remove join leave" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand group; and not __fish_seen_subcommand_from add list show remove join leave" -f -a "add" -d 'Add a group'
complete -c agnes -n "__fish_agnes_using_subcommand group; and not __fish_seen_subcommand_from add list show remove join leave" -f -a "list" -d 'List groups. Two always exist: Admin and Everyone'
complete -c agnes -n "__fish_agnes_using_subcommand group; and not __fish_seen_subcommand_from add list show remove join leave" -f -a "show" -d 'Show one group: its members and what it was granted'
complete -c agnes -n "__fish_agnes_using_subcommand group; and not __fish_seen_subcommand_from add list show remove join leave" -f -a "remove" -d 'Remove a group, with its memberships and grants'
complete -c agnes -n "__fish_agnes_using_subcommand group; and not __fish_seen_subcommand_from add list show remove join leave" -f -a "join" -d 'Put a user into a group'
complete -c agnes -n "__fish_agnes_using_subcommand group; and not __fish_seen_subcommand_from add list show remove join leave" -f -a "leave" -d 'Take a user out of a group'
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from add" -l description -d 'One line about it' -r
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from add" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from add" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from add" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from add" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from add" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from add" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from add" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from list" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from list" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from list" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from list" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from list" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from list" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from show" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from show" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from show" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from show" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from show" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from show" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from remove" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from remove" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from remove" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from remove" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from remove" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from remove" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from remove" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from join" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from join" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from join" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from join" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from join" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from join" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from join" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from join" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from join" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from leave" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from leave" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from leave" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from leave" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from leave" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from leave" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from leave" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from leave" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand group; and __fish_seen_subcommand_from leave" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -f -a "create" -d 'Make a token and print it, this once'
complete -c agnes -n "__fish_agnes_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -f -a "list" -d 'List tokens, without the tokens themselves'
complete -c agnes -n "__fish_agnes_using_subcommand token; and not __fish_seen_subcommand_from create list revoke" -f -a "revoke" -d 'End a token: the next request with it is refused'
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from create" -l user -d 'Whose: an e-mail address or id [default: whoever asks; the operator\'s shell has to say]' -r
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from create" -l name -d 'What it is for, to know it again' -r
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from create" -l expires -d 'Until when: 90d, 12h, 4w, a date or a time [default: until it is revoked]' -r
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from create" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from create" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from create" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from create" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from create" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from create" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from create" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from list" -l user -d 'Of this user: an e-mail address or id [default: of whoever asks; in the operator\'s shell all]' -r
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from list" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from list" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from list" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from list" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from list" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from list" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from list" -l all -d 'Of everybody'
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from revoke" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from revoke" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from revoke" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from revoke" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from revoke" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from revoke" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from revoke" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from revoke" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand token; and __fish_seen_subcommand_from revoke" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand grant" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand grant" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand grant" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand grant" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand grant" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand grant" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand grant" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand grant" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand grant" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c agnes -n "__fish_agnes_using_subcommand revoke" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand revoke" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand revoke" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand revoke" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand revoke" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand revoke" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand revoke" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand revoke" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand revoke" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c agnes -n "__fish_agnes_using_subcommand grants" -l group -d 'Of this group' -r
complete -c agnes -n "__fish_agnes_using_subcommand grants" -l user -d 'Of all groups that this user is in' -r
complete -c agnes -n "__fish_agnes_using_subcommand grants" -l plugin -d 'That include this plugin' -r
complete -c agnes -n "__fish_agnes_using_subcommand grants" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand grants" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand grants" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand grants" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand grants" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand grants" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand grants" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand grants" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand grants" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand build-zip" -l user -d 'An e-mail address or id' -r
complete -c agnes -n "__fish_agnes_using_subcommand build-zip" -s o -l output -d 'Where to: a file, or `-` for stdout' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand build-zip" -l provenance -d 'Write to this file where everything in it comes from, for `agnes verify`. Called `.agnes-provenance.json` and beside the ZIP, it is found there' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand build-zip" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand build-zip" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand build-zip" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand build-zip" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand build-zip" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand build-zip" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand build-zip" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand build-zip" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand build-zip" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c agnes -n "__fish_agnes_using_subcommand verify" -l provenance -d 'Its provenance [default: .agnes-provenance.json beside it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand verify" -l source -d 'The upstream with this address is in this folder: a git repository that has the commit' -r
complete -c agnes -n "__fish_agnes_using_subcommand verify" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand verify" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand verify" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand verify" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand verify" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand verify" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand verify" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand verify" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c agnes -n "__fish_agnes_using_subcommand info" -l user -d 'An e-mail address or id' -r
complete -c agnes -n "__fish_agnes_using_subcommand info" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand info" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand info" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand info" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand info" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand info" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand info" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand info" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand info" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand serve" -l listen -d 'Where to listen; port 0 is any that is free [env: AGNES_SERVE_LISTEN] [default: 127.0.0.1:8080]' -r
complete -c agnes -n "__fish_agnes_using_subcommand serve" -l tls-cert -d 'The certificate for https, in PEM format, read again when it changes [env: AGNES_SERVE_TLS_CERT]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand serve" -l tls-key -d 'Its key [env: AGNES_SERVE_TLS_KEY]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand serve" -l public-url -d 'The address by which analysts know this server, such as https://agnes.example.com [env: AGNES_SERVE_PUBLIC_URL]' -r
complete -c agnes -n "__fish_agnes_using_subcommand serve" -l ca-cert -d 'Show analysts the authority in this PEM file as the one to trust, at /setup: that which signed the server\'s certificate [env: AGNES_SERVE_CA_CERT]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand serve" -l sync-at -d 'Sync all marketplaces at this time of day, in UTC [env: AGNES_SERVE_SYNC_AT]' -r
complete -c agnes -n "__fish_agnes_using_subcommand serve" -l trusted-proxy -d 'A proxy that is believed when it says, in X-Forwarded headers, who asks and for which address [env: AGNES_SERVE_TRUSTED_PROXIES]' -r
complete -c agnes -n "__fish_agnes_using_subcommand serve" -l log-format -d 'How to write the log: text or json [env: AGNES_SERVE_LOG_FORMAT] [default: text]' -r
complete -c agnes -n "__fish_agnes_using_subcommand serve" -l log-level -d 'How much to log: error, warn, info, debug or trace [env: AGNES_SERVE_LOG_LEVEL] [default: info]' -r
complete -c agnes -n "__fish_agnes_using_subcommand serve" -l drain -d 'How long transfers may take to end when told to stop [env: AGNES_SERVE_DRAIN] [default: 30]' -r
complete -c agnes -n "__fish_agnes_using_subcommand serve" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand serve" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand serve" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand serve" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand serve" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand serve" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand serve" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand serve" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c agnes -n "__fish_agnes_using_subcommand setup" -l ca -d 'Trust the certificates in this PEM file too: those of your organisation\'s authority' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand setup" -l scope -d 'In which of Claude Code\'s settings: for all your work, or for the folder you are in [default: as it was set up before, else user]' -r -f -a "user\t''
project\t''"
complete -c agnes -n "__fish_agnes_using_subcommand setup" -l plugins -d 'Which plugins to install: all that you were granted, now and later, none, or ask for each [default: as before, else all]' -r -f -a "all\t''
none\t''
ask\t''"
complete -c agnes -n "__fish_agnes_using_subcommand setup" -l channel -d 'Which way the plugins take: git by Claude Code, a clone or an unpacked ZIP in ~/agnes-marketplace, or the first of git and clone that works [default: as before, else auto]' -r -f -a "auto\t''
git\t''
clone\t''
zip\t''"
complete -c agnes -n "__fish_agnes_using_subcommand setup" -l platform -d 'For which platform to print it [default: this one]' -r -f -a "macos\t''
windows\t''
linux\t''"
complete -c agnes -n "__fish_agnes_using_subcommand setup" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand setup" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand setup" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand setup" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand setup" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand setup" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand setup" -l token-stdin -d 'Read the token from the first line of stdin'
complete -c agnes -n "__fish_agnes_using_subcommand setup" -l hook -d 'Have every session begin with `agnes refresh`, in the background'
complete -c agnes -n "__fish_agnes_using_subcommand setup" -s y -l yes -d 'Do not ask whether to go on'
complete -c agnes -n "__fish_agnes_using_subcommand setup" -l dry-run -d 'Check everything, say what there is to do, and do nothing'
complete -c agnes -n "__fish_agnes_using_subcommand setup" -l print -d 'Print what to do by hand, as commands for a shell, for whoever has no agnes. Needs --server'
complete -c agnes -n "__fish_agnes_using_subcommand setup" -l undo -d 'Take back what was set up, the token included'
complete -c agnes -n "__fish_agnes_using_subcommand setup" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand setup" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand setup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c agnes -n "__fish_agnes_using_subcommand refresh" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand refresh" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand refresh" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand refresh" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand refresh" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand refresh" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand refresh" -l check -d 'Only say whether there is anything new; the exit status is 9 if there is'
complete -c agnes -n "__fish_agnes_using_subcommand refresh" -l background -d 'Do what there is to do in a process of its own, and do not wait for it'
complete -c agnes -n "__fish_agnes_using_subcommand refresh" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand refresh" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand refresh" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c agnes -n "__fish_agnes_using_subcommand login" -l ca -d 'Trust the certificates in this PEM file too: those of your organisation\'s authority' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand login" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand login" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand login" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand login" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand login" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand login" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand login" -l token-stdin -d 'Read the token from the first line of stdin'
complete -c agnes -n "__fish_agnes_using_subcommand login" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand login" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand login" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c agnes -n "__fish_agnes_using_subcommand logout" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand logout" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand logout" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand logout" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand logout" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand logout" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand logout" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand logout" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand logout" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand whoami" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand whoami" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand whoami" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand whoami" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand whoami" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand whoami" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand whoami" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand whoami" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand whoami" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand status" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand status" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand status" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand status" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand status" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand status" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand status" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand status" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand status" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand credential" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand credential" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand credential" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand credential" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand credential" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand credential" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand credential" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand credential" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand credential" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c agnes -n "__fish_agnes_using_subcommand audit" -l limit -d 'How many' -r
complete -c agnes -n "__fish_agnes_using_subcommand audit" -l who -d 'By this actor alone, as the list names them' -r
complete -c agnes -n "__fish_agnes_using_subcommand audit" -l what -d 'Of this kind alone: `token.create`, or `token` for all that begin so' -r
complete -c agnes -n "__fish_agnes_using_subcommand audit" -l which -d 'About this alone: a slug, an e-mail address, a group\'s name' -r
complete -c agnes -n "__fish_agnes_using_subcommand audit" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand audit" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand audit" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand audit" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand audit" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand audit" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand audit" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand audit" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand audit" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand backup" -s o -l output -d 'Where to: a file' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand backup" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand backup" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand backup" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand backup" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand backup" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand backup" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand backup" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand backup" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand backup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c agnes -n "__fish_agnes_using_subcommand prune" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand prune" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand prune" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand prune" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand prune" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand prune" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand prune" -l all -d 'Remove all of it, but for what somebody is just being sent'
complete -c agnes -n "__fish_agnes_using_subcommand prune" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand prune" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand prune" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c agnes -n "__fish_agnes_using_subcommand doctor" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand doctor" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand doctor" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand doctor" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand doctor" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand doctor" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand doctor" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand doctor" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c agnes -n "__fish_agnes_using_subcommand demo" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand demo" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand demo" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand demo" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand demo" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand demo" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand demo" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand demo" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c agnes -n "__fish_agnes_using_subcommand config; and not __fish_seen_subcommand_from show" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand config; and not __fish_seen_subcommand_from show" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand config; and not __fish_seen_subcommand_from show" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand config; and not __fish_seen_subcommand_from show" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand config; and not __fish_seen_subcommand_from show" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand config; and not __fish_seen_subcommand_from show" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand config; and not __fish_seen_subcommand_from show" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand config; and not __fish_seen_subcommand_from show" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand config; and not __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand config; and not __fish_seen_subcommand_from show" -f -a "show" -d 'Print each setting, its value, and where it came from'
complete -c agnes -n "__fish_agnes_using_subcommand config; and __fish_seen_subcommand_from show" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand config; and __fish_seen_subcommand_from show" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand config; and __fish_seen_subcommand_from show" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand config; and __fish_seen_subcommand_from show" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand config; and __fish_seen_subcommand_from show" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand config; and __fish_seen_subcommand_from show" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand config; and __fish_seen_subcommand_from show" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand config; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand openapi" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand openapi" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand openapi" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand openapi" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand openapi" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand openapi" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand openapi" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand openapi" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand openapi" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand completions" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand completions" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand completions" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand completions" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand completions" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand completions" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand completions" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand completions" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand completions" -s h -l help -d 'Print help'
complete -c agnes -n "__fish_agnes_using_subcommand man" -l data-dir -d 'The folder with the registry and everything fetched [env: AGNES_DATA_DIR, DATA_DIR] [default: the platform\'s data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand man" -l config -d 'The configuration file [env: AGNES_CONFIG] [default: agnes.toml in the data folder]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand man" -l lock-wait -d 'How long to wait for another agnes that has the registry open [env: AGNES_LOCK_WAIT] [default: 5]' -r
complete -c agnes -n "__fish_agnes_using_subcommand man" -l server -d 'Ask this agnes server, not the data folder: https://…, with an access token of a member of Admin [env: AGNES_SERVER]' -r
complete -c agnes -n "__fish_agnes_using_subcommand man" -l server-ca -d 'Trust the certificates in this PEM file too, for --server [env: AGNES_SERVER_CA]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand man" -l server-token-file -d 'The access token for --server is the first line of this file, or of stdin if it is `-` [env: AGNES_TOKEN (the token itself), AGNES_SERVER_TOKEN_FILE] [default: ask for it]' -r -F
complete -c agnes -n "__fish_agnes_using_subcommand man" -l json -d 'Print one JSON document on stdout'
complete -c agnes -n "__fish_agnes_using_subcommand man" -s q -l quiet -d 'Print nothing but the data that was asked for, and what went wrong'
complete -c agnes -n "__fish_agnes_using_subcommand man" -s h -l help -d 'Print help'
