
/* nginx's formatted printing, as far as the pure units use it. */


#include <ngx_config.h>
#include <ngx_core.h>

#include <stdio.h>


typedef struct {
    ngx_uint_t            width;
    ngx_uint_t            precision;
    ngx_uint_t            hex;          /* 'x', 'X' or 0 */
    ngx_uint_t            is_unsigned;
    size_t                len;          /* of %*s, or (size_t) -1 */
    u_char                pad;
} unit_format_t;


static const char *unit_format_parse(const char *fmt, unit_format_t *f,
    va_list *args);
static u_char *unit_format_string(u_char *buf, u_char *last, unit_format_t *f,
    u_char *s, size_t len);
static u_char *unit_format_number(u_char *buf, u_char *last, unit_format_t *f,
    uint64_t n);
static u_char *unit_format_signed(u_char *buf, u_char *last, unit_format_t *f,
    int64_t n);
static u_char *unit_format_double(u_char *buf, u_char *last, unit_format_t *f,
    double d);


u_char *
ngx_vslprintf(u_char *buf, u_char *last, const char *fmt, va_list original)
{
    size_t         len;
    u_char        *s, c;
    va_list        args;
    ngx_str_t     *v;
    unit_format_t  f;

    va_copy(args, original);

    while (*fmt && buf < last) {

        if (*fmt != '%') {
            *buf++ = *fmt++;
            continue;
        }

        fmt = unit_format_parse(fmt + 1, &f, &args);

        switch (*fmt++) {

        case 'V':
            v = va_arg(args, ngx_str_t *);
            buf = unit_format_string(buf, last, &f, v->data, v->len);
            break;

        case 's':
            s = va_arg(args, u_char *);
            len = f.len == (size_t) -1 ? ngx_strlen(s) : f.len;
            buf = unit_format_string(buf, last, &f, s, len);
            break;

        case 'c':
            c = va_arg(args, int) & 0xff;
            buf = unit_format_string(buf, last, &f, &c, 1);
            break;

        case '%':
            buf = unit_format_string(buf, last, &f, (u_char *) "%", 1);
            break;

        case 'N':
            buf = unit_format_string(buf, last, &f, (u_char *) "\n", 1);
            break;

        case 'Z':
            buf = unit_format_string(buf, last, &f, (u_char *) "", 1);
            break;

        case 'd':
            buf = f.is_unsigned
                  ? unit_format_number(buf, last, &f, va_arg(args, u_int))
                  : unit_format_signed(buf, last, &f, va_arg(args, int));
            break;

        case 'D':
            buf = f.is_unsigned
                  ? unit_format_number(buf, last, &f, va_arg(args, uint32_t))
                  : unit_format_signed(buf, last, &f, va_arg(args, int32_t));
            break;

        case 'f':
            buf = unit_format_double(buf, last, &f, va_arg(args, double));
            break;

        case 'i':
        case 'z':
        case 'l':
        case 'L':
        case 'O':
        case 'T':
        case 'M':
        case 'P':
        case 'p':
            /* all are 64 bits wide where the unit programs run */

            if (fmt[-1] == 'p') {
                f.hex = 'X';
            }

            buf = (f.is_unsigned || fmt[-1] == 'M' || fmt[-1] == 'p')
                  ? unit_format_number(buf, last, &f, va_arg(args, uint64_t))
                  : unit_format_signed(buf, last, &f, va_arg(args, int64_t));
            break;

        default:
            /* a conversion that nobody needed yet */
            abort();
        }
    }

    va_end(args);

    return buf;
}


static const char *
unit_format_parse(const char *fmt, unit_format_t *f, va_list *args)
{
    ngx_memzero(f, sizeof(unit_format_t));

    f->len = (size_t) -1;
    f->pad = *fmt == '0' ? '0' : ' ';

    while (*fmt >= '0' && *fmt <= '9') {
        f->width = f->width * 10 + (*fmt++ - '0');
    }

    for ( ;; ) {
        switch (*fmt) {

        case 'u':
            f->is_unsigned = 1;
            break;

        case 'x':
        case 'X':
            f->hex = *fmt;
            f->is_unsigned = 1;
            break;

        case '.':
            while (fmt[1] >= '0' && fmt[1] <= '9') {
                f->precision = f->precision * 10 + (*++fmt - '0');
            }
            break;

        case '*':
            f->len = va_arg(*args, size_t);
            break;

        default:
            return fmt;
        }

        fmt++;
    }
}


static u_char *
unit_format_string(u_char *buf, u_char *last, unit_format_t *f, u_char *s,
    size_t len)
{
    return ngx_cpymem(buf, s, ngx_min(len, (size_t) (last - buf)));
}


static u_char *
unit_format_number(u_char *buf, u_char *last, unit_format_t *f, uint64_t n)
{
    int   len;
    char  digits[64];

    if (f->hex) {
        len = snprintf(digits, sizeof(digits),
                       f->hex == 'x' ? "%lx" : "%lX", (unsigned long) n);

    } else {
        len = snprintf(digits, sizeof(digits), "%lu", (unsigned long) n);
    }

    for ( /* void */ ; (ngx_uint_t) len < f->width && buf < last; f->width--) {
        *buf++ = f->pad;
    }

    return unit_format_string(buf, last, f, (u_char *) digits, len);
}


static u_char *
unit_format_signed(u_char *buf, u_char *last, unit_format_t *f, int64_t n)
{
    if (n >= 0) {
        return unit_format_number(buf, last, f, n);
    }

    buf = unit_format_string(buf, last, f, (u_char *) "-", 1);

    /* nginx negates the number as it is, which overflows for the least */

    return unit_format_number(buf, last, f, -n);
}


static u_char *
unit_format_double(u_char *buf, u_char *last, unit_format_t *f, double d)
{
    int   len;
    char  digits[512];

    len = snprintf(digits, sizeof(digits), "%*.*f", (int) f->width,
                   (int) f->precision, d);

    return unit_format_string(buf, last, f, (u_char *) digits, len);
}


u_char * ngx_cdecl
ngx_sprintf(u_char *buf, const char *fmt, ...)
{
    u_char   *p;
    va_list   args;

    va_start(args, fmt);
    p = ngx_vslprintf(buf, (void *) -1, fmt, args);
    va_end(args);

    return p;
}


u_char * ngx_cdecl
ngx_snprintf(u_char *buf, size_t max, const char *fmt, ...)
{
    u_char   *p;
    va_list   args;

    va_start(args, fmt);
    p = ngx_vslprintf(buf, buf + max, fmt, args);
    va_end(args);

    return p;
}


u_char * ngx_cdecl
ngx_slprintf(u_char *buf, u_char *last, const char *fmt, ...)
{
    u_char   *p;
    va_list   args;

    va_start(args, fmt);
    p = ngx_vslprintf(buf, last, fmt, args);
    va_end(args);

    return p;
}
