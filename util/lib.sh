# What the scripts share; sourced with the project's root as the current
# directory.

# a script that make calls is no part of the make that it calls itself
unset MAKEFLAGS MAKELEVEL


fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}


# the mirror that the machine takes Debian's packages from

debian_mirror() {
    local sites

    sites=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' \
                'Origin: Debian' 'Label: Debian' 2>/dev/null
            apt-get indextargets --format '$(SITE)' 2>/dev/null || true)

    [ "$sites" ] || fail "apt knows no mirror of Debian"

    echo "${sites%%$'\n'*}"
}


# newer OUT: whether OUT is newer than all that it was compiled from

newer() {
    local file

    [ -f "$1" ] && [ -f "$1.d" ] || return 1

    for file in $(sed 's/^[^:]*://; s/\\$//' "$1.d") util/lib.sh; do
        [ "$1" -nt "$file" ] || return 1
    done
}


# cc_unit OUT COMPILER FILE FLAG...: a program of pure units, that is, linked
# with the stand-ins for nginx's functions

cc_unit() {
    local out=$1 cc=$2 file=$3 stubs=${1%/*}/nginx_stubs.o
    shift 3

    if ! newer "$stubs"; then
        cc_nginx "$stubs" "$cc" t/unit/nginx_stubs.c -c "$@" || return
    fi

    if ! newer "$out" || [ "$stubs" -nt "$out" ]; then
        rm -f "$out"
        cc_nginx "$out" "$cc" "$file" "$@" "$stubs" \
            -lyajl -lpq -lpcre2-8 -lm
    fi
}


cc_nginx() {
    local out=$1 cc=$2 file=$3 src=/usr/share/nginx/src/src rooms room
    shift 3

    rooms=(-I src)

    for room in src/*/; do
        rooms+=(-I "${room%/}")
    done

    "$cc" -g -W -Wall -Wpointer-arith -Wno-unused-parameter -Werror \
        -fno-sanitize=alignment -MMD -MF "$out.d" \
        -I $src/core -I $src/event -I $src/event/modules -I $src/os/unix \
        -I $src/http -I $src/http/modules -I $src/http/v2 \
        -I build/nginx "${rooms[@]}" \
        -I "$(pg_config --includedir)" -o "$out" "$file" "$@"
}
