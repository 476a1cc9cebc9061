
/*
 * What the words of a statement say: what kind it is, whether it would leave
 * something on the connection that requests share, where its rows are put in
 * an order.
 */


#ifndef _NGX_HTTP_ENDPOINT_SQL_WORD_H_INCLUDED_
#define _NGX_HTTP_ENDPOINT_SQL_WORD_H_INCLUDED_


#include "ngx_http_endpoint_sql.h"


typedef struct {
    ngx_http_endpoint_sql_kind_e   kind;
    ngx_uint_t                     n;
    ngx_str_t                      last;        /* the word before */
    ngx_str_t                      second;      /* the one before that */
    ngx_uint_t                     depth;       /* of parentheses */
    ngx_uint_t                     list_depth;
    unsigned                       set:1;       /* the first word is SET */
    unsigned                       declare:1;   /* before a cursor's FOR */
    unsigned                       create:1;    /* before what it is made AS */
    unsigned                       prefix:1;    /* before what is created */
    unsigned                       temporary:1;
    unsigned                       dropped:1;   /* ON COMMIT DROP */
    unsigned                       list:1;      /* behind ORDER BY */
    unsigned                       item:1;      /* a part of it begins */
} ngx_http_endpoint_sql_words_t;


/*
 * Takes the next word; a name in double quotes has its quotes, and is no
 * keyword.  words is zeroed before the first.  NULL, or what is wrong, where
 * %V is the word.
 */
const char *ngx_http_endpoint_sql_words_add(
    ngx_http_endpoint_sql_words_t *words, ngx_str_t *word);

/* Takes what stands between words: a sign, or 0 for a whole constant. */
void ngx_http_endpoint_sql_words_sign(ngx_http_endpoint_sql_words_t *words,
    u_char ch);

/* The statement has ended.  NULL, or what is wrong. */
const char *ngx_http_endpoint_sql_words_end(
    ngx_http_endpoint_sql_words_t *words);

/* Whether a value before p is all that its rows are put in order by. */
ngx_uint_t ngx_http_endpoint_sql_words_constant(
    ngx_http_endpoint_sql_words_t *words, u_char *p, u_char *end);


#endif /* _NGX_HTTP_ENDPOINT_SQL_WORD_H_INCLUDED_ */
