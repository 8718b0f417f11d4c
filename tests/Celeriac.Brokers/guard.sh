# Runs a server in a session of its own, and ends it with everything it started when the owner asks or is gone: the pipe on
# standard input closes whatever way the owner dies. Usage: sh -c "$(cat guard.sh)" guard FOLDER LOG PROGRAM ARGUMENTS...
# A line on standard input kills the server; the end of standard input kills it and removes FOLDER.
folder=$1 log=$2
shift 2
exec 3<&0 2>>"$log"

setsid "$@" </dev/null 3<&- >>"$log" 2>&1 &
server=$!
echo "$server"
exec >&-

kill_all() {
    kill -s KILL -- "-$server"
    kill -s KILL "$server"
} 2>/dev/null

(
    read -r word <&3 || : >"$folder/abandoned"
    kill_all
) &
watcher=$!

wait "$server"
code=$?
# What it started and left behind, such as the Erlang port mapper.
kill_all
if [ -e "$folder/abandoned" ]; then rm -rf "$folder"; fi
kill "$watcher" 2>/dev/null
exit "$code"
