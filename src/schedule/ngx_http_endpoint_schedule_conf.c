
#include "ngx_http_endpoint_schedule.h"
#include "ngx_http_endpoint_identity.h"


static ngx_int_t ngx_http_endpoint_schedule_parameters(ngx_conf_t *cf,
    ngx_http_endpoint_schedule_t *s);
static ngx_int_t ngx_http_endpoint_schedule_cron(ngx_conf_t *cf,
    ngx_http_endpoint_schedule_t *s);
static ngx_int_t ngx_http_endpoint_schedule_compile(ngx_conf_t *cf,
    ngx_http_endpoint_main_conf_t *emcf, ngx_http_endpoint_schedule_t *s);
static ngx_int_t ngx_http_endpoint_schedule_key(ngx_conf_t *cf,
    ngx_http_endpoint_main_conf_t *emcf, ngx_uint_t n);


static ngx_http_endpoint_place_t  ngx_http_endpoint_schedule_place = {
    ngx_string("a schedule"),
    0,
    0,
    NULL
};


char *
ngx_http_endpoint_schedule_block(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_endpoint_schedule_t   *s, **sp;
    ngx_http_endpoint_main_conf_t  *emcf;

    emcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_endpoint_module);

    if (emcf->schedules.nelts == NGX_HTTP_ENDPOINT_SCHEDULES) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "more than %d schedules",
                           NGX_HTTP_ENDPOINT_SCHEDULES);
        return NGX_CONF_ERROR;
    }

    s = ngx_pcalloc(cf->pool, sizeof(ngx_http_endpoint_schedule_t));
    sp = ngx_array_push(&emcf->schedules);

    if (s == NULL || sp == NULL) {
        return NGX_CONF_ERROR;
    }

    *sp = s;

    if (ngx_http_endpoint_timed_init(cf, emcf, &s->timed, conf) != NGX_OK
        || ngx_http_endpoint_schedule_parameters(cf, s) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    return ngx_http_endpoint_block_read(cf, NGX_HTTP_ENDPOINT_DETACHED,
                                        &s->timed.statements);
}


static ngx_int_t
ngx_http_endpoint_schedule_parameters(ngx_conf_t *cf,
    ngx_http_endpoint_schedule_t *s)
{
    ngx_str_t   *word;
    ngx_uint_t   i;

    word = s->timed.head.args;

    for (i = 2; i < s->timed.head.nargs; i++) {

        if (ngx_strcmp(word[i].data, "utc") == 0) {
            s->cron.utc = 1;
            continue;
        }

        if (ngx_strncmp(word[i].data, "db=", 3) == 0 && word[i].len > 3) {
            s->upstream.data = word[i].data + 3;
            s->upstream.len = word[i].len - 3;
            continue;
        }

        if (ngx_http_endpoint_timed_parameter(&s->timed, &word[i]) == NGX_OK) {
            continue;
        }

        return ngx_http_endpoint_plan_error(cf, &s->timed.head,
                                            "invalid parameter \"%V\" of "
                                            "schedule \"%V\"",
                                            &word[i], &word[1]);
    }

    s->timed.name.len = sizeof("schedule \"\"") - 1 + word[1].len;
    s->timed.name.data = ngx_pnalloc(cf->pool, s->timed.name.len);
    if (s->timed.name.data == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_sprintf(s->timed.name.data, "schedule \"%V\"", &word[1]);

    if (ngx_strlchr(word[1].data, word[1].data + word[1].len, ' ')
        || ngx_strlchr(word[1].data, word[1].data + word[1].len, '\t'))
    {
        return ngx_http_endpoint_schedule_cron(cf, s);
    }

    s->interval = ngx_parse_time(&word[1], 0);

    if (s->interval == (ngx_msec_t) NGX_ERROR || s->interval == 0) {
        return ngx_http_endpoint_plan_error(cf, &s->timed.head,
                                            "invalid schedule \"%V\", it must "
                                            "be an interval like 30s or "
                                            "cron's five fields like "
                                            "\"0 3 * * *\"", &word[1]);
    }

    if (s->cron.utc) {
        return ngx_http_endpoint_plan_error(cf, &s->timed.head,
                                            "\"utc\" is for the fields of "
                                            "cron, schedule \"%V\" is an "
                                            "interval", &word[1]);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_schedule_cron(ngx_conf_t *cf,
    ngx_http_endpoint_schedule_t *s)
{
    ngx_str_t                       *text;
    ngx_http_endpoint_cron_error_t   err;

    text = &s->timed.head.args[1];

    if (ngx_http_endpoint_cron_parse(&s->cron, text, &err) != NGX_OK) {
        return ngx_http_endpoint_plan_error(cf, &s->timed.head,
                                            "invalid %s \"%V\" in schedule "
                                            "\"%V\", expected %s",
                                            err.field, &err.word, text,
                                            err.expected);
    }

    if (ngx_http_endpoint_cron_next(&s->cron, ngx_time()) == 0) {
        return ngx_http_endpoint_plan_error(cf, &s->timed.head,
                                            "schedule \"%V\" never comes",
                                            text);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_endpoint_schedule_compile_all(ngx_conf_t *cf,
    ngx_http_endpoint_main_conf_t *emcf)
{
    ngx_uint_t                      i;
    ngx_http_endpoint_schedule_t  **s;

    s = emcf->schedules.elts;

    for (i = 0; i < emcf->schedules.nelts; i++) {
        if (ngx_http_endpoint_schedule_compile(cf, emcf, s[i]) != NGX_OK
            || ngx_http_endpoint_schedule_key(cf, emcf, i) != NGX_OK
            || (s[i]->upstream.len
                && ngx_http_endpoint_schedule_shared(cf, emcf, i) != NGX_OK))
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_schedule_compile(ngx_conf_t *cf,
    ngx_http_endpoint_main_conf_t *emcf, ngx_http_endpoint_schedule_t *s)
{
    if (s->timed.statements.nelts == 0) {
        return ngx_http_endpoint_plan_error(cf, &s->timed.head,
                                            "schedule \"%V\" has no step",
                                            &s->timed.head.args[1]);
    }

    return ngx_http_endpoint_timed_compile(cf, emcf, &s->timed,
                                           &ngx_http_endpoint_schedule_place,
                                           s->timed.timeout
                                           ? s->timed.timeout
                                           : s->timed.conf->timeout);
}


/*
 * Of a server the n-th with these words: its steps may be changed by a reload
 * without its running twice, or beside a run of the old ones.
 */

static ngx_int_t
ngx_http_endpoint_schedule_key(ngx_conf_t *cf,
    ngx_http_endpoint_main_conf_t *emcf, ngx_uint_t n)
{
    u_char                          buf[NGX_INT_T_LEN + sizeof(" utc")];
    ngx_str_t                       which;
    ngx_uint_t                      i, same;
    ngx_http_endpoint_schedule_t  **s;

    s = emcf->schedules.elts;
    same = 0;

    for (i = 0; i < n; i++) {
        same += s[i]->timed.server == s[n]->timed.server
                && s[i]->cron.utc == s[n]->cron.utc
                && s[i]->timed.name.len == s[n]->timed.name.len
                && ngx_memcmp(s[i]->timed.name.data, s[n]->timed.name.data,
                              s[n]->timed.name.len)
                   == 0;
    }

    which.data = buf;
    which.len = ngx_sprintf(buf, "%ui%s", same, s[n]->cron.utc ? " utc" : "")
                - buf;

    ngx_http_endpoint_identity_named(cf, s[n]->timed.server,
                                     &s[n]->timed.name, &which,
                                     s[n]->timed.key);
    return NGX_OK;
}
