
#include "ngx_http_endpoint_backtrack.h"


#if (NGX_PCRE2)

#if !defined(PCRE2_CODE_UNIT_WIDTH)
#define PCRE2_CODE_UNIT_WIDTH  8
#endif

#include <pcre2.h>


/*
 * Work is counted in bytes that were passed over, about a nanosecond each.  A
 * step is what PCRE2 does between two items of the pattern.
 */
#define NGX_HTTP_ENDPOINT_BACKTRACK_WORK  (4 * 1024 * 1024)
#define NGX_HTTP_ENDPOINT_BACKTRACK_STEP  24

/* of a text, how many times it may be passed over at least */
#define NGX_HTTP_ENDPOINT_BACKTRACK_PASSES  4

/* in KiB: what it has to go back to is kept there */
#define NGX_HTTP_ENDPOINT_BACKTRACK_HEAP  (4 * 1024)


struct ngx_http_endpoint_backtrack_s {
    pcre2_code            *code;
    pcre2_match_context   *context;
    size_t                 most;        /* that one item may pass over */
    ngx_uint_t             references;  /* back to what was found */
};


typedef struct {
    ngx_http_endpoint_backtrack_t  *backtrack;
    size_t                          position;
    int64_t                         work;       /* that is left */
} ngx_http_endpoint_backtrack_run_t;


static ngx_int_t ngx_http_endpoint_backtrack_failed(ngx_pool_t *pool, int code,
    ngx_str_t *err);
static size_t ngx_http_endpoint_backtrack_most(ngx_str_t *pattern);
static void ngx_http_endpoint_backtrack_cleanup(void *data);
static int ngx_http_endpoint_backtrack_step(pcre2_callout_block *block,
    void *data);


ngx_int_t
ngx_http_endpoint_backtrack_create(ngx_pool_t *pool, ngx_str_t *pattern,
    ngx_http_endpoint_backtrack_t **backtrack, ngx_str_t *err)
{
    int                             code;
    size_t                          offset;
    uint32_t                        references;
    ngx_pool_cleanup_t             *cln;
    ngx_http_endpoint_backtrack_t  *b;

    cln = ngx_pool_cleanup_add(pool, sizeof(ngx_http_endpoint_backtrack_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    b = cln->data;

    ngx_memzero(b, sizeof(ngx_http_endpoint_backtrack_t));

    cln->handler = ngx_http_endpoint_backtrack_cleanup;

    b->code = pcre2_compile(pattern->data, pattern->len,
                            PCRE2_UTF|PCRE2_AUTO_CALLOUT
                            |PCRE2_NEVER_BACKSLASH_C,
                            &code, &offset, NULL);
    if (b->code == NULL) {
        return ngx_http_endpoint_backtrack_failed(pool, code, err);
    }

    b->context = pcre2_match_context_create(NULL);
    if (b->context == NULL) {
        return NGX_ERROR;
    }

    (void) pcre2_set_heap_limit(b->context, NGX_HTTP_ENDPOINT_BACKTRACK_HEAP);

    (void) pcre2_pattern_info(b->code, PCRE2_INFO_BACKREFMAX, &references);

    b->references = references;
    b->most = ngx_http_endpoint_backtrack_most(pattern);

    *backtrack = b;

    return NGX_OK;
}


static ngx_int_t
ngx_http_endpoint_backtrack_failed(ngx_pool_t *pool, int code, ngx_str_t *err)
{
    u_char  words[NGX_MAX_CONF_ERRSTR / 2];

    err->data = ngx_pnalloc(pool, NGX_MAX_CONF_ERRSTR);

    if (err->data) {
        (void) pcre2_get_error_message(code, words, sizeof(words));

        err->len = ngx_snprintf(err->data, NGX_MAX_CONF_ERRSTR,
                                "pcre2_compile() failed: %s", words)
                   - err->data;
    }

    return NGX_ERROR;
}


static void
ngx_http_endpoint_backtrack_cleanup(void *data)
{
    ngx_http_endpoint_backtrack_t *b = data;

    pcre2_match_context_free(b->context);
    pcre2_code_free(b->code);
}


/*
 * What one item may pass over without a step: one that is there so many times,
 * what stands before a place, marks that belong to one letter.
 */

static size_t
ngx_http_endpoint_backtrack_most(ngx_str_t *pattern)
{
    size_t      i, n, most;
    u_char      c;

    most = 0;
    n = 0;

    for (i = 0; i < pattern->len; i++) {
        c = pattern->data[i];

        if (c == '\\' && i + 1 < pattern->len && pattern->data[i + 1] == 'X')
        {
            return NGX_MAX_SIZE_T_VALUE;
        }

        if (c == '<') {
            most = ngx_max(most, pattern->len);
        }

        if (c < '0' || c > '9') {
            n = 0;
            continue;
        }

        n = ngx_min(10 * n + c - '0', 65535);
        most = ngx_max(most, n);
    }

    return most;
}


ngx_uint_t
ngx_http_endpoint_backtrack_match(ngx_http_endpoint_backtrack_t *b,
    ngx_str_t *text)
{
    int                                 rc;
    pcre2_match_data                   *data;
    ngx_http_endpoint_backtrack_run_t   run;

    /* nothing is asked for but whether there is a match */

    data = pcre2_match_data_create(1, NULL);
    if (data == NULL) {
        return 0;
    }

    run.backtrack = b;
    run.position = 0;
    run.work = NGX_HTTP_ENDPOINT_BACKTRACK_WORK
               + NGX_HTTP_ENDPOINT_BACKTRACK_PASSES * (int64_t) text->len;

    (void) pcre2_set_callout(b->context, ngx_http_endpoint_backtrack_step,
                             &run);

    rc = pcre2_match(b->code, text->data, text->len, 0, PCRE2_NO_UTF_CHECK,
                     data, b->context);

    pcre2_match_data_free(data);

    return rc >= 0;
}


/* before each item of the pattern: less than 0 ends the match */

static int
ngx_http_endpoint_backtrack_step(pcre2_callout_block *block, void *data)
{
    ngx_http_endpoint_backtrack_run_t *run = data;

    size_t  position;

    position = block->current_position;

    run->work -= NGX_HTTP_ENDPOINT_BACKTRACK_STEP
                 + ngx_max(position, run->position)
                 - ngx_min(position, run->position);

    /* what an item passes over before it fails is not seen from here */

    run->work -= ngx_min(block->subject_length, run->backtrack->most);

    if (run->backtrack->references) {
        run->work -= ngx_min(block->subject_length - position, position);
    }

    run->position = position;

    return run->work < 0 ? PCRE2_ERROR_MATCHLIMIT : 0;
}

#endif
