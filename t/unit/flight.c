
#include "cache.h"


typedef struct {
    ngx_uint_t   calls;
    ngx_int_t    rc;
} call_t;


static void
called(ngx_http_endpoint_flight_t *flight, ngx_int_t rc)
{
    call_t  *call;

    call = flight->data;

    call->calls++;
    call->rc = rc;
}


static ngx_http_endpoint_flight_t
flight(const char *key, call_t *call)
{
    ngx_http_endpoint_flight_t  f;

    ngx_memzero(&f, sizeof(ngx_http_endpoint_flight_t));
    ngx_memzero(call, sizeof(call_t));

    f.cache = &cache;
    f.key = str(key);
    f.handler = called;
    f.data = call;

    return f;
}


static ngx_int_t
begin(ngx_http_endpoint_flight_t *f, ngx_uint_t worker)
{
    unit_self = worker;

    return ngx_http_endpoint_flight_begin(f);
}


static void
test_flight(void)
{
    call_t                           ca, cb, cc;
    ngx_http_endpoint_flight_t       a, b, c;
    ngx_http_endpoint_cache_value_t  value;

    open_zone(&cache, SIZE);

    ngx_memzero(&value, sizeof(ngx_http_endpoint_cache_value_t));
    value.status = 200;
    value.body = str("filled");

    a = flight("k", &ca);
    b = flight("k", &cb);
    c = flight("k", &cc);

    unit_int(begin(&a, 0), NGX_OK, "the first leads");
    unit_int(begin(&b, 1), NGX_AGAIN, "the second follows");

    c.handler = NULL;
    unit_int(begin(&c, 2), NGX_BUSY, "who does not wait is told");
    c.handler = called;
    unit_int(begin(&c, 2), NGX_AGAIN, "who waits follows");
    whole("in flight");

    ngx_http_endpoint_followers_look(1);
    unit_int(cb.calls + cc.calls, 0, "nobody is called yet");

    unit_self = 0;
    unit_woken = 0;
    unit_int(ngx_http_endpoint_flight_done(&a, &value, 0), NGX_OK, "done");
    unit_int(unit_woken, 6, "both workers are woken");
    unit_int(ngx_http_endpoint_flight_done(&a, &value, 0), NGX_DECLINED,
             "done twice");

    ngx_http_endpoint_followers_look(0);
    unit_ok(cb.calls == 1 && cb.rc == NGX_DONE && cc.calls == 1
            && cc.rc == NGX_DONE, "both are called once");
    unit_int(ngx_http_endpoint_flight_result(&b, pool, &got),
             NGX_HTTP_ENDPOINT_CACHE_HIT, "with a result");
    unit_str(&got.body, "filled", "its value");
    unit_int(begin(&a, 3), NGX_DONE, "who comes late looks again");

    a.refresh = 1;
    unit_int(begin(&a, 3), NGX_OK, "a refresh leads all the same");
    ngx_http_endpoint_flight_cancel(&a);
    whole("flown");
}


static void
test_flight_failed(void)
{
    call_t                           ca, cb;
    ngx_http_endpoint_flight_t       a, b;
    ngx_http_endpoint_cache_value_t  value;

    open_zone(&cache, SIZE);

    ngx_memzero(&value, sizeof(ngx_http_endpoint_cache_value_t));
    value.status = 502;
    value.body = str("failed");

    a = flight("k", &ca);
    b = flight("k", &cb);

    (void) begin(&a, 0);
    (void) begin(&b, 1);
    unit_self = 0;
    ngx_http_endpoint_flight_failed(&a, &value);
    ngx_http_endpoint_followers_look(0);

    unit_int(cb.rc, NGX_DONE, "a failure is handed over");
    unit_int(ngx_http_endpoint_flight_result(&b, pool, &got),
             NGX_HTTP_ENDPOINT_CACHE_HIT, "with its reply");
    unit_int(got.status, 502, "its status");
    unit_int(get("k"), NGX_HTTP_ENDPOINT_CACHE_MISS, "but not kept");

    (void) begin(&a, 0);
    (void) begin(&b, 1);
    unit_self = 0;
    ngx_http_endpoint_flight_failed(&a, NULL);
    ngx_http_endpoint_followers_look(0);
    unit_int(cb.rc, NGX_DECLINED, "without a reply: alone");

    (void) begin(&a, 0);
    (void) begin(&b, 1);
    unit_self = 0;
    value.body.len = SIZE;
    value.body.data = ngx_pcalloc(pool, SIZE);
    unit_int(ngx_http_endpoint_flight_done(&a, &value, 0), NGX_DECLINED,
             "a value that is too large");
    ngx_http_endpoint_followers_look(0);
    unit_int(cb.rc, NGX_DECLINED, "and the others alone");
    whole("failed");
}


static void
test_flight_lead(void)
{
    call_t                      ca, cb, cc;
    ngx_http_endpoint_flight_t  a, b, c;

    open_zone(&cache, SIZE);

    a = flight("k", &ca);
    b = flight("k", &cb);
    c = flight("k", &cc);

    (void) begin(&a, 0);
    (void) begin(&b, 1);
    (void) begin(&c, 1);

    unit_self = 0;
    unit_woken = 0;
    ngx_http_endpoint_flight_cancel(&a);
    unit_int(unit_woken, 2, "a leader that leaves wakes");

    unit_self = 1;
    ngx_http_endpoint_followers_look(0);
    unit_ok(cb.calls == 1 && cb.rc == NGX_OK && cc.calls == 0, "one leads");

    ngx_http_endpoint_flight_cancel(&b);
    ngx_http_endpoint_followers_look(0);
    unit_ok(cc.calls == 1 && cc.rc == NGX_OK, "and then the other");

    (void) begin(&a, 2);
    unit_shared->generation[1]++;
    unit_self = 2;
    ngx_http_endpoint_followers_look(0);
    unit_int(ca.calls, 0, "a dead leader is not seen at a wake-up");
    ngx_http_endpoint_followers_look(1);
    unit_ok(ca.calls == 1 && ca.rc == NGX_OK, "but at the next tick");

    unit_shared->generation[2]++;
    unit_int(begin(&b, 3), NGX_OK, "who comes first takes over at once");

    c.parent = &a;
    a.parent = &b;
    unit_int(begin(&c, 3), NGX_DECLINED, "a fill inside its own fill");
    c.key = str("other");
    unit_int(begin(&c, 3), NGX_OK, "but not of another key");

    ngx_http_endpoint_flight_cancel(&b);
    ngx_http_endpoint_flight_cancel(&c);
    ngx_http_endpoint_flight_cancel(&c);
    whole("leads");
}


static void
test_flight_purge(void)
{
    call_t                           ca, cb, cc;
    ngx_str_t                        key;
    ngx_http_endpoint_flight_t       a, b, c;
    ngx_http_endpoint_cache_value_t  value;

    open_zone(&cache, SIZE);

    ngx_memzero(&value, sizeof(ngx_http_endpoint_cache_value_t));
    value.status = 200;
    value.body = str("old");

    a = flight("k", &ca);
    b = flight("k", &cb);
    c = flight("k", &cc);
    key = str("k");

    (void) begin(&a, 0);
    (void) begin(&b, 1);
    ngx_http_endpoint_flight_purge(&cache, &key);
    unit_int(begin(&c, 2), NGX_OK, "after a purge nobody joins");
    whole("purged in flight");

    unit_self = 0;
    unit_int(ngx_http_endpoint_flight_done(&a, &value, 0), NGX_DECLINED,
             "what was read before a purge is not kept");
    unit_int(get("k"), NGX_HTTP_ENDPOINT_CACHE_MISS, "by nobody");
    ngx_http_endpoint_followers_look(0);
    unit_int(ngx_http_endpoint_flight_result(&b, pool, &got),
             NGX_HTTP_ENDPOINT_CACHE_HIT, "but who waited gets it");

    unit_self = 2;
    value.body = str("new");
    unit_int(ngx_http_endpoint_flight_done(&c, &value, 0), NGX_OK,
             "what was read after it is");
    (void) get("k");
    unit_str(&got.body, "new", "the new value");
    whole("purge");
}


/* many who follow one slow flight cost the others nothing */

static void
test_flight_others(void)
{
    call_t                           ca, cb, cc[4], cd;
    ngx_uint_t                       i;
    ngx_http_endpoint_flight_t       a, b, c[4], d;
    ngx_http_endpoint_cache_value_t  value;

    open_zone(&cache, SIZE);

    ngx_memzero(&value, sizeof(ngx_http_endpoint_cache_value_t));
    value.status = 200;
    value.body = str("other");

    a = flight("slow", &ca);
    b = flight("other", &cb);
    d = flight("other", &cd);

    (void) begin(&a, 0);
    (void) begin(&b, 0);

    for (i = 0; i < 4; i++) {
        c[i] = flight("slow", &cc[i]);
        (void) begin(&c[i], 1);
    }

    (void) begin(&d, 1);

    /* whoever looks at the slow one takes its lead */

    cache.flights[a.record].leader.slot = NGX_HTTP_ENDPOINT_WAKE_NONE;

    unit_self = 0;
    (void) ngx_http_endpoint_flight_done(&b, &value, 0);

    unit_self = 1;
    ngx_http_endpoint_followers_look(0);
    unit_ok(cd.calls == 1 && cd.rc == NGX_DONE, "who follows the other");

    for (i = 0; i < 4; i++) {
        unit_int(cc[i].calls, 0, "nobody looks at the slow one");
    }

    /* the first of them leaves, and one behind it; another leads */

    ngx_http_endpoint_flight_cancel(&c[0]);
    ngx_http_endpoint_flight_cancel(&c[2]);
    ngx_http_endpoint_followers_look(1);
    unit_ok(cc[1].calls == 1 && cc[1].rc == NGX_OK && cc[3].calls == 0,
            "the next one leads");

    /* more ends than are remembered */

    for (i = 0; i <= NGX_HTTP_ENDPOINT_FLIGHTS_ENDED; i++) {
        (void) begin(&b, 0);
        b.refresh = 1;
        (void) begin(&d, 2);
        unit_self = 0;
        (void) ngx_http_endpoint_flight_done(&b, &value, 0);
        ngx_http_endpoint_flight_cancel(&d);
    }

    unit_self = 1;
    (void) ngx_http_endpoint_flight_done(&c[1], &value, 0);
    ngx_http_endpoint_followers_look(0);
    unit_ok(cc[3].calls == 1 && cc[3].rc == NGX_DONE, "all are looked at");
    unit_ok(cc[0].calls == 0 && cc[2].calls == 0, "but who has left");
    unit_ok(ngx_queue_empty(&ngx_http_endpoint_followers_caches),
            "nobody waits any more");
    whole("others");
}


static void
test_flight_circle(void)
{
    call_t                      ca, cb, cc, cd, cn[6];
    ngx_uint_t                  i;
    ngx_http_endpoint_flight_t  a, b, in_a, in_b, n[6], others[6];

    static const char  *names[] = { "n0", "n1", "n2", "n3", "n4" };

    open_zone(&cache, SIZE);

    a = flight("a", &ca);
    b = flight("b", &cb);
    in_a = flight("b", &cc);
    in_b = flight("a", &cd);
    in_a.parent = &a;
    in_b.parent = &b;

    (void) begin(&a, 0);
    (void) begin(&b, 1);

    unit_int(begin(&in_a, 0), NGX_AGAIN, "one may wait for the other");
    unit_int(begin(&in_b, 1), NGX_DECLINED, "who may not wait for it");

    ngx_http_endpoint_flight_cancel(&in_a);
    unit_int(begin(&in_b, 1), NGX_AGAIN, "unless that one has left");
    unit_int(begin(&in_a, 0), NGX_DECLINED, "then it may not");

    /* the next leader has not waited for anything yet */

    ngx_http_endpoint_flight_cancel(&in_b);
    (void) begin(&in_a, 0);
    unit_self = 0;
    ngx_http_endpoint_flight_cancel(&a);
    a.handler = called;
    unit_int(begin(&a, 2), NGX_OK, "another one leads");
    unit_int(begin(&in_b, 1), NGX_AGAIN, "and may be waited for");
    unit_self = 1;
    ngx_http_endpoint_flight_cancel(&in_b);
    unit_self = 0;
    ngx_http_endpoint_flight_cancel(&in_a);

    for (i = 0; i < NGX_HTTP_ENDPOINT_FLIGHT_WAITS + 1; i++) {
        others[i] = flight(names[i], &cn[i]);
        (void) begin(&others[i], 3);

        n[i] = others[i];
        ngx_memzero(&n[i].node, sizeof(n[i].node));
        n[i].parent = &a;

        unit_int(begin(&n[i], 2), i < NGX_HTTP_ENDPOINT_FLIGHT_WAITS
                                  ? NGX_AGAIN : NGX_DECLINED,
                 "waits that can be noted");
    }

    for (i = 0; i < NGX_HTTP_ENDPOINT_FLIGHT_WAITS; i++) {
        ngx_http_endpoint_flight_cancel(&n[i]);
    }

    whole("circle");
}


static void
test_flight_full(void)
{
    call_t                      call;
    char                        names[64][8];
    ngx_uint_t                  i, n;
    ngx_http_endpoint_flight_t  f[64];

    open_zone(&cache, SIZE);
    n = cache.sh->flights;

    for (i = 0; i < n; i++) {
        sprintf(names[i], "%d", (int) i);
        f[i] = flight(names[i], &call);

        if (begin(&f[i], 4) != NGX_OK) {
            break;
        }
    }

    unit_ok(i == n && n < 64, "all records lead");

    f[n] = flight("more", &call);
    unit_int(begin(&f[n], 5), NGX_DECLINED, "one more runs alone");
    whole("full table");

    unit_shared->generation[4]++;
    unit_int(begin(&f[n], 5), NGX_DECLINED, "not searched all the time");
    ngx_current_msec += 1000;
    unit_int(begin(&f[n], 5), NGX_OK, "leads of a dead worker are found");
    whole("swept table");
}


int
main(void)
{
    unit_workers();
    pool = ngx_create_pool(4096, &unit_log);

    test_flight();
    test_flight_failed();
    test_flight_lead();
    test_flight_purge();
    test_flight_others();
    test_flight_circle();
    test_flight_full();

    ngx_destroy_pool(pool);

    return unit_done();
}
