# What the benchmarks share; sourced with the project's root as the current
# directory.

. util/lib.sh

room=$PWD/build/bench
servers=()


# The module, or with NGINX_SRC an nginx that has it in it; and the client.

prepare() {
    nginx=$(PATH=$PATH:/usr/sbin command -v nginx || true)
    modules=()

    if [ "${NGINX_SRC:-}" ]; then
        nginx=$(util/build static "$NGINX_SRC")
    else
        modules=("$(util/build module)")
    fi

    [ "$nginx" ] || fail "no nginx, Debian's package nginx"

    mkdir -p "$room"

    program client

    trap stop EXIT
    trap 'exit 1' HUP INT TERM
}


# program NAME: compiled from bench/NAME.c, where that is newer

program() {
    if [ "bench/$1.c" -nt "$room/$1" ]; then
        cc -O2 -W -Wall -Werror -o "$room/$1" "bench/$1.c"
    fi
}


# port N: the N-th of the benchmarks' ports

port() {
    echo $((${BENCH_PORT:-18400} + $1))
}


# configure NAME [CONNECTIONS] < SERVERS: a directory with nginx.conf for them

configure() {
    local dir=$room/$1 module temp

    rm -rf "$dir"
    mkdir -p "$dir"

    {
        for module in "${modules[@]}"; do
            echo "load_module $module;"
        done

        [ "$(id -u)" != 0 ] || echo "user root;"

        cat << END
worker_processes 1;
pid $dir/pid;
error_log $dir/error.log;

events {
    worker_connections ${2:-1024};
}

http {
    access_log off;
    keepalive_requests 10000000;
    keepalive_timeout 600s;
END
        for temp in client_body proxy fastcgi uwsgi scgi; do
            echo "    ${temp}_temp_path $dir/$temp;"
        done

        cat
        echo "}"
    } > "$dir/nginx.conf"

    "$nginx" -p "$dir" -c nginx.conf -e "$dir/error.log" -q -t \
        || fail "the configuration of $1 is not valid"
}


# start NAME: the nginx that was configured, in the background

start() {
    local dir=$room/$1

    "$nginx" -p "$dir" -c nginx.conf -e "$dir/error.log" -g 'daemon off;' &
    servers+=($!)
    await "$dir" $!
}


# await DIR PID: until it listens, which it does before it writes its pid

await() {
    local i

    for ((i = 0; i < 600; i++)); do
        [ ! -s "$1/pid" ] || return 0
        kill -0 "$2" 2>/dev/null || break
        sleep 0.1
    done

    cat "$1/error.log" >&2
    fail "nginx did not start"
}


# await_port PORT PID WHAT: until a server that writes no pid listens

await_port() {
    until (exec 3<> "/dev/tcp/127.0.0.1/$1") 2>/dev/null; do
        kill -0 "$2" 2>/dev/null || fail "$3 did not start"
        sleep 0.1
    done
}


stop() {
    local server

    for server in "${servers[@]}"; do
        kill "$server" 2>/dev/null || true
    done

    wait
    servers=()
}


# worker NAME: the process that answers

worker() {
    pgrep -P "$(master "$1")"
}


# master NAME: its parent

master() {
    cat "$room/$1/pid"
}


# client ARGS...: sets answered, failed, overlap, ms, p50 and p99 (in us),
# rss_before, rss_most

client() {
    local line

    line=$("$room/client" "$@") || true
    [ "$line" ] || fail "the client gave no figures"
    eval "$line"
}


# count VARIABLE NAME REQUESTS ARGS...: sets VARIABLE to the instructions for
# each request of "client ARGS".  Of two runs that differ in their requests
# alone the difference is taken, so that start-up and the first request's
# costs vanish.

count() {
    local variable=$1 name=$2 n=$3 base
    shift 3

    callgrind "$name" "$((n / 10))" "$@"
    base=$collected
    callgrind "$name" "$((n / 10 + n))" "$@"

    printf -v "$variable" %d $(((collected - base) / n))
}


# callgrind NAME REQUESTS ARGS...: sets collected; where collect has the name
# of a function, only what runs in it counts

callgrind() {
    local dir=$room/$1 n=$2 pid
    shift 2

    rm -f "$dir/pid" "$dir/callgrind.out"

    valgrind -q --tool=callgrind --callgrind-out-file="$dir/callgrind.out" \
        --instr-atstart=yes ${collect:+--toggle-collect="$collect"} \
        "$nginx" -p "$dir" -c nginx.conf -e "$dir/error.log" \
        -g 'daemon off; master_process off;' > "$dir/valgrind.log" 2>&1 &
    pid=$!
    servers+=($pid)
    await "$dir" $pid

    client -n "$n" "$@"

    # a signal between nginx's look at its flags and its wait for events is
    # not seen until the next event

    while kill $pid 2> /dev/null; do
        sleep 0.1
    done

    wait $pid || true

    [ "$answered" = "$n" ] && [ "$failed" = 0 ] \
        || fail "of $n requests for \"$*\" $answered were answered"

    collected=$(awk '/^(summary|totals):/ { print $2; exit }' \
                "$dir/callgrind.out")
}


# median NUMBER...

median() {
    printf '%s\n' "$@" | sort -g | sed -n "$((($# + 1) / 2))p"
}


# row CELL...: of a table

row() {
    printf '|'
    printf ' %s |' "$@"
    echo
}


# ratio A B: of two expressions, with two digits, or a dash where B is nothing

ratio() {
    awk "BEGIN {
        a = $1; b = $2
        if (b == 0) print \"-\"
        else printf (a / b < 0.1) ? \"%.2g\" : \"%.2f\", a / b
    }"
}


# per BYTES A B: what B costs more than A, for each byte

per() {
    awk "BEGIN { printf \"%.2f\", ($3 - $2) / $1 }"
}
