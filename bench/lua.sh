# The same answers by Lua, for the benchmarks that source calls.sh: Debian's
# libnginx-mod-http-lua, and for the path /decoded lua-cjson.

lua=$(port 3)
lua_modules=/usr/lib/nginx/modules


# Debian's modules fit Debian's nginx alone

lua_installed() {
    [ -z "${NGINX_SRC:-}" ] && [ -f $lua_modules/ngx_http_lua_module.so ]
}


lua_decodes() {
    lua_installed && compgen -G "/usr/lib/*/lua/5.1/cjson.so" > /dev/null
}


# lua_configure [SERVERS [CONNECTIONS]]: a server of the name lua, by a function
# that prints its servers

lua_configure() {
    local modules=($lua_modules/ndk_http_module.so
                   $lua_modules/ngx_http_lua_module.so)

    configure lua ${2:-} < <("${1:-lua_conf}")
}


# lua_three PATH CODE: three calls at once, of which CODE makes body

lua_three() {
    cat << END
        location = $1 {
            content_by_lua_block {
                local user, posts, comments = ngx.location.capture_multi({
                    { "/api/user" }, { "/api/user" }, { "/api/user" }
                })
                $2
                ngx.header.content_length = #body
                ngx.print(body)
            }
        }
END
}


lua_conf() {
    local join decode

    join="local body = '{\"user\": ' .. user.body
                             .. ', \"posts\": ' .. posts.body
                             .. ', \"comments\": ' .. comments.body .. '}'"

    decode="local cjson = require \"cjson\"
                local body = cjson.encode({
                    user = cjson.decode(user.body),
                    posts = cjson.decode(posts.body),
                    comments = cjson.decode(comments.body)
                })"

    cat << END
    default_type application/json;

    upstream api { server 127.0.0.1:$upstream; keepalive 32; }

    server {
        listen 127.0.0.1:$lua;

        location = / {
            content_by_lua_block {
                local body = '{"message": "Hello, world!"}'
                ngx.header.content_length = #body
                ngx.print(body)
            }
        }

        location = /one {
            content_by_lua_block {
                local user = ngx.location.capture("/api/user")
                ngx.header.content_length = #user.body
                ngx.print(user.body)
            }
        }

$(lua_three /three "$join")

$(lua_three /decoded "$decode")

$(proxy_conf /api/ "internal;")
    }
END
}
