
#include "ngx_http_endpoint_nearest.h"


/* longer words are not compared */
#define NGX_HTTP_ENDPOINT_NEAREST_LEN  32


static ngx_uint_t ngx_http_endpoint_nearest_distance(ngx_str_t *a,
    ngx_str_t *b);


void
ngx_http_endpoint_nearest_init(ngx_http_endpoint_nearest_t *nearest,
    ngx_str_t *word)
{
    nearest->word = *word;
    ngx_str_null(&nearest->found);

    /* a third of its letters, but of two letters none */

    nearest->distance = word->len / 3 + 1;

    if (nearest->distance > 3) {
        nearest->distance = 4;
    }
}


void
ngx_http_endpoint_nearest_look(ngx_http_endpoint_nearest_t *nearest,
    ngx_str_t *known)
{
    ngx_uint_t  distance;

    if (nearest->word.len > NGX_HTTP_ENDPOINT_NEAREST_LEN
        || known->len > NGX_HTTP_ENDPOINT_NEAREST_LEN)
    {
        return;
    }

    distance = ngx_http_endpoint_nearest_distance(&nearest->word, known);

    if (distance < nearest->distance) {
        nearest->distance = distance;
        nearest->found = *known;
    }
}


/* Levenshtein's, where a swap of neighbours is one slip */

static ngx_uint_t
ngx_http_endpoint_nearest_distance(ngx_str_t *a, ngx_str_t *b)
{
    ngx_uint_t  i, j, cost, n, *row, *last, *before;
    ngx_uint_t  rows[3][NGX_HTTP_ENDPOINT_NEAREST_LEN + 1];

    for (j = 0; j <= b->len; j++) {
        rows[0][j] = j;
    }

    for (i = 1; i <= a->len; i++) {
        row = rows[i % 3];
        last = rows[(i - 1) % 3];
        before = rows[(i + 1) % 3];

        row[0] = i;

        for (j = 1; j <= b->len; j++) {
            cost = ngx_tolower(a->data[i - 1]) != ngx_tolower(b->data[j - 1]);

            n = ngx_min(last[j] + 1, row[j - 1] + 1);
            row[j] = ngx_min(n, last[j - 1] + cost);

            if (i > 1 && j > 1 && a->data[i - 1] == b->data[j - 2]
                && a->data[i - 2] == b->data[j - 1])
            {
                row[j] = ngx_min(row[j], before[j - 2] + 1);
            }
        }
    }

    return rows[a->len % 3][b->len];
}
