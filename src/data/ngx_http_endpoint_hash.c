
#include "ngx_http_endpoint_hash.h"


#define ngx_http_endpoint_hash_rotate(x, n)                                   \
    (((x) << (n)) | ((x) >> (64 - (n))))


typedef struct {
    uint64_t  a;
    uint64_t  b;
    uint64_t  c;
    uint64_t  d;
} ngx_http_endpoint_hash_state_t;


static ngx_inline void
ngx_http_endpoint_hash_round(ngx_http_endpoint_hash_state_t *s)
{
    s->a += s->b;
    s->c += s->d;
    s->b = ngx_http_endpoint_hash_rotate(s->b, 13) ^ s->a;
    s->d = ngx_http_endpoint_hash_rotate(s->d, 16) ^ s->c;
    s->a = ngx_http_endpoint_hash_rotate(s->a, 32);
    s->c += s->b;
    s->a += s->d;
    s->b = ngx_http_endpoint_hash_rotate(s->b, 17) ^ s->c;
    s->d = ngx_http_endpoint_hash_rotate(s->d, 21) ^ s->a;
    s->c = ngx_http_endpoint_hash_rotate(s->c, 32);
}


uint64_t
ngx_http_endpoint_hash(ngx_http_endpoint_hash_seed_t *seed, u_char *data,
    size_t len)
{
    size_t                          n;
    uint64_t                        word;
    ngx_http_endpoint_hash_state_t  s;

    /* the words of the SipHash paper */

    s.a = seed->k0 ^ 0x736f6d6570736575;
    s.b = seed->k1 ^ 0x646f72616e646f6d;
    s.c = seed->k0 ^ 0x6c7967656e657261;
    s.d = seed->k1 ^ 0x7465646279746573;

    for (n = len; n >= 8; n -= 8, data += 8) {
        ngx_memcpy(&word, data, 8);

        s.d ^= word;
        ngx_http_endpoint_hash_round(&s);
        s.a ^= word;
    }

    word = (uint64_t) len << 56;

    while (n) {
        n--;
        word |= (uint64_t) data[n] << (8 * n);
    }

    s.d ^= word;
    ngx_http_endpoint_hash_round(&s);
    s.a ^= word;

    s.c ^= 0xff;

    for (n = 0; n < 3; n++) {
        ngx_http_endpoint_hash_round(&s);
    }

    return s.a ^ s.b ^ s.c ^ s.d;
}


void
ngx_http_endpoint_hash_seed(ngx_http_endpoint_hash_seed_t *seed)
{
    ssize_t   n;
    ngx_fd_t  fd;

    n = 0;

    fd = ngx_open_file("/dev/urandom", NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (fd != NGX_INVALID_FILE) {
        n = ngx_read_fd(fd, seed, sizeof(ngx_http_endpoint_hash_seed_t));
        (void) ngx_close_file(fd);
    }

    if (n != sizeof(ngx_http_endpoint_hash_seed_t)) {

        /* a chroot without devices: better than nothing to guess against */

        seed->k0 = ((uint64_t) ngx_random() << 33) ^ ngx_random();
        seed->k1 = ((uint64_t) ngx_random() << 33) ^ (uintptr_t) seed;
    }
}
