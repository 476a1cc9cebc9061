
#include "ngx_http_endpoint_task_policy.h"


/* doubled for each attempt, and a quarter more or less by chance */

ngx_msec_t
ngx_http_endpoint_task_backoff(ngx_http_endpoint_task_policy_t *policy,
    ngx_uint_t attempt)
{
    ngx_msec_t  msec;

    msec = policy->backoff;

    while (--attempt && msec < policy->max_backoff) {
        msec *= 2;
    }

    msec = ngx_min(msec, policy->max_backoff);

    return msec - msec / 4 + ngx_random() % (msec / 2 + 1);
}
