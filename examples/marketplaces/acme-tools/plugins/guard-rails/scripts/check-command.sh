#!/bin/sh
# Gets the tool call as JSON on stdin. Exit 0 lets it run; exit 2 stops it, and stderr says why.
# The rules look at the JSON as text: a false alarm costs one question, a miss costs a secret.
call=$(cat)

refuse() {
    echo "guard-rails: $1" >&2
    exit 2
}

case $call in
    *"git push"*--force-with-lease*) ;;
    *"git push"*--force* | *"git push -f"*)
        refuse "force pushes need a colleague: use --force-with-lease on a branch of your own" ;;
esac
case $call in
    *"cat "*.env* | *printenv* | *"aws configure export-credentials"*)
        refuse "this would print secrets into the conversation" ;;
esac
exit 0
