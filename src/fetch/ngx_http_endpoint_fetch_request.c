
#include "ngx_http_endpoint_fetch.h"
#include "ngx_http_endpoint_nginx.h"
#include "ngx_http_endpoint_pass.h"
#include "ngx_http_endpoint_run.h"
#include "ngx_http_endpoint_shell.h"


#define ngx_http_endpoint_fetch_bit(hash)  ((uint64_t) 1 << ((hash) % 64))


static ngx_http_request_t *ngx_http_endpoint_fetch_parent(
    ngx_http_endpoint_run_t *run);
static ngx_int_t ngx_http_endpoint_fetch_count(ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_refusal_t *refusal);
static ngx_uint_t ngx_http_endpoint_fetch_checked(
    ngx_http_endpoint_step_t *step);
static ngx_int_t ngx_http_endpoint_fetch_pass_all(
    ngx_http_endpoint_call_t *call, ngx_http_request_t *r);
static ngx_int_t ngx_http_endpoint_fetch_pass_keyed(
    ngx_http_endpoint_call_t *call);
static ngx_int_t ngx_http_endpoint_fetch_pass(ngx_http_request_t *sr,
    ngx_array_t *pass, ngx_http_request_t *r,
    ngx_http_endpoint_fetch_conf_t *conf);
static ngx_uint_t ngx_http_endpoint_fetch_is_own(
    ngx_http_endpoint_fetch_conf_t *conf, ngx_table_elt_t *h);
static ngx_int_t ngx_http_endpoint_fetch_header(ngx_http_request_t *sr,
    ngx_str_t *name, u_char *lowcase, ngx_uint_t hash, ngx_str_t *value);
static ngx_int_t ngx_http_endpoint_fetch_own_headers(
    ngx_http_endpoint_call_t *call, ngx_http_endpoint_refusal_t *refusal);
static ngx_int_t ngx_http_endpoint_fetch_body(ngx_http_endpoint_call_t *call);
static ngx_int_t ngx_http_endpoint_fetch_content_type(ngx_http_request_t *sr);


ngx_int_t
ngx_http_endpoint_fetch_request(ngx_http_endpoint_call_t *call,
    ngx_http_endpoint_refusal_t *refusal)
{
    ngx_int_t                        rc;
    ngx_str_t                        path, args;
    ngx_http_request_t              *r, *sr;
    ngx_http_endpoint_exec_t        *exec;
    ngx_http_endpoint_fetch_conf_t  *conf;

    exec = call->exec;
    conf = exec->step->conf;
    r = ngx_http_endpoint_fetch_parent(exec->run);

    if (r == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_endpoint_uri_render(&conf->uri, &exec->run->scope, &path,
                                      &args, refusal);
    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_http_endpoint_fetch_count(exec->run, refusal) != NGX_OK) {
        return NGX_DECLINED;
    }

    call->capture->checked = ngx_http_endpoint_fetch_checked(exec->step);
    call->capture->limit = exec->run->plan->limits->fetch_buffer;

    if (ngx_http_endpoint_capture_start(call->capture, r, &path, &args)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    sr = call->capture->request;

    sr->method = conf->method_id;
    sr->method_name = conf->method;

    if (ngx_list_init(&sr->headers_in.headers, sr->pool, 4,
                      sizeof(ngx_table_elt_t))
        != NGX_OK
        || ngx_http_endpoint_fetch_pass_all(call, r) != NGX_OK
        || ngx_http_endpoint_fetch_body(call) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_fetch_own_headers(call, refusal);
}


static ngx_http_request_t *
ngx_http_endpoint_fetch_parent(ngx_http_endpoint_run_t *run)
{
    if (run->request == NULL && run->shell->request) {
        return run->shell->request(run);
    }

    return run->request;
}


/* NGX_DECLINED: the outermost run has started too many, or too deep ones */

static ngx_int_t
ngx_http_endpoint_fetch_count(ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_refusal_t *refusal)
{
    ngx_http_request_t       *r;
    ngx_http_endpoint_run_t  *outer;

    r = run->request;
    refusal->ref = NULL;

    if (r->subrequests == 0) {
        refusal->cause = ngx_http_endpoint_cause_cycle;
        return NGX_DECLINED;
    }

    for (outer = run; outer->parent; outer = outer->parent) { /* void */ }

    if (outer->fetches >= outer->plan->limits->max_fetches) {
        refusal->cause = ngx_http_endpoint_cause_fetches;
        return NGX_DECLINED;
    }

    outer->fetches++;

    return NGX_OK;
}


/* a body from which members are taken is checked by taking them */

static ngx_uint_t
ngx_http_endpoint_fetch_checked(ngx_http_endpoint_step_t *step)
{
    ngx_http_endpoint_name_t        *name;
    ngx_http_endpoint_fetch_conf_t  *conf;

    name = step->result;
    conf = step->conf;

    /* of many bodies the members are taken when all have come */

    return name && name->used && !conf->text
           && (name->paths.nelts == 0 || conf->each.item);
}


static ngx_int_t
ngx_http_endpoint_fetch_pass_all(ngx_http_endpoint_call_t *call,
    ngx_http_request_t *r)
{
    ngx_http_request_t        *sr;
    ngx_http_endpoint_exec_t  *exec;
    ngx_http_endpoint_pass_t  *pass;

    sr = call->capture->request;
    exec = call->exec;
    pass = exec->step->pass;

    if (pass == NULL) {
        return ngx_http_endpoint_fetch_pass(sr,
                                        exec->run->plan->limits->pass_headers,
                                        r, exec->step->conf);
    }

    if (ngx_http_endpoint_fetch_pass(sr, &pass->lines, r, exec->step->conf)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_endpoint_fetch_pass_keyed(call);
}


/* not the client's lines, but what of them is in the key */

static ngx_int_t
ngx_http_endpoint_fetch_pass_keyed(ngx_http_endpoint_call_t *call)
{
    ngx_str_t                   text;
    ngx_uint_t                  i;
    ngx_hash_key_t             *header;
    ngx_http_endpoint_run_t    *run;
    ngx_http_endpoint_value_t   v;
    ngx_http_endpoint_keyed_t  *keyed;

    run = call->exec->run;
    keyed = call->exec->step->pass->keyed.elts;

    for (i = 0; i < call->exec->step->pass->keyed.nelts; i++) {
        header = keyed[i].header;

        if (ngx_http_endpoint_scope_value(&run->scope, &keyed[i].ref, &v)
            != NGX_OK
            || ngx_http_endpoint_value_to_text(run->scope.pool, &v, &text)
               != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (text.len
            && ngx_http_endpoint_fetch_header(call->capture->request,
                                              &header->key, header->key.data,
                                              header->key_hash, &text)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_fetch_pass(ngx_http_request_t *sr, ngx_array_t *pass,
    ngx_http_request_t *r, ngx_http_endpoint_fetch_conf_t *conf)
{
    uint64_t          hashes;
    ngx_uint_t        i, k;
    ngx_hash_key_t   *name;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    name = pass->elts;
    hashes = 0;

    for (k = 0; k < pass->nelts; k++) {
        hashes |= ngx_http_endpoint_fetch_bit(name[k].key_hash);
    }

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            /* most headers are none of them */

            if (!(hashes & ngx_http_endpoint_fetch_bit(h[i].hash))) {
                continue;
            }

            for (k = 0; k < pass->nelts; k++) {

                if (h[i].hash != name[k].key_hash
                    || h[i].key.len != name[k].key.len
                    || ngx_strncmp(h[i].lowcase_key, name[k].key.data,
                                   name[k].key.len)
                       != 0)
                {
                    continue;
                }

                if (ngx_http_endpoint_fetch_is_own(conf, &h[i])) {
                    continue;
                }

                if (ngx_http_endpoint_fetch_header(sr, &h[i].key,
                                                   h[i].lowcase_key,
                                                   h[i].hash, &h[i].value)
                    != NGX_OK)
                {
                    return NGX_ERROR;
                }
            }
        }
    }

    return NGX_OK;
}


/* what the configuration sets itself replaces the client's */

static ngx_uint_t
ngx_http_endpoint_fetch_is_own(ngx_http_endpoint_fetch_conf_t *conf,
    ngx_table_elt_t *h)
{
    ngx_uint_t                   i;
    ngx_http_endpoint_header_t  *own;

    /* nor does the client's type say what the configuration's body is */

    if (conf->body && h->key.len == sizeof("content-type") - 1
        && ngx_strncmp(h->lowcase_key, "content-type", h->key.len) == 0)
    {
        return 1;
    }

    own = conf->headers.elts;

    for (i = 0; i < conf->headers.nelts; i++) {
        if (own[i].hash == h->hash && own[i].name.len == h->key.len
            && ngx_strncmp(own[i].lowcase, h->lowcase_key, h->key.len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_endpoint_fetch_header(ngx_http_request_t *sr, ngx_str_t *name,
    u_char *lowcase, ngx_uint_t hash, ngx_str_t *value)
{
    ngx_table_elt_t            *h, **field;
    ngx_http_header_t          *hh;
    ngx_http_core_main_conf_t  *cmcf;

    h = ngx_list_push(&sr->headers_in.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->key = *name;
    h->value = *value;
    h->lowcase_key = lowcase;
    h->hash = hash;
    ngx_http_endpoint_header_next(h);

    /* the fields that nginx keeps: $content_type, $http_user_agent, … */

    cmcf = ngx_http_get_module_main_conf(sr, ngx_http_core_module);

    hh = ngx_hash_find(&cmcf->headers_in_hash, hash, lowcase, name->len);

    if (hh == NULL) {
        return NGX_OK;
    }

    if (ngx_http_endpoint_header_many(hh)) {
        return hh->handler(sr, h, hh->offset);
    }

    /* the handler would end the client's request where it dislikes a field */

    field = (ngx_table_elt_t **) ((char *) &sr->headers_in + hh->offset);
    *field = h;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_fetch_own_headers(ngx_http_endpoint_call_t *call,
    ngx_http_endpoint_refusal_t *refusal)
{
    ngx_int_t                        rc;
    ngx_str_t                        value;
    ngx_uint_t                       i;
    ngx_http_endpoint_run_t         *run;
    ngx_http_endpoint_header_t      *header;
    ngx_http_endpoint_fetch_conf_t  *conf;

    run = call->exec->run;
    conf = call->exec->step->conf;
    header = conf->headers.elts;

    for (i = 0; i < conf->headers.nelts; i++) {
        rc = ngx_http_endpoint_header_render(&header[i], &run->scope, &value,
                                             refusal);

        if (rc == NGX_OK) {
            rc = ngx_http_endpoint_fetch_header(call->capture->request,
                                                &header[i].name,
                                                header[i].lowcase,
                                                header[i].hash, &value);
        }

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_fetch_body(ngx_http_endpoint_call_t *call)
{
    ngx_chain_t                     *cl;
    ngx_http_request_t              *sr;
    ngx_http_endpoint_run_t         *run;
    ngx_http_endpoint_writer_t       w;
    ngx_http_endpoint_fetch_conf_t  *conf;

    run = call->exec->run;
    conf = call->exec->step->conf;
    sr = call->capture->request;

    if (conf->body == NULL) {

        /* RFC 9110, section 8.6: where it has a meaning, that there is none */

        if (sr->method & (NGX_HTTP_POST|NGX_HTTP_PUT|NGX_HTTP_PATCH)) {
            sr->headers_in.content_length_n = 0;
        }

        return NGX_OK;
    }

    ngx_http_endpoint_writer_init(&w, sr->pool,
                    ngx_http_endpoint_template_hint(conf->body, &run->scope));

    if (ngx_http_endpoint_template_render(conf->body, &run->scope, &w)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    sr->request_body = ngx_pcalloc(sr->pool, sizeof(ngx_http_request_body_t));
    if (sr->request_body == NULL) {
        return NGX_ERROR;
    }

    sr->request_body->bufs = ngx_http_endpoint_writer_chain(&w);
    sr->headers_in.content_length_n = w.size;

    for (cl = sr->request_body->bufs; cl; cl = cl->next) {
        cl->buf->last_buf = (cl->next == NULL);
    }

    if (conf->has_content_type) {
        return NGX_OK;
    }

    return ngx_http_endpoint_fetch_content_type(sr);
}


static ngx_int_t
ngx_http_endpoint_fetch_content_type(ngx_http_request_t *sr)
{
    static u_char     lowcase[] = "content-type";
    static ngx_str_t  name = ngx_string("Content-Type");
    static ngx_str_t  json = ngx_string("application/json");

    return ngx_http_endpoint_fetch_header(sr, &name, lowcase,
                                          ngx_hash_key(lowcase, name.len),
                                          &json);
}
