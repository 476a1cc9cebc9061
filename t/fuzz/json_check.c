
/* The checker must say what yajl says, wherever the text is cut in two. */


#include "../unit/unit.h"
#include "../unit/json_oracle.h"
#include "../../src/data/ngx_http_endpoint_utf8.c"
#include "../../src/data/ngx_http_endpoint_json_check.c"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t       at;
    u_char      *p;
    ngx_int_t    expected;
    ngx_pool_t  *pool;

    if (size == 0) {
        return 0;
    }

    pool = ngx_create_pool(4096, &unit_log);
    p = unit_copy(pool, (char *) data, size).data;

    /* the first byte says where to cut */

    at = p[0] % size;
    p++;
    size--;

    expected = json_oracle(pool, p, size);

    if (json_oracle_split(p, size, size) != expected
        || json_oracle_split(p, size, at) != expected)
    {
        abort();
    }

    ngx_destroy_pool(pool);

    return 0;
}
