
/*
 * What the pure units use of nginx, where only its headers are installed.
 * Every allocation is a block of its own, so that the address sanitizer sees
 * each overrun, and can be made to fail.
 */


#include "unit.h"

/* one object serves all unit programs */
#include "nginx_format.c"


static void *unit_alloc(size_t size);
static void *unit_pool_keep(ngx_pool_t *pool, void *p);
static void unit_pool_clear(ngx_pool_t *pool);
static int64_t unit_decimal(u_char *line, size_t n, int64_t max);


ngx_uint_t             unit_fail_alloc;
ngx_uint_t             unit_allocs;
ngx_log_t              unit_log;

ngx_uint_t             ngx_pagesize = 4096;
ngx_uint_t             ngx_pagesize_shift = 12;
ngx_uint_t             ngx_cacheline_size = 64;
ngx_pid_t              ngx_pid;
volatile ngx_cycle_t  *ngx_cycle;
volatile ngx_time_t   *ngx_cached_time;
volatile ngx_msec_t    ngx_current_msec;


static void *
unit_alloc(size_t size)
{
    unit_allocs++;

    if (unit_fail_alloc && --unit_fail_alloc == 0) {
        return NULL;
    }

    return malloc(size);
}


void *
ngx_alloc(size_t size, ngx_log_t *log)
{
    return unit_alloc(size);
}


void *
ngx_calloc(size_t size, ngx_log_t *log)
{
    void  *p;

    p = unit_alloc(size);

    if (p) {
        ngx_memzero(p, size);
    }

    return p;
}


void *
ngx_memalign(size_t alignment, size_t size, ngx_log_t *log)
{
    void  *p;

    unit_allocs++;

    if (unit_fail_alloc && --unit_fail_alloc == 0) {
        return NULL;
    }

    return posix_memalign(&p, alignment, size) ? NULL : p;
}


ngx_pool_t *
ngx_create_pool(size_t size, ngx_log_t *log)
{
    ngx_pool_t  *pool;

    pool = ngx_calloc(sizeof(ngx_pool_t), log);

    if (pool) {
        pool->max = size;
        pool->current = pool;
        pool->log = log;
    }

    return pool;
}


static void
unit_pool_clear(ngx_pool_t *pool)
{
    ngx_pool_large_t    *next;
    ngx_pool_cleanup_t  *c;

    for (c = pool->cleanup; c; c = c->next) {
        if (c->handler) {
            c->handler(c->data);
        }
    }

    for ( /* void */ ; pool->large; pool->large = next) {
        next = pool->large->next;
        free(pool->large->alloc);
        free(pool->large);
    }

    pool->cleanup = NULL;
    pool->chain = NULL;
}


void
ngx_destroy_pool(ngx_pool_t *pool)
{
    unit_pool_clear(pool);
    free(pool);
}


void
ngx_reset_pool(ngx_pool_t *pool)
{
    pool->cleanup = NULL;
    unit_pool_clear(pool);
}


static void *
unit_pool_keep(ngx_pool_t *pool, void *p)
{
    ngx_pool_large_t  *large;

    if (p == NULL) {
        return NULL;
    }

    large = malloc(sizeof(ngx_pool_large_t));
    if (large == NULL) {
        abort();
    }

    large->alloc = p;
    large->next = pool->large;
    pool->large = large;

    return p;
}


void *
ngx_palloc(ngx_pool_t *pool, size_t size)
{
    return unit_pool_keep(pool, unit_alloc(size));
}


void *
ngx_pnalloc(ngx_pool_t *pool, size_t size)
{
    return unit_pool_keep(pool, unit_alloc(size));
}


void *
ngx_pcalloc(ngx_pool_t *pool, size_t size)
{
    return unit_pool_keep(pool, ngx_calloc(size, pool->log));
}


void *
ngx_pmemalign(ngx_pool_t *pool, size_t size, size_t alignment)
{
    return unit_pool_keep(pool, ngx_memalign(alignment, size, pool->log));
}


ngx_int_t
ngx_pfree(ngx_pool_t *pool, void *p)
{
    ngx_pool_large_t  *large, **next;

    for (next = &pool->large; *next; next = &(*next)->next) {
        large = *next;

        if (large->alloc == p) {
            *next = large->next;
            free(large->alloc);
            free(large);
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


ngx_pool_cleanup_t *
ngx_pool_cleanup_add(ngx_pool_t *pool, size_t size)
{
    ngx_pool_cleanup_t  *c;

    c = ngx_pcalloc(pool, sizeof(ngx_pool_cleanup_t));
    if (c == NULL) {
        return NULL;
    }

    if (size) {
        c->data = ngx_palloc(pool, size);
        if (c->data == NULL) {
            return NULL;
        }
    }

    c->next = pool->cleanup;
    pool->cleanup = c;

    return c;
}


ngx_array_t *
ngx_array_create(ngx_pool_t *pool, ngx_uint_t n, size_t size)
{
    ngx_array_t  *a;

    a = ngx_palloc(pool, sizeof(ngx_array_t));
    if (a == NULL) {
        return NULL;
    }

    return ngx_array_init(a, pool, n, size) == NGX_OK ? a : NULL;
}


void
ngx_array_destroy(ngx_array_t *a)
{
    ngx_pfree(a->pool, a->elts);
    ngx_pfree(a->pool, a);
}


void *
ngx_array_push(ngx_array_t *a)
{
    return ngx_array_push_n(a, 1);
}


void *
ngx_array_push_n(ngx_array_t *a, ngx_uint_t n)
{
    void    *elts;
    u_char  *p;
    size_t   nalloc;

    if (a->nelts + n > a->nalloc) {
        nalloc = 2 * ngx_max(n, a->nalloc);

        elts = ngx_palloc(a->pool, nalloc * a->size);
        if (elts == NULL) {
            return NULL;
        }

        ngx_memcpy(elts, a->elts, a->nelts * a->size);
        a->elts = elts;
        a->nalloc = nalloc;
    }

    p = (u_char *) a->elts + a->nelts * a->size;
    a->nelts += n;

    return p;
}


ngx_list_t *
ngx_list_create(ngx_pool_t *pool, ngx_uint_t n, size_t size)
{
    ngx_list_t  *list;

    list = ngx_palloc(pool, sizeof(ngx_list_t));
    if (list == NULL) {
        return NULL;
    }

    return ngx_list_init(list, pool, n, size) == NGX_OK ? list : NULL;
}


void *
ngx_list_push(ngx_list_t *l)
{
    ngx_list_part_t  *part;

    part = l->last;

    if (part->nelts == l->nalloc) {
        part = ngx_pcalloc(l->pool, sizeof(ngx_list_part_t));
        if (part == NULL) {
            return NULL;
        }

        part->elts = ngx_palloc(l->pool, l->nalloc * l->size);
        if (part->elts == NULL) {
            return NULL;
        }

        l->last->next = part;
        l->last = part;
    }

    return (u_char *) part->elts + l->size * part->nelts++;
}


ngx_buf_t *
ngx_create_temp_buf(ngx_pool_t *pool, size_t size)
{
    ngx_buf_t  *b;

    b = ngx_pcalloc(pool, sizeof(ngx_buf_t));
    if (b == NULL) {
        return NULL;
    }

    b->start = ngx_palloc(pool, size);
    if (b->start == NULL) {
        return NULL;
    }

    b->pos = b->start;
    b->last = b->start;
    b->end = b->start + size;
    b->temporary = 1;

    return b;
}


ngx_chain_t *
ngx_alloc_chain_link(ngx_pool_t *pool)
{
    ngx_chain_t  *cl;

    if (pool->chain) {
        cl = pool->chain;
        pool->chain = cl->next;
        return cl;
    }

    return ngx_palloc(pool, sizeof(ngx_chain_t));
}


void
ngx_strlow(u_char *dst, u_char *src, size_t n)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        dst[i] = ngx_tolower(src[i]);
    }
}


u_char *
ngx_cpystrn(u_char *dst, u_char *src, size_t n)
{
    if (n == 0) {
        return dst;
    }

    for ( /* void */ ; *src && n > 1; n--) {
        *dst++ = *src++;
    }

    *dst = '\0';

    return dst;
}


u_char *
ngx_pstrdup(ngx_pool_t *pool, ngx_str_t *src)
{
    u_char  *dst;

    dst = ngx_pnalloc(pool, src->len);

    if (dst) {
        ngx_memcpy(dst, src->data, src->len);
    }

    return dst;
}


ngx_int_t
ngx_strcasecmp(u_char *s1, u_char *s2)
{
    return strcasecmp((char *) s1, (char *) s2);
}


ngx_int_t
ngx_strncasecmp(u_char *s1, u_char *s2, size_t n)
{
    return strncasecmp((char *) s1, (char *) s2, n);
}


u_char *
ngx_strnstr(u_char *s1, char *s2, size_t n)
{
    size_t  len, i;

    len = ngx_strlen(s2);

    for (i = 0; i + len <= n && s1[i]; i++) {
        if (ngx_strncmp(&s1[i], s2, len) == 0) {
            return &s1[i];
        }
    }

    return NULL;
}


u_char *
ngx_strlcasestrn(u_char *s1, u_char *last, u_char *s2, size_t n)
{
    /* n counts the bytes of s2 behind its first */

    for ( /* void */ ; s1 + n < last; s1++) {
        if (strncasecmp((char *) s1, (char *) s2, n + 1) == 0) {
            return s1;
        }
    }

    return NULL;
}


ngx_int_t
ngx_memn2cmp(u_char *s1, u_char *s2, size_t n1, size_t n2)
{
    ngx_int_t  rc;

    rc = ngx_memcmp(s1, s2, ngx_min(n1, n2));

    if (rc || n1 == n2) {
        return rc;
    }

    return n1 < n2 ? -1 : 1;
}


static int64_t
unit_decimal(u_char *line, size_t n, int64_t max)
{
    size_t   i;
    int64_t  value;

    value = 0;

    for (i = 0; i < n; i++) {
        if (line[i] < '0' || line[i] > '9'
            || value > (max - (line[i] - '0')) / 10)
        {
            return NGX_ERROR;
        }

        value = value * 10 + (line[i] - '0');
    }

    return n ? value : NGX_ERROR;
}


ngx_int_t
ngx_atoi(u_char *line, size_t n)
{
    return unit_decimal(line, n, NGX_MAX_INT_T_VALUE);
}


ssize_t
ngx_atosz(u_char *line, size_t n)
{
    return unit_decimal(line, n, NGX_MAX_SIZE_T_VALUE);
}


off_t
ngx_atoof(u_char *line, size_t n)
{
    return unit_decimal(line, n, NGX_MAX_OFF_T_VALUE);
}


time_t
ngx_atotm(u_char *line, size_t n)
{
    return unit_decimal(line, n, NGX_MAX_TIME_T_VALUE);
}


ngx_int_t
ngx_hextoi(u_char *line, size_t n)
{
    u_char      c;
    size_t      i;
    ngx_uint_t  value;

    value = 0;

    for (i = 0; i < n; i++) {
        c = line[i] | 0x20;

        if (value > (NGX_MAX_INT_T_VALUE >> 4)) {
            return NGX_ERROR;
        }

        if (line[i] >= '0' && line[i] <= '9') {
            value = value * 16 + (line[i] - '0');

        } else if (c >= 'a' && c <= 'f') {
            value = value * 16 + (c - 'a' + 10);

        } else {
            return NGX_ERROR;
        }
    }

    return n ? (ngx_int_t) value : NGX_ERROR;
}


u_char *
ngx_hex_dump(u_char *dst, u_char *src, size_t len)
{
    size_t  i;

    for (i = 0; i < len; i++) {
        *dst++ = "0123456789abcdef"[src[i] >> 4];
        *dst++ = "0123456789abcdef"[src[i] & 0xf];
    }

    return dst;
}


void
ngx_log_error_core(ngx_uint_t level, ngx_log_t *log, ngx_err_t err,
    const char *fmt, ...)
{
    u_char    buf[NGX_MAX_ERROR_STR], *p;
    va_list   args;

    va_start(args, fmt);
    p = ngx_vslprintf(buf, buf + sizeof(buf), fmt, args);
    va_end(args);

    printf("# log %lu: %.*s\n", (unsigned long) level, (int) (p - buf), buf);
}


void
ngx_sort(void *base, size_t n, size_t size,
    ngx_int_t (*cmp)(const void *, const void *))
{
    u_char  *p, *q, byte;
    size_t   i;

    /* insertion, as nginx's own sort is stable */

    for (p = (u_char *) base + size; n > 1; n--, p += size) {
        for (q = p; q > (u_char *) base && cmp(q - size, q) > 0; q -= size) {
            for (i = 0; i < size; i++) {
                byte = q[i];
                q[i] = q[i - size];
                q[i - size] = byte;
            }
        }
    }
}


/* ngx_encode_base64, for pg_row */

void
ngx_encode_base64(ngx_str_t *dst, ngx_str_t *src)
{
    static const char  digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz0123456789+/";

    u_char     *p, *d;
    size_t      i, n;
    uint32_t    bits;

    p = src->data;
    d = dst->data;

    for (n = src->len; n; n -= i, p += i) {
        i = ngx_min(n, 3);

        bits = p[0] << 16;
        bits |= i > 1 ? p[1] << 8 : 0;
        bits |= i > 2 ? p[2] : 0;

        *d++ = digits[bits >> 18];
        *d++ = digits[(bits >> 12) & 0x3f];
        *d++ = i > 1 ? digits[(bits >> 6) & 0x3f] : '=';
        *d++ = i > 2 ? digits[bits & 0x3f] : '=';
    }

    dst->len = d - dst->data;
}


/* of a component, as nginx does */

uintptr_t
ngx_escape_uri(u_char *dst, u_char *src, size_t size, ngx_uint_t type)
{
    size_t     i;
    uintptr_t  n;

    if (type != NGX_ESCAPE_URI_COMPONENT) {
        abort();
    }

    for (i = 0, n = 0; i < size; i++) {

        if ((u_char) ((src[i] | 0x20) - 'a') < 26
            || (u_char) (src[i] - '0') < 10
            || (src[i] && ngx_strchr("-._~", src[i])))
        {
            if (dst) {
                *dst++ = src[i];
            }

        } else if (dst) {
            dst = ngx_sprintf(dst, "%%%02XD", (uint32_t) src[i]);

        } else {
            n++;
        }
    }

    return dst ? (uintptr_t) dst : n;
}
