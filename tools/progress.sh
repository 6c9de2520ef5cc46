#!/bin/sh
# progress.sh WHAT HINT LOG COMMAND... - runs a command that counts as ninja does, [12/303], with its output in LOG; says every tenth how far it is.
# The exit code is the command's. Nothing to do: says nothing.
set -u
what=$1 hint=$2 log=$3
shift 3
mkdir -p "$(dirname "$log")"
rm -f "$log.code"
{ "$@" 2>&1; echo $? >"$log.code"; } | tee "$log" | {
	told=-1
	while IFS= read -r line; do
		case $line in "["[0-9]*/[0-9]*"]"*) ;; *) continue ;; esac
		count=${line#\[}
		count=${count%%\]*}
		done=${count%%/*} of=${count##*/}
		case $done$of in *[!0-9]*) continue ;; esac
		tenth=$((done * 10 / of))
		[ "$tenth" != "$told" ] || continue
		if [ "$told" = -1 ]; then echo "pedel: $what, $hint" >&2; else echo "pedel: $what, $done of $of" >&2; fi
		told=$tenth
	done
}
exit "$(cat "$log.code")"
