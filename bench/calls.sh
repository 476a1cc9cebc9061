# The servers whose instructions are counted: nginx's own directives on the port
# plain, endpoints on the port endpoint, and the upstream of both.

upstream=$(port 0)
plain=$(port 1)
endpoint=$(port 2)

json='{"id": 1, "name": "Leanne Graham", "username": "bret", '
json+='"email": "leanne@example.org", "phone": "555-0101"}'


upstream_conf() {
    cat << END
    default_type application/json;

    server {
        listen 127.0.0.1:$upstream;

        location = /user { return 200 '$json'; }
        location /       { root $room/bodies; }
    }
END
}


# the locations that fetch, and those that are asked directly, are the same

proxy_conf() {
    cat << END
        location $1 {
            $2
            proxy_pass http://api/;
            include $PWD/conf/endpoint_fetch.conf;
        }
END
}


worker_conf() {
    cat << END
    default_type application/json;

    upstream api { server 127.0.0.1:$upstream; keepalive 32; }

    endpoint_cache_zone zone=hits:1m entries=1000 ttl=1h;

    server {
        listen 127.0.0.1:$plain;

        location = / {
            add_header X-Content-Type-Options nosniff;
            return 200 '{"message": "Hello, world!"}';
        }

$(proxy_conf /api/ "")
    }

    server {
        listen 127.0.0.1:$endpoint;

        location / {
            endpoint GET / {
                reply '{"message": "Hello, world!"}';
            }

            endpoint GET /one {
                fetch \$user /api/user;
                reply \$user;
            }

            endpoint GET /hit/\$id {
                cache hits \$id;
                fetch \$user /api/user;
                reply \$user;
            }

            endpoint GET /three {
                fetch \$user /api/user;
                fetch \$posts /api/user;
                fetch \$comments /api/user;
                reply
                '{"user": \$user, "posts": \$posts, "comments": \$comments}';
            }

            endpoint GET /each {
                arg \$list:json;
                fetch \$users /api/user each=\$list;
                reply \$users;
            }

            endpoint GET /body/\$name {
                fetch \$x /api/\$name;
                reply \$x;
            }
        }

$(proxy_conf /api/ "internal;")
    }
END
}
