
#include "cache.h"

#include <time.h>


#define KEYS      300
#define STEPS     100000
#define SECONDS   4
#define CHILDREN  2
#define INSIDE    5


static ngx_uint_t                       replaced;


static void
test_hash(void)
{
    ngx_uint_t                     i;
    ngx_http_endpoint_hash_seed_t  seed;

    static struct {
        size_t    len;
        uint64_t  hash;
    } known[] = {
        { 1, 0x407448d2b89b1813 },
        { 7, 0x33f3c6d7dbc82c0d },
        { 8, 0xc501b12e18428c92 },
        { 9, 0x121a17216b5c59d4 },
        { 31, 0xac40d3b694b7b309 }
    };

    ngx_memzero(&seed, sizeof(ngx_http_endpoint_hash_seed_t));

    /* what another implementation of SipHash-1-3 makes of so many letters */

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (ngx_http_endpoint_hash(&seed, (u_char *) "aaaaaaaaaaaaaaaaaaaaaaa"
                                   "aaaaaaaa", known[i].len)
            != known[i].hash)
        {
            break;
        }
    }

    unit_int(i, sizeof(known) / sizeof(known[0]), "SipHash-1-3");

    seed.k0 = 1;
    unit_ok(ngx_http_endpoint_hash(&seed, (u_char *) "a", 1) != known[0].hash,
            "is keyed");
}


static void
test_basics(void)
{
    ngx_buf_t                        b[2];
    ngx_str_t                        key;
    ngx_chain_t                      cl[2];
    ngx_http_endpoint_cache_value_t  value;

    open_zone(&cache, SIZE);
    whole("empty");

    unit_int(get("a"), NGX_HTTP_ENDPOINT_CACHE_MISS, "nothing there");
    unit_int(set("a", "first", 0), NGX_OK, "set");
    unit_int(get("a"), NGX_HTTP_ENDPOINT_CACHE_HIT, "hit");
    unit_str(&got.body, "first", "body");
    unit_str(&got.headers, "X-A: 1\n", "headers");
    unit_int(got.status, 200, "status");

    unit_int(set("a", "second", 0), NGX_OK, "set again");
    (void) get("a");
    unit_str(&got.body, "second", "replaced");
    unit_int(cache.sh->entries, 1, "one entry");

    unit_int(get("A"), NGX_HTTP_ENDPOINT_CACHE_MISS, "another key");
    unit_int(get(""), NGX_HTTP_ENDPOINT_CACHE_MISS, "the empty key");
    unit_int(set("", "", 0), NGX_OK, "set empty under empty");
    unit_int(get(""), NGX_HTTP_ENDPOINT_CACHE_HIT, "hit of empty");
    unit_int(got.body.len, 0, "empty body");

    ngx_memzero(&value, sizeof(ngx_http_endpoint_cache_value_t));
    ngx_memzero(b, sizeof(b));

    b[0].pos = (u_char *) "hello ";
    b[0].last = b[0].pos + 6;
    b[1].pos = (u_char *) "world";
    b[1].last = b[1].pos + 5;
    cl[0].buf = &b[0];
    cl[0].next = &cl[1];
    cl[1].buf = &b[1];
    cl[1].next = NULL;

    value.status = 404;
    value.chain = cl;
    value.body.len = 99999;

    key = str("chain");
    unit_int(ngx_http_endpoint_cache_set(&cache, &key, &value, 0), NGX_OK,
             "set a chain");
    unit_int(get("chain"), NGX_HTTP_ENDPOINT_CACHE_HIT, "hit of a chain");
    unit_str(&got.body, "hello world", "joined, its sum not trusted");
    unit_int(got.status, 404, "its status");

    ngx_http_endpoint_flight_purge(&cache, &key);
    unit_int(get("chain"), NGX_HTTP_ENDPOINT_CACHE_MISS, "purged");
    whole("basics");
}


static void
test_long_key(void)
{
    size_t     len;
    u_char     data[2000];
    ngx_str_t  key;

    open_zone(&cache, SIZE);
    ngx_memset(data, 'k', sizeof(data));

    key.data = data;

    for (len = 0; len < sizeof(data); len += 61) {
        key.len = len;
        got.headers = str("h");
        got.body = str("body");
        got.status = len;
        (void) ngx_http_endpoint_cache_set(&cache, &key, &got, 0);
    }

    for (len = 0; len < sizeof(data); len += 61) {
        key.len = len;

        if (ngx_http_endpoint_cache_get(&cache, &key, pool, &got)
            != NGX_HTTP_ENDPOINT_CACHE_HIT
            || got.status != len
            || got.body.len != 4
            || ngx_strncmp(got.headers.data, "hbody", 5) != 0)
        {
            break;
        }
    }

    unit_ok(len >= sizeof(data), "keys over several chunks");
    whole("long keys");
}


static void
test_time(void)
{
    ngx_uint_t  i, ttl, least, most;

    open_zone(&cache, SIZE);
    cache.stale = 5000;

    (void) set("a", "x", 1000);
    ngx_current_msec += 999;
    unit_int(get("a"), NGX_HTTP_ENDPOINT_CACHE_HIT, "within the ttl");
    unit_int(got.age, 999, "age");
    ngx_current_msec += 1;
    unit_int(get("a"), NGX_HTTP_ENDPOINT_CACHE_STALE, "after it: stale");
    unit_str(&got.body, "x", "with its value");
    ngx_current_msec += 5000;
    unit_int(get("a"), NGX_HTTP_ENDPOINT_CACHE_EXPIRED, "expired");
    unit_int(get("a"), NGX_HTTP_ENDPOINT_CACHE_MISS, "and gone");

    (void) set("a", "x", 0);
    ngx_current_msec += 59999;
    unit_int(get("a"), NGX_HTTP_ENDPOINT_CACHE_HIT, "the zone's ttl");

    cache.jitter = 10;
    least = 100000;
    most = 0;

    for (i = 0; i < 1000; i++) {
        ttl = ngx_http_endpoint_cache_ttl(&cache, 50000);
        least = ngx_min(least, ttl);
        most = ngx_max(most, ttl);
    }

    unit_ok(least > 45000 && least < 45200 && most <= 50000 && most > 49800,
            "jitter shortens by up to its share");
    unit_int(ngx_http_endpoint_cache_ttl(&cache, 1), 1, "never to nothing");
}


static void
test_bounds(void)
{
    u_char                          *data;
    ngx_str_t                        key;
    ngx_uint_t                       max;
    ngx_http_endpoint_cache_t        tiny;
    ngx_http_endpoint_cache_value_t  value;

    open_zone(&cache, SIZE);
    cache.entries = 3;

    (void) set("a", "1", 0);
    (void) set("b", "2", 0);
    (void) set("c", "3", 0);
    (void) get("a");
    (void) set("d", "4", 0);

    unit_int(cache.sh->entries, 3, "bound by entries");
    unit_int(get("b"), NGX_HTTP_ENDPOINT_CACHE_MISS, "the oldest use went");
    unit_int(get("a"), NGX_HTTP_ENDPOINT_CACHE_HIT, "what was used stays");

    cache.entries = 1;
    (void) set("e", "5", 0);
    unit_int(cache.sh->entries, 1, "a smaller bound trims");

    ngx_memzero(&value, sizeof(ngx_http_endpoint_cache_value_t));

    max = cache.sh->chunks.n * NGX_HTTP_ENDPOINT_CHUNK_SIZE
          - sizeof(ngx_http_endpoint_entry_t) - 3;

    data = ngx_palloc(pool, max + 1);
    ngx_memset(data, 'v', max + 1);

    key = str("big");
    value.body.data = data;
    value.body.len = max + 1;

    unit_int(ngx_http_endpoint_cache_set(&cache, &key, &value, 0),
             NGX_DECLINED, "larger than the zone");
    unit_int(get("e"), NGX_HTTP_ENDPOINT_CACHE_HIT, "that pushed nothing out");

    value.body.len = max;
    unit_int(ngx_http_endpoint_cache_set(&cache, &key, &value, 0), NGX_OK,
             "as large as the zone");
    unit_int(get("e"), NGX_HTTP_ENDPOINT_CACHE_MISS, "pushed the others out");
    unit_int(get("big"), NGX_HTTP_ENDPOINT_CACHE_HIT, "and is there");
    unit_ok(got.body.len == max && ngx_memcmp(got.body.data, data, max) == 0,
            "with all its bytes");
    whole("full");

    unit_fail_alloc = 1;
    unit_int(get("big"), NGX_ERROR, "no memory for a large value");
    unit_fail_alloc = 0;
    (void) set("s", "small", 0);
    unit_fail_alloc = 1;
    unit_int(get("s"), NGX_ERROR, "no memory for a small value");
    unit_fail_alloc = 0;
    unit_int(get("s"), NGX_HTTP_ENDPOINT_CACHE_HIT, "then there is again");
    whole("after failures");

    tiny = cache;
    unit_int(ngx_http_endpoint_zone_open(&tiny.zone,
                                         &ngx_http_endpoint_cache_kind,
                                         unit_share(4096), 4096),
             NGX_ERROR, "a zone that is too small");
}


static void
replace(void)
{
    static u_char                    data[20000];
    ngx_str_t                        key;
    ngx_http_endpoint_cache_value_t  value;

    ngx_memzero(&value, sizeof(ngx_http_endpoint_cache_value_t));

    replaced++;
    ngx_memset(data, '0' + replaced % 10, sizeof(data));

    key = str("big");
    value.body.data = data;
    value.body.len = sizeof(data);

    /* the second takes the chunks that the first gave back */

    (void) ngx_http_endpoint_cache_set(&cache, &key, &value, 0);
    (void) ngx_http_endpoint_cache_set(&cache, &key, &value, 0);

    if (replaced < 10) {
        unit_meanwhile = replace;
    }
}


static void
test_torn(void)
{
    open_zone(&cache, SIZE);

    replaced = 10;
    replace();

    unit_meanwhile = replace;
    unit_int(get("big"), NGX_HTTP_ENDPOINT_CACHE_HIT,
             "a value that is replaced while it is read");
    unit_ok(got.body.data[0] == '2' && got.body.data[19999] == '2',
            "is the new one from end to end");

    replaced = 0;
    unit_meanwhile = replace;
    unit_int(get("big"), NGX_HTTP_ENDPOINT_CACHE_MISS,
             "replaced again and again it is missed");
    unit_meanwhile = NULL;
    whole("torn");
}


static void
test_kept(void)
{
    ngx_http_endpoint_cache_t      other;
    ngx_http_endpoint_zone_kind_t  kind;

    open_zone(&cache, SIZE);
    (void) set("a", "kept", 0);

    other = cache;
    unit_int(ngx_http_endpoint_zone_open(&cache.zone,
                                         &ngx_http_endpoint_cache_kind,
                                         cache.zone.sh, SIZE),
             NGX_OK, "opened again");
    unit_int(get("a"), NGX_HTTP_ENDPOINT_CACHE_HIT, "and kept");

    unit_int(ngx_http_endpoint_zone_open(&other.zone,
                                         &ngx_http_endpoint_cache_kind,
                                         cache.zone.sh, SIZE / 2),
             NGX_DECLINED, "another size");

    kind = ngx_http_endpoint_cache_kind;
    kind.version++;
    unit_int(ngx_http_endpoint_zone_open(&other.zone, &kind, cache.zone.sh,
                                         SIZE),
             NGX_DECLINED, "another version");

    kind.version--;
    kind.layout++;
    unit_int(ngx_http_endpoint_zone_open(&other.zone, &kind, cache.zone.sh,
                                         SIZE),
             NGX_DECLINED, "another layout");
}


/* the bytes of a value follow from its seed, so that a mix would be seen */

static ngx_int_t
random_set(u_char *data, size_t max)
{
    size_t                           i, len;
    u_char                           k[64];
    uint32_t                         seed, x;
    ngx_str_t                        key;
    ngx_http_endpoint_cache_value_t  value;

    ngx_memzero(&value, sizeof(ngx_http_endpoint_cache_value_t));

    len = random() % ((random() % 8) ? 300 : max);
    seed = random();
    x = seed;

    for (i = 0; i < len; i++) {
        x = x * 1664525 + 1013904223;
        data[i] = x >> 24;
    }

    key.data = k;
    key.len = ngx_sprintf(k, "key %d", (int) (random() % KEYS)) - k;

    value.status = len % 60000;
    value.headers.data = (u_char *) &seed;
    value.headers.len = sizeof(uint32_t);
    value.body.data = data;
    value.body.len = len;

    return ngx_http_endpoint_cache_set(&cache, &key, &value, 0);
}


static ngx_int_t
random_get(void)
{
    size_t      i;
    u_char      k[64];
    uint32_t    x;
    ngx_int_t   rc;
    ngx_str_t   key;

    key.data = k;
    key.len = ngx_sprintf(k, "key %d", (int) (random() % KEYS)) - k;

    ngx_reset_pool(pool);

    rc = ngx_http_endpoint_cache_get(&cache, &key, pool, &got);

    if (rc < NGX_HTTP_ENDPOINT_CACHE_STALE) {
        return (rc == NGX_ERROR) ? NGX_ERROR : NGX_OK;
    }

    if (got.headers.len != sizeof(uint32_t)
        || got.status != got.body.len % 60000)
    {
        return NGX_ERROR;
    }

    ngx_memcpy(&x, got.headers.data, sizeof(uint32_t));

    for (i = 0; i < got.body.len; i++) {
        x = x * 1664525 + 1013904223;

        if (got.body.data[i] != (u_char) (x >> 24)) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
random_step(u_char *data, size_t max)
{
    u_char     k[64];
    ngx_str_t  key;

    switch (random() % 8) {

    case 0:
    case 1:
    case 2:
        return random_set(data, max);

    case 3:
        key.data = k;
        key.len = ngx_sprintf(k, "key %d", (int) (random() % KEYS)) - k;
        ngx_http_endpoint_flight_purge(&cache, &key);
        return NGX_OK;

    default:
        return random_get();
    }
}


static void
test_random(void)
{
    char        *broken;
    u_char      *data;
    ngx_uint_t   n;

    open_zone(&cache, SIZE);
    cache.entries = KEYS / 2;

    data = ngx_alloc(SIZE, &unit_log);
    srandom(5);
    broken = NULL;

    for (n = 0; n < STEPS; n++) {

        ngx_current_msec += random() % 200;

        if (random_step(data, SIZE / 3) != NGX_OK) {
            broken = "a wrong result";
            break;
        }

        broken = walk(&cache);

        if (broken) {
            break;
        }
    }

    unit_ok(broken == NULL, "random steps");
    printf("# %lu steps, %s\n", (unsigned long) n, broken ? broken : "whole");

    ngx_free(data);
}


static void
child(ngx_uint_t slot)
{
    u_char  *data;

    ngx_pid = getpid();
    unit_self = slot;
    unit_shared->pid[slot] = ngx_pid;
    srandom(ngx_pid);

    data = ngx_alloc(SIZE, &unit_log);

    for ( ;; ) {
        if (random_step(data, SIZE / 8) == NGX_ERROR) {
            _exit(1);
        }
    }
}


static void
test_killed(void)
{
    char        *broken;
    pid_t        pid[CHILDREN];
    time_t       end;
    ngx_uint_t   i, n, inside;

    open_zone(&cache, SIZE);
    cache.entries = KEYS / 2;

    for (i = 0; i < CHILDREN; i++) {
        pid[i] = 0;
    }

    broken = NULL;
    inside = 0;
    end = time(NULL) + SECONDS;
    fflush(stdout);

    /* on a busy machine it takes longer to meet some inside the lock */

    for (n = 0; broken == NULL; n++) {

        if (time(NULL) >= end + (inside < INSIDE ? 100 * SECONDS : 0)) {
            break;
        }

        i = n % CHILDREN;

        if (pid[i] && !reap(i, pid[i])) {
            broken = "a wrong value";
            break;
        }

        inside += (cache.zone.sh->owner == (ngx_atomic_uint_t) pid[i]
                   && pid[i]);

        unit_self = CHILDREN;
        broken = walk(&cache);

        unit_shared->alive[i] = 1;
        unit_shared->generation[i]++;

        pid[i] = fork();

        if (pid[i] == 0) {
            child(i);
        }

        usleep(random() % 4000);
    }

    for (i = 0; i < CHILDREN; i++) {
        (void) reap(i, pid[i]);
    }

    unit_ok(broken == NULL && inside >= INSIDE, "workers killed at any moment");
    printf("# %lu killed, %lu inside the lock, %s\n", (unsigned long) n,
           (unsigned long) inside, broken ? broken : "whole");

    whole("after the last");
    unit_int(set("a", "alive", 0), NGX_OK, "and the living go on");
    unit_int(cache.sh->chunks.promised, 0, "what the dead claimed is free");
}


int
main(void)
{
    unit_workers();
    pool = ngx_create_pool(4096, &unit_log);

    test_hash();
    test_basics();
    test_long_key();
    test_time();
    test_bounds();
    test_torn();
    test_kept();
    test_random();
    test_killed();

    ngx_destroy_pool(pool);

    return unit_done();
}
