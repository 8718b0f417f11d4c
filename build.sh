#!/usr/bin/env bash
# The one entry to building and testing Celeriac. `./build.sh help` says what it can do.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
cd "$root"
results="$root/artifacts/test-results"
project_minutes="${CELERIAC_TEST_MINUTES:-15}"
filter=""
only_project=""
passed=0
failed=0
skipped=0
running=""
unsteady=0
most_again=5

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 TESTINGPLATFORM_TELEMETRY_OPTOUT=1

help() {
    cat <<'HELP'
Usage: ./build.sh [verb] [options]

Verbs
  test          build everything and run every test (the default)
  conformance   only the suites that every transport must pass
  interop       only the tests with real Python Celery, the same as --project Interop
  ci            what a gate runs: formatting, all tests, then the samples as a smoke test
  brokers       start RabbitMQ, ActiveMQ, Redis and PostgreSQL on private ports, say their URLs, end them on Ctrl+C;
                'brokers rabbitmq', 'activemq', 'redis' or 'postgres' starts one of them
  bench         build and run the benchmarks: './build.sh bench [--quick] [scenario…]', or 'bench micro'; see bench/README.md
  clean         remove everything that was built
  help          this text

What the tests need besides the .NET SDK is installed with apt-get when it is missing: the Debian packages rabbitmq-server,
activemq, default-jre-headless, redis-server, postgresql, python3-stomp, python3-pika, python3-celery, python3-redis, python3-brotli, python3-yaml,
python3-psycopg2 and python3-sqlalchemy.
No service of theirs is started, and none that runs is touched.

Options
  --project NAME   only this test project: Messaging, Celeriac.Messaging or Celeriac.Messaging.Tests
  --filter TEXT    only tests whose full name (namespace, class, method) contains TEXT

The last line is always `N passed, N failed, N skipped`, and the exit code is 0 only when nothing failed.
Up to five facts of a project that fail are run once more, alone; those that pass then are counted as passed and shown as UNSTEADY with what they said.
With CI=true a skipped test is a failure too. Logs are kept in artifacts/test-results.
CELERIAC_TEST_MINUTES (default 15) is how long one test project may run before it is stopped.
CELERIAC_RESTARTS is how often the tests of faults restart a broker in a row (default: a few; 100 by hand takes its time).
HELP
}

say() { printf '%s\n' "$*"; }

refuse() {
    printf 'build.sh: %s\n' "$*" >&2
    exit 2
}

# Ends the run: the same last line whatever happened before it.
finish() {
    local code=0
    if [ "$failed" -gt 0 ]; then code=1; fi
    if [ "${CI:-}" = true ] && [ "$skipped" -gt 0 ]; then
        say "A skipped test fails the run when CI=true: a gate that skips proves nothing."
        code=1
    fi
    say "$passed passed, $failed failed, $skipped skipped"
    exit "$code"
}

stop_running() {
    if [ -n "$running" ]; then kill -TERM "$running" 2>/dev/null || true; fi
    say "Stopped before the end."
    failed=$((failed + 1))
    finish
}

require_sdk() {
    if ! command -v dotnet >/dev/null; then
        refuse "the .NET SDK 10 is not installed: no 'dotnet' on the PATH. Install it from https://dotnet.microsoft.com/download/dotnet/10.0 and start again."
    fi
    if ! dotnet --list-sdks | grep -q '^10\.'; then
        refuse "the .NET SDK 10 is not installed; 'dotnet --list-sdks' shows: $(dotnet --list-sdks | cut -d' ' -f1 | paste -sd' ' -). Install it from https://dotnet.microsoft.com/download/dotnet/10.0 and start again."
    fi
}

# require_package PROGRAM PACKAGE: installs the distribution's PACKAGE when PROGRAM is neither a file nor on the PATH (a shell's built-in does not count).
require_package() {
    if [ -e "$1" ] || type -P "$1" >/dev/null; then return; fi
    install_package "$2" "the program '$1'"
}

# require_module MODULE PACKAGE: the same for a module of the distribution's own Python, which need not be the first on the PATH.
require_module() {
    if /usr/bin/python3 -c "import $1" 2>/dev/null; then return; fi
    install_package "$2" "the Python module '$1'"
}

# A package that brings a service would start it: the policy file says no, and goes when we made it. What already runs stays as it is.
install_package() {
    local package="$1" what="$2" as_root=()
    if ! type -P apt-get >/dev/null; then
        refuse "the tests need $what, which is not installed. Install your distribution's package '$package' and start again."
    fi
    if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
    say "Installing $package (the tests need $what)"
    if ! "${as_root[@]}" sh -c '
        policy=/usr/sbin/policy-rc.d
        if ! [ -e "$policy" ]; then
            trap "rm -f $policy" EXIT
            trap "exit 1" INT TERM
            printf "#!/bin/sh\nexit 101\n" >"$policy" && chmod 755 "$policy"
        fi
        apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$1"
    ' install "$package" </dev/null >"$results/install-$package.log" 2>&1; then
        tail -5 "$results/install-$package.log"
        refuse "installing '$package' failed (log: artifacts/test-results/install-$package.log). Install it by hand and start again."
    fi
}

# Its programs lie in a folder of their version. The package brings a cluster of its own, which is never started.
require_postgres() {
    if ! compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; then install_package postgresql "the server 'postgres'"; fi
    if [ "$(id -u)" -eq 0 ]; then require_package setpriv util-linux; fi
}

require_brokers() {
    require_package setsid util-linux
    case "$1" in all | rabbitmq) require_package /usr/lib/rabbitmq/bin/rabbitmq-server rabbitmq-server ;; esac
    case "$1" in all | redis) require_package /usr/bin/redis-server redis-server ;; esac
    case "$1" in all | postgres) require_postgres ;; esac
    case "$1" in all | activemq)
        require_package /usr/bin/java default-jre-headless
        require_package /usr/share/activemq/bin/activemq.jar activemq
        ;;
    esac
}

# Real Celery, the broker it runs on here, and the store that most of its users have for results.
require_celery() {
    require_brokers rabbitmq
    require_brokers redis
    require_module celery python3-celery
    require_module redis python3-redis
    require_module brotli python3-brotli
    require_module yaml python3-yaml
}

# A test project that refers to Celeriac.Brokers runs against the real brokers, and against their Python clients.
require_brokers_of() {
    local name
    for name in $1; do
        if [ "$name" = Celeriac.Interop.Tests ]; then
            require_celery
            continue
        fi
        # What 'stubs' writes is imported by a real Python.
        if [ "$name" = Celeriac.CommandLine.Tests ]; then require_module celery python3-celery; fi
        # Results are shared with Python's database backend.
        if [ "$name" = Celeriac.Postgres.Tests ]; then
            require_module celery python3-celery
            require_module psycopg2 python3-psycopg2
            require_module sqlalchemy python3-sqlalchemy
        fi
        if grep -q 'Celeriac\.Brokers\.csproj' "tests/$name/$name.csproj"; then
            require_brokers all
            require_module stomp python3-stomp
            require_module pika python3-pika
        fi
    done
}

# Stays until Ctrl+C; the program ends the brokers whatever way it ends.
run_brokers() {
    case "$broker" in
        all | rabbitmq | activemq | redis | postgres) ;;
        *) refuse "'$broker' is no broker of ours. './build.sh brokers rabbitmq', 'activemq', 'redis' or 'postgres', or './build.sh brokers' for all." ;;
    esac
    require_brokers "$broker"
    build tests/Celeriac.Brokers/Celeriac.Brokers.csproj
    trap - INT TERM
    exec dotnet exec artifacts/bin/Celeriac.Brokers/release/Celeriac.Brokers.dll "$broker"
}

# Runs a command for at most so many minutes, its output in a log; it stays interruptible, and so do the processes it starts.
run_limited() {
    local minutes="$1" log="$2" code=0
    shift 2
    timeout --kill-after=15 "${minutes}m" "$@" </dev/null >"$log" 2>&1 &
    running=$!
    wait "$running" || code=$?
    running=""
    return "$code"
}

# A gate leaves no build server behind; on a desk they make the next build quick.
build() {
    local target="$1" code=0 started=$SECONDS
    local options=(-c Release -nologo -v quiet -clp:NoSummary)
    if [ "${CI:-}" = true ]; then options+=(-nodeReuse:false); fi
    run_limited 20 "$results/build.log" dotnet build "$target" "${options[@]}" || code=$?
    if [ "$code" -ne 0 ]; then
        grep -E '(error|warning) [A-Z]+[0-9]+' "$results/build.log" | sed "s|$root/||g" | sort -u | head -40 || tail -20 "$results/build.log"
        say "The build failed (log: artifacts/test-results/build.log)."
        failed=$((failed + 1))
        finish
    fi
    say "built in $((SECONDS - started)) s"
}

# Publishes a program of the bench as docs/performance.md proposes it for workers: compiled ahead of time.
publish() {
    rm -rf "artifacts/bench/$1"
    run_limited 20 "$results/publish.log" dotnet publish "bench/$1" -c Release --use-current-runtime --self-contained false -p:PublishReadyToRun=true \
        -o "artifacts/bench/$1" -nologo -v quiet -clp:NoSummary
}

# The test projects to run, one a line, in the order of their names.
test_projects() {
    local folder name
    for folder in tests/*.Tests/; do
        name="$(basename "$folder")"
        case "$only_project" in
            "" | "$name" | "${name%.Tests}") say "$name" ;;
            *) if [ "Celeriac.$only_project.Tests" = "$name" ]; then say "$name"; fi ;;
        esac
    done
}

# field NAME LINE: the number after "NAME: " in a runner's summary line, 0 where it has none.
field() {
    local value
    value="$(printf '%s\n' "$2" | sed -n "s/.*$1: \([0-9][0-9]*\).*/\1/p")"
    say "${value:-0}"
}

# Takes one project's log apart: a summary line makes numbers, anything else is a failure with its last words.
count_project() {
    local name="$1" log="$2" code="$3" seconds="$4" summary total bad idle
    summary="$(grep -E 'Total: [0-9]+' "$log" | tail -1 || true)"
    case "$code" in
        124) fail_project "$name" "stopped after $project_minutes minutes without an end; its last words:" "$log"; return ;;
        137) fail_project "$name" "killed, by the system or after $project_minutes minutes; its last words:" "$log"; return ;;
    esac
    if [ -z "$summary" ]; then
        fail_project "$name" "died without a summary (exit code $code); its last words:" "$log"
        return
    fi
    total="$(field Total "$summary")"
    bad=$(($(field Failed "$summary") + $(field Errors "$summary")))
    idle=$(($(field Skipped "$summary") + $(field 'Not Run' "$summary")))
    if [ "$total" -eq 0 ] && [ -z "$filter" ]; then
        fail_project "$name" "has no tests" /dev/null
        return
    fi
    if [ "$bad" -eq 0 ] && [ "$code" -ne 0 ]; then
        fail_project "$name" "ended with exit code $code though no test failed; its last words:" "$log"
        return
    fi
    if [ "$bad" -gt 0 ]; then
        { say "--- $name"; failures "$log"; } >"$results/failures-of-$name.txt"
        if [ "$bad" -le "$most_again" ] && passes_again "$name" "$log" "$bad"; then
            cat "$results/failures-of-$name.txt" >>"$results/unsteady.txt"
            unsteady=$((unsteady + bad))
            bad=0
        else
            cat "$results/failures-of-$name.txt" >>"$results/failures.txt"
        fi
    fi
    passed=$((passed + total - bad - idle))
    failed=$((failed + bad))
    skipped=$((skipped + idle))
    printf '%-32s %5d passed %4d failed %4d skipped %6d s\n' "$name" "$((total - bad - idle))" "$bad" "$idle" "$seconds"
}

# A few facts that fail once among thousands with real brokers, real clocks and two cores are run again, alone. They pass only if every one of them does,
# and what they said the first time is shown at the end all the same: such a fact, or what it tells of, is to be mended.
passes_again() {
    local name="$1" log="$2" bad="$3" failing cleaning facts fact code=0 arguments=(-noColor -noLogo -noAutoReporters)
    failing="$(sed -n 's/^ *\([A-Za-z_][A-Za-z0-9_.+]*\).*\[FAIL\] *$/\1/p' "$log")"
    # What a fact leaves behind may fail after it, which counts once more.
    cleaning="$(sed -n 's/^ *\[Test Cleanup Failure (\([A-Za-z_][A-Za-z0-9_.+]*\).*)\].*/\1/p' "$log")"
    facts="$(printf '%s\n' "$failing" "$cleaning" | sed '/^$/d')"
    # An error outside of a fact has no name to run again.
    if [ -z "$facts" ] || [ "$(printf '%s\n' "$facts" | wc -l)" -ne "$bad" ]; then return 1; fi
    facts="$(printf '%s\n' "$facts" | sort -u)"
    for fact in $facts; do arguments+=(-method "$fact"); done
    run_limited "$project_minutes" "$results/$name-again.log" dotnet exec "artifacts/bin/$name/release/$name.dll" "${arguments[@]}" || code=$?
    [ "$code" -eq 0 ] && grep -qE 'Total: [1-9][0-9]*, .*Failed: 0' "$results/$name-again.log"
}

fail_project() {
    local name="$1" what="$2" log="$3"
    failed=$((failed + 1))
    printf '%-32s FAILED: %s\n' "$name" "${what%; its last words:}"
    { say "--- $name $what"; tail -25 "$log"; } >>"$results/failures.txt"
}

# The failing tests' names and messages: each [FAIL] line and the indented lines after it, shortened.
failures() {
    awk '
        /\[FAIL\]|\[ERROR\]|Error Message|\[Test .* Cleanup Failure/ { show = 14 }
        /^[^ ]|\[SKIP\]|Finished: / && !/\[FAIL\]/ { if (!/\[FAIL\]/) show = 0 }
        show > 0 && !/at System\.Reflection\./ { print; show-- }' "$1" | sed "s|$root/||g" | head -400
}

run_projects() {
    local name started code projects
    projects="$(test_projects)"
    if [ -z "$projects" ]; then
        refuse "no test project is called '$only_project'. There are: $(only_project='' test_projects | paste -sd' ' -)."
    fi
    require_brokers_of "$projects"
    if [ -n "$only_project" ]; then build "tests/$projects/$projects.csproj"; else build Celeriac.slnx; fi
    local arguments=(-noColor -noLogo -noAutoReporters)
    if [ -n "$filter" ]; then arguments+=(-method "*$filter*"); fi
    for name in $projects; do
        started=$SECONDS
        code=0
        run_limited "$project_minutes" "$results/$name.log" dotnet exec "artifacts/bin/$name/release/$name.dll" "${arguments[@]}" || code=$?
        count_project "$name" "$results/$name.log" "$code" "$((SECONDS - started))"
    done
    if [ -n "$filter" ] && [ $((passed + failed + skipped)) -eq 0 ]; then
        say "No test's name contains '$filter'."
        failed=1
    fi
}

# Gate only. One sample is one check; it runs in a folder of its own, so that its database starts empty.
smoke() {
    local name code folder started
    for name in Messaging Quickstart; do
        if ! [ -f "samples/$name/Program.cs" ]; then continue; fi
        folder="$(mktemp -d)"
        started=$SECONDS
        code=0
        cd "$folder"
        run_limited 3 "$results/sample-$name.log" dotnet exec "$root/artifacts/bin/$name/release/$name.dll" || code=$?
        cd "$root"
        rm -rf "$folder"
        if [ "$code" -eq 0 ]; then
            passed=$((passed + 1))
            printf '%-32s runs %38d s\n' "samples/$name" "$((SECONDS - started))"
        else
            fail_project "samples/$name" "ended with exit code $code; its last words:" "$results/sample-$name.log"
        fi
    done
}

check_formatting() {
    local code=0
    run_limited 5 "$results/format.log" dotnet format whitespace . --folder --verify-no-changes --exclude artifacts tests/Celeriac.Generators.Tests/Snapshots || code=$?
    if [ "$code" -eq 0 ]; then
        passed=$((passed + 1))
    else
        fail_project formatting "differs from .editorconfig; 'dotnet format whitespace . --folder' puts it right; its last words:" "$results/format.log"
    fi
}

show_failures() {
    if [ "$unsteady" -gt 0 ]; then
        say ""
        say "UNSTEADY: $unsteady failed first and passed when they were run again alone. Each is a fault to find:"
        cat "$results/unsteady.txt"
    fi
    if [ -s "$results/failures.txt" ]; then
        say ""
        cat "$results/failures.txt"
        say "(whole logs: artifacts/test-results)"
    fi
}

prepare() {
    require_sdk
    mkdir -p "$results"
    rm -f "$results"/*.log "$results"/*.txt
    trap stop_running INT TERM
    require_package timeout coreutils
    require_package kill procps # some tests freeze and kill processes
}

# Whatever follows the verb is the bench's own; its last lines and its exit code are the run's.
run_bench() {
    if [ "${1:-}" = micro ]; then
        build bench/Micro/Micro.csproj
        trap - INT TERM
        exec dotnet exec artifacts/bin/Micro/release/Micro.dll "${@:2}"
    fi
    require_celery
    require_brokers activemq
    local program=artifacts/bench/Celeriac.Bench/Celeriac.Bench.dll
    if ! { publish Celeriac.Bench && publish Peers; }; then
        say "Nothing could be compiled ahead of time (log: artifacts/test-results/publish.log), so processes start slower."
        build bench/Celeriac.Bench/Celeriac.Bench.csproj
        build bench/Peers/Peers.csproj
        program=artifacts/bin/Celeriac.Bench/release/Celeriac.Bench.dll
    fi
    trap - INT TERM
    exec dotnet exec "$program" "$@"
}

verb=test
broker=all
if [ $# -gt 0 ] && [ "${1#-}" = "$1" ]; then
    verb="$1"
    shift
fi
if [ "$verb" = brokers ] && [ $# -gt 0 ] && [ "${1#-}" = "$1" ]; then
    broker="$1"
    shift
fi
if [ "$verb" = bench ]; then
    prepare
    run_bench "$@"
fi
while [ $# -gt 0 ]; do
    case "$1" in
        --filter) filter="${2:?--filter needs a text}"; shift 2 ;;
        --filter=*) filter="${1#*=}"; shift ;;
        --project) only_project="${2:?--project needs a name}"; shift 2 ;;
        --project=*) only_project="${1#*=}"; shift ;;
        -h | --help) verb=help; shift ;;
        *) refuse "unknown option '$1'. './build.sh help' lists them." ;;
    esac
done

case "$verb" in
    test) prepare; run_projects; show_failures; finish ;;
    conformance) filter="${filter:-Conformance}"; prepare; run_projects; show_failures; finish ;;
    interop) only_project=Interop; prepare; run_projects; show_failures; finish ;;
    ci) prepare; check_formatting; run_projects; smoke; show_failures; finish ;;
    brokers) prepare; run_brokers ;;
    clean) rm -rf artifacts ;;
    help) help ;;
    *) refuse "unknown verb '$verb'. Verbs: test, conformance, interop, ci, brokers, bench, clean, help." ;;
esac
