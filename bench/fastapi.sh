# The same answers by FastAPI in one uvicorn, for the benchmarks that source
# lib.sh: Debian's packages of what is imported below.

fastapi=$(port 4)
fastapi_imports="asyncpg, cachetools, fastapi, httptools, httpx, ujson, uvicorn"
fastapi_imports+=", uvloop"


# the python3 that comes first may be another than Debian's

fastapi_python() {
    local python

    for python in python3 /usr/bin/python3; do
        if "$python" -c "import $fastapi_imports" 2>/dev/null; then
            echo "$python"
            return
        fi
    done

    return 1
}


# fastapi_start [DATABASE]: where it is installed, sets fastapi_pid

fastapi_start() {
    local python dir=$room/fastapi

    fastapi_pid=
    python=$(fastapi_python) || return 0
    mkdir -p "$dir"

    BENCH_API=http://127.0.0.1:$upstream ${1:+env BENCH_DATABASE="$1"} \
        "$python" -B -m uvicorn --app-dir bench --host 127.0.0.1 \
        --port "$fastapi" --loop uvloop --http httptools --ws none \
        --no-access-log --log-level warning fastapi_app:app \
        > "$dir/log" 2>&1 &
    fastapi_pid=$!
    servers+=($!)

    await_port "$fastapi" $fastapi_pid "FastAPI, $dir/log,"
}
