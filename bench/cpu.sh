# The CPU time that servers take, in user space and in the kernel; sourced after
# lib.sh.  For each kind of request are set: server[KIND], the process whose
# time counts, with its children's, or empty for none; load[KIND], a command
# that sets answered and failed.

rounds=7
database=               # the process of Postgres, whose time counts beside

declare -A server load
declare -A took beside                          # of the servers
declare -A database_took database_beside        # of Postgres


# measure KIND...: sets took and database_took, seconds for 1,000 requests,
# and beside and database_beside, what those of the first kind are beside
# them.  One kind comes after another in each round, so that the machine's
# moods meet all of them; a ratio is of two in the same round, and the median
# of the rounds is what is set.

measure() {
    local round kind first=$1 first_s first_d
    local -A s_took=() s_beside=() d_took=() d_beside=()

    for ((round = 0; round <= rounds; round++)); do
        for kind; do
            cpu "$kind"

            # the first round warms up

            [ $round != 0 ] || continue

            if [ "$kind" = "$first" ]; then
                first_s=$server_cpu
                first_d=$database_cpu
            fi

            s_took[$kind]+=" $server_cpu"
            s_beside[$kind]+=" $(ratio "$first_s" "$server_cpu")"
            d_took[$kind]+=" $database_cpu"
            d_beside[$kind]+=" $(ratio "$first_d" "$database_cpu")"
        done
    done

    for kind; do
        took[$kind]=$(median ${s_took[$kind]})
        beside[$kind]=$(median ${s_beside[$kind]})
        database_took[$kind]=$(median ${d_took[$kind]})
        database_beside[$kind]=$(median ${d_beside[$kind]})
    done
}


# cpu KIND: sets server_cpu and database_cpu

cpu() {
    local server_start database_start

    server_start=$(ticks ${server[$1]})
    database_start=$(ticks $database)

    ${load[$1]}

    [ "$failed" = 0 ] || fail "of \"${load[$1]}\" $failed requests failed"

    server_cpu=$(seconds "$server_start" "$(ticks ${server[$1]})" "$answered")
    database_cpu=$(seconds "$database_start" "$(ticks $database)" "$answered")
}


# ticks [PID]: that the process and its children have taken, also those that
# have ended

ticks() {
    local pid

    for pid in $* ${1:+$(pgrep -P "$1")}; do
        cat "/proc/$pid/stat" 2>/dev/null || true
    done | awk '{ sub(/.*\) /, ""); sum += $12 + $13 + $14 + $15 }
                END { print sum + 0 }'
}


# seconds START END REQUESTS: for 1,000 requests, with three digits

seconds() {
    awk -v hz="$(getconf CLK_TCK)" -v ticks="$(($2 - $1))" -v n="$3" \
        'BEGIN { printf "%.3g", ticks / hz / n * 1000 }'
}
