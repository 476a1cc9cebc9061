
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include "ngx_http_endpoint_pg_conf.h"
#include "ngx_http_endpoint_pg_lanes.h"


#define NGX_HTTP_ENDPOINT_PG_PORT             5432
#define NGX_HTTP_ENDPOINT_PG_SOCKET           ".s.PGSQL."
#define NGX_HTTP_ENDPOINT_PG_CONNECT_TIMEOUT  10000

/* how long a restart of the server is bridged */
#define NGX_HTTP_ENDPOINT_PG_WAIT             2000


static char *ngx_http_endpoint_pg_conf_conninfo(ngx_conf_t *cf,
    ngx_http_endpoint_pg_pool_t *pool, ngx_str_t *conninfo);
static char *ngx_http_endpoint_pg_conf_keyword(ngx_conf_t *cf,
    ngx_http_endpoint_pg_pool_t *pool, PQconninfoOption *option);
static char *ngx_http_endpoint_pg_conf_said(ngx_conf_t *cf,
    PQconninfoOption *option);
static char *ngx_http_endpoint_pg_conf_wait(ngx_conf_t *cf,
    ngx_http_endpoint_pg_pool_t *pool, ngx_str_t *param);
static char *ngx_http_endpoint_pg_conf_param(ngx_conf_t *cf,
    ngx_http_endpoint_pg_pool_t *pool, ngx_str_t *param);
static ngx_int_t ngx_http_endpoint_pg_conf_servers(ngx_conf_t *cf,
    ngx_http_endpoint_pg_pool_t *pool);
static ngx_int_t ngx_http_endpoint_pg_conf_inet(ngx_conf_t *cf,
    ngx_http_upstream_server_t *us, ngx_addr_t *addr,
    ngx_http_endpoint_pg_address_t *address);
static ngx_int_t ngx_http_endpoint_pg_conf_unix(ngx_conf_t *cf,
    ngx_http_upstream_server_t *us, ngx_http_endpoint_pg_address_t *address);
static const char *ngx_http_endpoint_pg_conf_string(ngx_conf_t *cf,
    u_char *data, size_t len);
static ngx_int_t ngx_http_endpoint_pg_conf_error(ngx_conf_t *cf,
    ngx_http_endpoint_pg_pool_t *pool, const char *what, ngx_str_t *name);


char *
ngx_http_endpoint_pg_conf(ngx_conf_t *cf, ngx_array_t *pools)
{
    char                           *rv;
    ngx_str_t                      *value;
    ngx_uint_t                      i;
    ngx_http_endpoint_pg_pool_t    *pool, **p;
    ngx_http_upstream_srv_conf_t   *uscf;

    uscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_upstream_module);

    if (ngx_http_endpoint_pg_conf_find(pools, &uscf->host)) {
        return "is duplicate";
    }

    pool = ngx_pcalloc(cf->pool, sizeof(ngx_http_endpoint_pg_pool_t));
    if (pool == NULL) {
        return NGX_CONF_ERROR;
    }

    pool->name = uscf->host;
    pool->upstream = uscf;
    pool->connections = 4;
    pool->pipeline = 64;
    pool->queue_max = 1000;
    pool->isolated = 4;

    if (ngx_array_init(&pool->servers, cf->pool, 2,
                       sizeof(ngx_http_endpoint_pg_server_t))
        != NGX_OK
        || ngx_array_init(&pool->statements, cf->pool, 8,
                          sizeof(ngx_http_endpoint_pg_statement_t *))
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    rv = ngx_http_endpoint_pg_conf_conninfo(cf, pool, &value[1]);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        rv = ngx_http_endpoint_pg_conf_param(cf, pool, &value[i]);
        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    p = ngx_array_push(pools);
    if (p == NULL) {
        return NGX_CONF_ERROR;
    }

    *p = pool;

    return NGX_CONF_OK;
}


static char *
ngx_http_endpoint_pg_conf_conninfo(ngx_conf_t *cf,
    ngx_http_endpoint_pg_pool_t *pool, ngx_str_t *conninfo)
{
    char              *rv, *err;
    u_char             buf[256];
    ngx_str_t          text;
    PQconninfoOption  *options, *option;

    pool->options.conninfo = (char *) conninfo->data;
    pool->options.connect_timeout = NGX_HTTP_ENDPOINT_PG_CONNECT_TIMEOUT;
    pool->wait = NGX_HTTP_ENDPOINT_PG_WAIT;

    err = NULL;
    options = PQconninfoParse(pool->options.conninfo, &err);

    if (options == NULL) {
        text.data = buf;
        text.len = sizeof(buf);

        ngx_http_endpoint_pg_error_text(&text, err ? err : "out of memory");

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid conninfo: %V",
                           &text);
        PQfreemem(err);
        return NGX_CONF_ERROR;
    }

    rv = NGX_CONF_OK;

    for (option = options; option->keyword; option++) {

        if (option->val) {
            rv = ngx_http_endpoint_pg_conf_keyword(cf, pool, option);
        }

        if (rv != NGX_CONF_OK) {
            break;
        }
    }

    PQconninfoFree(options);

    return rv;
}


static char *
ngx_http_endpoint_pg_conf_keyword(ngx_conf_t *cf,
    ngx_http_endpoint_pg_pool_t *pool, PQconninfoOption *option)
{
    ngx_int_t  n;

    if (ngx_strcmp(option->keyword, "hostaddr") == 0
        || ngx_strcmp(option->keyword, "port") == 0
        || ngx_strcmp(option->keyword, "service") == 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%s\" in conninfo, the upstream's servers say "
                           "where to connect to", option->keyword);
        return NGX_CONF_ERROR;
    }

    if (ngx_strcmp(option->keyword, "gssencmode") == 0
        && ngx_strcmp(option->val, "disable") != 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"gssencmode=%s\" in conninfo, it would block and "
                           "can only be disable", option->val);
        return NGX_CONF_ERROR;
    }

    if (ngx_strcmp(option->keyword, "host") == 0) {

        if (ngx_strchr(option->val, ',') || option->val[0] == '/') {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"host=%s\" in conninfo, it must be the one "
                               "name in the servers' certificates",
                               option->val);
            return NGX_CONF_ERROR;
        }

        pool->options.host = 1;
    }

    if (ngx_strcmp(option->keyword, "connect_timeout") == 0) {
        n = ngx_atoi((u_char *) option->val, ngx_strlen(option->val));

        if (n > 0) {
            pool->options.connect_timeout = n * 1000;
        }
    }

    return ngx_http_endpoint_pg_conf_said(cf, option);
}


/* what libpq would find out with each connection, or leave without effect */

static char *
ngx_http_endpoint_pg_conf_said(ngx_conf_t *cf, PQconninfoOption *option)
{
    const char       *said, **value;
    ngx_file_info_t   fi;

    static const char  *modes[] = {
        "disable", "allow", "prefer", "require", "verify-ca", "verify-full",
        NULL
    };

    /* prefer-standby chooses between the hosts of one conninfo */

    static const char  *attrs[] = {
        "any", "read-write", "read-only", "primary", "standby", NULL
    };

    said = "it must be a file that there is";
    value = NULL;

    if (ngx_strcmp(option->keyword, "sslmode") == 0) {
        said = "it must be disable, allow, prefer, require, verify-ca or "
               "verify-full";
        value = modes;

    } else if (ngx_strcmp(option->keyword, "target_session_attrs") == 0) {
        said = "it must be any, read-write, read-only, primary or standby: "
               "each connection is to one server";
        value = attrs;

    } else if (ngx_strcmp(option->keyword, "sslrootcert") != 0
               || *option->val == '\0'
               || ngx_strcmp(option->val, "system") == 0
               || ngx_file_info(option->val, &fi) != NGX_FILE_ERROR)
    {
        return NGX_CONF_OK;
    }

    for ( /* void */ ; value && *value; value++) {
        if (ngx_strcmp(option->val, *value) == 0) {
            return NGX_CONF_OK;
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%s=%s\" in conninfo, %s",
                       option->keyword, option->val, said);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_endpoint_pg_conf_param(ngx_conf_t *cf,
    ngx_http_endpoint_pg_pool_t *pool, ngx_str_t *param)
{
    ngx_int_t    n;
    ngx_uint_t   i;

    struct {
        ngx_str_t    name;
        ngx_uint_t  *value;
        ngx_int_t    min;
        ngx_int_t    max;
    } numbers[] = {
        { ngx_string("connections="), &pool->connections, 1, 1000 },
        { ngx_string("pipeline="), &pool->pipeline, 1, 10000 },
        { ngx_string("queue="), &pool->queue_max, 0, 1000000 },
        { ngx_string("isolated="), &pool->isolated, 0, 1000 },
        { ngx_null_string, NULL, 0, 0 }
    };

    if (ngx_strcmp(param->data, "prepare=off") == 0) {
        pool->options.pooler = 1;
        return NGX_CONF_OK;
    }

    if (ngx_strncmp(param->data, "wait=", 5) == 0) {
        return ngx_http_endpoint_pg_conf_wait(cf, pool, param);
    }

    for (i = 0; numbers[i].value; i++) {

        if (ngx_strncmp(param->data, numbers[i].name.data,
                        numbers[i].name.len)
            != 0)
        {
            continue;
        }

        if (pool->given & (1 << i)) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "duplicate \"%V\"",
                               param);
            return NGX_CONF_ERROR;
        }

        pool->given |= 1 << i;

        n = ngx_atoi(param->data + numbers[i].name.len,
                     param->len - numbers[i].name.len);

        if (n < numbers[i].min || n > numbers[i].max) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid value \"%V\", it must be a number "
                               "from %i to %i", param, numbers[i].min,
                               numbers[i].max);
            return NGX_CONF_ERROR;
        }

        *numbers[i].value = n;

        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\", it must be connections=, "
                       "pipeline=, queue=, isolated=, wait= or prepare=off",
                       param);
    return NGX_CONF_ERROR;
}


static char *
ngx_http_endpoint_pg_conf_wait(ngx_conf_t *cf,
    ngx_http_endpoint_pg_pool_t *pool, ngx_str_t *param)
{
    ngx_int_t  n;
    ngx_str_t  value;

    value.data = param->data + 5;
    value.len = param->len - 5;

    n = ngx_parse_time(&value, 0);

    if (n == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\", it must be a time like 2s "
                           "or 500ms", param);
        return NGX_CONF_ERROR;
    }

    pool->wait = n;

    return NGX_CONF_OK;
}


ngx_http_endpoint_pg_pool_t *
ngx_http_endpoint_pg_conf_find(ngx_array_t *pools, ngx_str_t *name)
{
    ngx_uint_t                     i;
    ngx_http_endpoint_pg_pool_t  **pool;

    pool = pools->elts;

    for (i = 0; i < pools->nelts; i++) {
        if (pool[i]->name.len == name->len
            && ngx_strncasecmp(pool[i]->name.data, name->data, name->len) == 0)
        {
            return pool[i];
        }
    }

    return NULL;
}


ngx_uint_t
ngx_http_endpoint_pg_conf_isolated(ngx_http_endpoint_pg_pool_t *pool,
    ngx_str_t **name)
{
    *name = &pool->name;

    return pool->isolated;
}


ngx_int_t
ngx_http_endpoint_pg_conf_init(ngx_conf_t *cf, ngx_array_t *pools)
{
    ngx_uint_t                     i;
    ngx_http_endpoint_pg_pool_t  **pool;

    pool = pools->elts;

    for (i = 0; i < pools->nelts; i++) {
        if (ngx_http_endpoint_pg_conf_servers(cf, pool[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_pg_conf_servers(ngx_conf_t *cf,
    ngx_http_endpoint_pg_pool_t *pool)
{
    ngx_int_t                        rc;
    ngx_uint_t                       i, j, up;
    ngx_http_upstream_server_t      *us;
    ngx_http_upstream_srv_conf_t    *uscf;
    ngx_http_endpoint_pg_server_t   *server;

    uscf = pool->upstream;
    us = uscf->servers->elts;
    up = 0;

    for (i = 0; i < uscf->servers->nelts; i++) {

        if (us[i].max_conns) {
            return ngx_http_endpoint_pg_conf_error(cf, pool,
                       "must have no \"max_conns\", \"endpoint_postgres\" "
                       "says how many connections there are", &us[i].name);
        }

        for (j = 0; j < us[i].naddrs; j++) {

            server = ngx_array_push(&pool->servers);
            if (server == NULL) {
                return NGX_ERROR;
            }

            ngx_memzero(server, sizeof(ngx_http_endpoint_pg_server_t));

            server->weight = us[i].weight;
            server->max_fails = us[i].max_fails;
            server->fail_timeout = us[i].fail_timeout * 1000;
            server->down = us[i].down ? 1 : 0;
            server->backup = us[i].backup;
            server->address.name = us[i].name;

            up += !server->down;

            rc = us[i].addrs[j].sockaddr->sa_family == AF_UNIX
                 ? ngx_http_endpoint_pg_conf_unix(cf, &us[i],
                                                  &server->address)
                 : ngx_http_endpoint_pg_conf_inet(cf, &us[i], &us[i].addrs[j],
                                                  &server->address);

            if (rc == NGX_DECLINED) {
                return ngx_http_endpoint_pg_conf_error(cf, pool,
                           "must be unix:DIR/.s.PGSQL.PORT as the server "
                           "makes it", &us[i].name);
            }

            if (rc != NGX_OK) {
                return NGX_ERROR;
            }

            if (pool->options.host && server->address.hostaddr) {
                server->address.host = NULL;
            }
        }
    }

    if (up == 0) {
        return ngx_http_endpoint_pg_conf_error(cf, pool,
                                               "has no server that is not down",
                                               &pool->name);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_pg_conf_inet(ngx_conf_t *cf,
    ngx_http_upstream_server_t *us, ngx_addr_t *addr,
    ngx_http_endpoint_pg_address_t *address)
{
    u_char      *p, *last, *end, *host;
    size_t       len;
    in_port_t    port;
    u_char       text[NGX_SOCKADDR_STRLEN];
    u_char       number[NGX_INT_T_LEN];

    len = ngx_sock_ntop(addr->sockaddr, addr->socklen, text,
                        NGX_SOCKADDR_STRLEN, 0);

    address->hostaddr = ngx_http_endpoint_pg_conf_string(cf, text, len);

    /* the name as it was written is what a certificate is compared with */

    host = us->name.data;
    last = host + us->name.len;

    if (us->name.len && *host == '[') {
        host++;
        end = ngx_strlchr(host, last, ']');
        end = end ? end : last;
        p = ngx_strlchr(end, last, ':');

    } else {
        p = ngx_strlchr(host, last, ':');
        end = p ? p : last;
    }

    address->host = ngx_http_endpoint_pg_conf_string(cf, host, end - host);

    /* without a port nginx means that of HTTP */

    port = p ? ngx_inet_get_port(addr->sockaddr) : NGX_HTTP_ENDPOINT_PG_PORT;
    len = ngx_sprintf(number, "%ui", (ngx_uint_t) port) - number;

    address->port = ngx_http_endpoint_pg_conf_string(cf, number, len);

    return (address->hostaddr && address->host && address->port)
           ? NGX_OK : NGX_ERROR;
}


/* libpq takes the directory and the number, and makes the file's name itself */

static ngx_int_t
ngx_http_endpoint_pg_conf_unix(ngx_conf_t *cf,
    ngx_http_upstream_server_t *us, ngx_http_endpoint_pg_address_t *address)
{
    u_char     *p, *last;
    size_t      len;
    ngx_str_t   path;

    path.data = us->name.data + sizeof("unix:") - 1;
    path.len = us->name.len - (sizeof("unix:") - 1);

    last = path.data + path.len;
    len = sizeof(NGX_HTTP_ENDPOINT_PG_SOCKET) - 1;

    for (p = last; p > path.data && p[-1] != '/'; p--) { /* void */ }

    if (p == path.data
        || (size_t) (last - p) <= len
        || ngx_strncmp(p, NGX_HTTP_ENDPOINT_PG_SOCKET, len) != 0
        || ngx_atoi(p + len, last - p - len) == NGX_ERROR)
    {
        return NGX_DECLINED;
    }

    address->hostaddr = NULL;
    address->host = ngx_http_endpoint_pg_conf_string(cf, path.data,
                                                     p - path.data);
    address->port = ngx_http_endpoint_pg_conf_string(cf, p + len,
                                                     last - p - len);

    return (address->host && address->port) ? NGX_OK : NGX_ERROR;
}


static const char *
ngx_http_endpoint_pg_conf_string(ngx_conf_t *cf, u_char *data, size_t len)
{
    u_char  *p;

    p = ngx_pnalloc(cf->pool, len + 1);
    if (p == NULL) {
        return NULL;
    }

    *ngx_cpymem(p, data, len) = '\0';

    return (char *) p;
}


static ngx_int_t
ngx_http_endpoint_pg_conf_error(ngx_conf_t *cf,
    ngx_http_endpoint_pg_pool_t *pool, const char *what, ngx_str_t *name)
{
    ngx_http_upstream_srv_conf_t  *uscf;

    uscf = pool->upstream;

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "\"%V\" %s in %s:%ui", name, what,
                  uscf->file_name, uscf->line);

    return NGX_ERROR;
}
