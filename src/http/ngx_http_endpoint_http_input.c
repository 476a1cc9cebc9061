
#include "ngx_http_endpoint_argument.h"
#include "ngx_http_endpoint_cookie.h"
#include "ngx_http_endpoint_http.h"
#include "ngx_http_endpoint_nginx.h"
#include "ngx_http_endpoint_run.h"


static ngx_int_t ngx_http_endpoint_http_input(ngx_http_request_t *r,
    ngx_http_endpoint_input_t *input, ngx_str_t *text);
static ngx_int_t ngx_http_endpoint_http_arg(ngx_http_request_t *r,
    ngx_str_t *key, ngx_str_t *text);
static ngx_int_t ngx_http_endpoint_http_header(ngx_http_request_t *r,
    ngx_str_t *key, ngx_str_t *text);
static ngx_uint_t ngx_http_endpoint_http_passed(ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_input_t *input);
static ngx_int_t ngx_http_endpoint_http_body_inputs(ngx_http_request_t *r,
    ngx_http_endpoint_run_t *run, ngx_http_endpoint_faults_t *faults);
static ngx_int_t ngx_http_endpoint_http_read_body(ngx_http_request_t *r,
    ngx_str_t *body);
static ngx_int_t ngx_http_endpoint_http_members(ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_faults_t *faults);
static ngx_uint_t ngx_http_endpoint_http_handed(ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_name_t *name);


ngx_int_t
ngx_http_endpoint_http_inputs(ngx_http_request_t *r,
    ngx_http_endpoint_run_t *run, ngx_http_endpoint_route_match_t *match,
    ngx_http_endpoint_faults_t *faults)
{
    ngx_int_t                   rc;
    ngx_str_t                   text;
    ngx_uint_t                  i, n;
    ngx_http_endpoint_input_t  *input;
    ngx_http_endpoint_value_t   sent;

    input = run->plan->inputs.elts;
    n = run->plan->inputs.nelts - run->plan->nbody;

    for (i = 0; i < n; i++) {

        /* the path's come first, in the order in which they are captured */

        if (input[i].source == ngx_http_endpoint_input_path) {
            text = match->captures[i];
            rc = NGX_OK;

        } else {
            rc = ngx_http_endpoint_http_input(r, &input[i], &text);

            if (rc == NGX_ERROR) {
                return NGX_ERROR;
            }

            if (rc == NGX_BUSY
                && ngx_http_endpoint_http_passed(run, &input[i]))
            {
                ngx_http_endpoint_value_text(&sent, text.data, text.len);

                if (ngx_http_endpoint_input_twice(&input[i], NULL, &sent,
                                                  faults)
                    != NGX_OK)
                {
                    return NGX_ERROR;
                }

                continue;
            }
        }

        if (ngx_http_endpoint_input_text(&input[i],
                                         rc == NGX_DECLINED ? NULL : &text,
                                         &run->scope.values[input[i].slot],
                                         faults)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (run->plan->nbody
        && ngx_http_endpoint_http_body_inputs(r, run, faults) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (!ngx_http_endpoint_faults_empty(faults)) {
        return NGX_OK;
    }

    return ngx_http_endpoint_http_members(run, faults);
}


/* NGX_DECLINED: the client did not send it; NGX_BUSY: more than once */

static ngx_int_t
ngx_http_endpoint_http_input(ngx_http_request_t *r,
    ngx_http_endpoint_input_t *input, ngx_str_t *text)
{
    switch (input->source) {

    case ngx_http_endpoint_input_arg:
        return ngx_http_endpoint_http_arg(r, &input->key, text);

    case ngx_http_endpoint_input_cookie:
        return ngx_http_endpoint_cookie(r, &input->key, text);

    default: /* ngx_http_endpoint_input_header */
        return ngx_http_endpoint_http_header(r, &input->key, text);
    }
}


/* of several arguments of one name the last counts */

static ngx_int_t
ngx_http_endpoint_http_arg(ngx_http_request_t *r, ngx_str_t *key,
    ngx_str_t *text)
{
    u_char      *p, *end;
    ngx_str_t    name, value;
    ngx_uint_t   found;

    p = r->args.data;
    end = r->args.data + r->args.len;
    found = 0;

    while (p < end) {
        if (ngx_http_endpoint_argument_next(r->pool, &p, end, &name, &value)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (name.len == key->len
            && ngx_strncmp(name.data, key->data, key->len) == 0)
        {
            *text = value;
            found++;
        }
    }

    if (!found) {
        return NGX_DECLINED;
    }

    if (ngx_http_endpoint_argument_decode(r->pool, text) != NGX_OK) {
        return NGX_ERROR;
    }

    return found == 1 ? NGX_OK : NGX_BUSY;
}


/* the first counts, as FastAPI has it */

static ngx_int_t
ngx_http_endpoint_http_header(ngx_http_request_t *r, ngx_str_t *key,
    ngx_str_t *text)
{
    ngx_uint_t        i, found;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    found = 0;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (h[i].hash == 0 || h[i].key.len != key->len
                || ngx_strncmp(h[i].lowcase_key, key->data, key->len) != 0)
            {
                continue;
            }

            if (found++ == 0) {
                *text = h[i].value;
            }
        }
    }

    if (found == 0) {
        return NGX_DECLINED;
    }

    return found == 1 ? NGX_OK : NGX_BUSY;
}


/* whether what an input was taken from goes on to others as it came */

static ngx_uint_t
ngx_http_endpoint_http_passed(ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_input_t *input)
{
    ngx_uint_t                  i;
    ngx_str_t                   key;
    ngx_hash_key_t             *pass;
    ngx_http_endpoint_step_t  **step;

    if (input->source == ngx_http_endpoint_input_arg) {
        return run->plan->args_handed;
    }

    step = run->plan->steps.elts;

    for (i = 0; i < run->plan->steps.nelts; i++) {
        if (step[i]->type->passes) {
            break;
        }
    }

    if (i == run->plan->steps.nelts) {
        return 0;
    }

    key = input->key;

    if (input->source == ngx_http_endpoint_input_cookie) {
        ngx_str_set(&key, "cookie");
    }

    pass = run->plan->limits->pass_headers->elts;

    for (i = 0; i < run->plan->limits->pass_headers->nelts; i++) {
        if (pass[i].key.len == key.len
            && ngx_strncmp(pass[i].key.data, key.data, key.len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_endpoint_http_body_inputs(ngx_http_request_t *r,
    ngx_http_endpoint_run_t *run, ngx_http_endpoint_faults_t *faults)
{
    ngx_str_t                   body, type;
    ngx_http_endpoint_input_t  *input;

    if (ngx_http_endpoint_http_read_body(r, &body) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_str_null(&type);

    if (r->headers_in.content_type) {
        type = r->headers_in.content_type->value;
    }

    input = run->plan->inputs.elts;

    return ngx_http_endpoint_input_from_body(
               input + run->plan->inputs.nelts - run->plan->nbody,
               run->plan->nbody, &body, &type, run->plan->body_handed,
               run->scope.values, faults);
}


static ngx_int_t
ngx_http_endpoint_http_read_body(ngx_http_request_t *r, ngx_str_t *body)
{
    off_t         size;
    u_char       *p;
    ssize_t       n;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    ngx_str_null(body);

    if (r->request_body == NULL || r->request_body->bufs == NULL) {
        return NGX_OK;
    }

    cl = r->request_body->bufs;
    b = cl->buf;

    if (cl->next == NULL && !b->in_file) {
        body->data = b->pos;
        body->len = b->last - b->pos;
        return NGX_OK;
    }

    size = 0;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        size += ngx_buf_size(cl->buf);
    }

    p = ngx_pnalloc(r->pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    body->data = p;
    body->len = size;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        b = cl->buf;

        if (!b->in_file) {

            /* the one that only marks the end has no memory */

            if (b->pos) {
                p = ngx_cpymem(p, b->pos, b->last - b->pos);
            }

            continue;
        }

        n = ngx_read_file(b->file, p, b->file_last - b->file_pos,
                          b->file_pos);

        if (n != b->file_last - b->file_pos) {
            return NGX_ERROR;
        }

        p += n;
    }

    return NGX_OK;
}


/* $payload.name of a body or an input of type json */

static ngx_int_t
ngx_http_endpoint_http_members(ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_faults_t *faults)
{
    ngx_uint_t                      i;
    ngx_http_endpoint_name_t      **names, *name;
    ngx_http_endpoint_value_t      *v;
    ngx_http_endpoint_json_path_t  *twice;

    names = run->plan->names.elts;

    for (i = 0; i < run->plan->names.nelts; i++) {
        name = names[i];

        if (name->input == NULL || name->paths.nelts == 0) {
            continue;
        }

        v = &run->scope.values[name->slot];

        if (ngx_http_endpoint_json_take(run->scope.pool, &v->data,
                                        name->paths.elts, name->paths.nelts,
                                        ngx_http_endpoint_http_handed(run,
                                                                      name),
                                        run->scope.values, &twice)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (twice
            && ngx_http_endpoint_input_twice(name->input, twice, v, faults)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* whether all that an input came in is handed on beside it */

static ngx_uint_t
ngx_http_endpoint_http_handed(ngx_http_endpoint_run_t *run,
    ngx_http_endpoint_name_t *name)
{
    switch (name->input->source) {

    case ngx_http_endpoint_input_arg:
        return run->plan->args_handed;

    case ngx_http_endpoint_input_field:
        return run->plan->body_handed;

    case ngx_http_endpoint_input_body:

        /* or there are fields, each of which is a part of it */

        return run->plan->body_raw || run->plan->nbody > 1;

    default:
        return 0;
    }
}
