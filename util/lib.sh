# What the scripts share; sourced with the project's root as the current
# directory.

# a script that make calls is no part of the make that it calls itself
unset MAKEFLAGS MAKELEVEL


fail() {
    echo "${0##*/}: $*" >&2
    exit 1
}


# nginx's configure and the Makefile that it writes know no quoting; what could
# go wrong in such a place would go wrong outside of it

case $PWD in
    *[[:space:]\'\"\\\$\`\&\|\;\<\>\(\)\{\}\[\]\*\?\#\!%:]*)
        fail "nginx cannot be built in \"$PWD\": the path has a space or" \
             "another character that its Makefile would not take" ;;
esac


# the mirror that the machine takes Debian's packages from

debian_mirror() {
    local sites

    sites=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' \
                'Origin: Debian' 'Label: Debian' 2>/dev/null
            apt-get indextargets --format '$(SITE)' 2>/dev/null || true)

    [ "$sites" ] || fail "apt knows no mirror of Debian"

    echo "${sites%%$'\n'*}"
}


# newer OUT FLAG...: whether OUT is newer than all that it was compiled from,
# and was compiled with these flags

newer() {
    local out=$1 file
    shift

    [ -f "$out" ] && [ -f "$out.d" ] \
        && [ "$(cat "$out.flags" 2>/dev/null)" = "$*" ] || return 1

    for file in $(sed 's/^[^:]*://; s/\\$//' "$out.d") util/lib.sh; do
        [ "$out" -nt "$file" ] || return 1
    done
}


# cc_unit OUT COMPILER FILE FLAG...: a program of pure units, that is, linked
# with the stand-ins for nginx's functions

cc_unit() {
    local out=$1 cc=$2 file=$3 stubs=${1%/*}/nginx_stubs.o
    shift 3

    [ "${include_flags:-}" ] || include_flags=$(util/build headers) || return
    set -- "$@" $include_flags

    if ! newer "$stubs" "$cc" "$@"; then
        cc_nginx "$stubs" "$cc" t/unit/nginx_stubs.c -c "$@" || return
    fi

    if ! newer "$out" "$cc" "$@" || [ "$stubs" -nt "$out" ]; then
        rm -f "$out"
        cc_nginx "$out" "$cc" "$file" "$@"
    fi
}


cc_nginx() {
    local out=$1 cc=$2 file=$3 link=
    shift 3

    [ "${out##*.}" = o ] \
        || link="${out%/*}/nginx_stubs.o -lyajl -lpq -lpcre2-8 -lm"

    "$cc" -g -W -Wall -Wpointer-arith -Wno-unused-parameter -Werror \
        -fno-sanitize=alignment -MMD -MF "$out.d" "$@" -o "$out" "$file" $link

    echo "$cc $*" > "$out.flags"
}
