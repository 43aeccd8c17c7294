/*
 * JSON log lines, made on the stack and written at once. Knows nothing of who logs. Any thread.
 */
#include "common/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/phone.h"
#include "common/text.h"

#define LONGEST_VALUE 1024
#define TAIL 64     /* kept free for "suppressed" and the closing brace */
#define BURST 10    /* lines of one place at once */
#define REFILL 1000 /* ms for one more */

static const char *const level_names[] = {"debug", "info", "warn", "error"};

/* Set once at the start, before there are threads. */
static enum log_level threshold = LOG_INFO;
static const char *role_name = "";

struct line {
    char text[LIMIT_LOG_LINE];
    size_t len;
    size_t max;
};

static bool fits(const struct line *l, size_t more)
{
    return l->len + more <= l->max;
}

static void add(struct line *l, struct str text)
{
    if (text.len == 0 || !fits(l, text.len))
        return;
    memcpy(l->text + l->len, text.ptr, text.len);
    l->len += text.len;
}

/* One character, escaped as JSON wants it; s begins with `len` bytes of it (0: no UTF-8 there). */
static void escape(struct str s, size_t len, char out[8], size_t *out_len)
{
    unsigned char c = (unsigned char)s.ptr[0];

    if (len == 0) {
        *out_len = 3;
        memcpy(out, "\xef\xbf\xbd", 3);
    } else if (c == '"' || c == '\\') {
        *out_len = 2;
        out[0] = '\\';
        out[1] = (char)c;
    } else if (c < 0x20 || c == 0x7f) {
        *out_len = 6;
        snprintf(out, 8, "\\u%04x", c);
    } else {
        *out_len = len;
        memcpy(out, s.ptr, len);
    }
}

/* A quoted value; what is too long is cut between characters. */
static void add_value(struct line *l, struct str s)
{
    size_t begun = l->len;
    char out[8];
    size_t len, out_len;

    add(l, STR("\""));
    while (s.len) {
        len = text_character(s);
        escape(s, len, out, &out_len);
        if (l->len - begun + out_len > LONGEST_VALUE || !fits(l, out_len + 1))
            break;
        add(l, (struct str){out, out_len});
        s = str_from(s, len ? len : 1);
    }
    add(l, STR("\""));
}

static void add_key(struct line *l, const char *key)
{
    add(l, l->len == 1 ? STR("\"") : STR(",\""));
    add(l, str_of(key));
    add(l, STR("\":"));
}

static void add_text(struct line *l, const char *key, struct str value)
{
    /* a field that would be cut to almost nothing is left out instead */
    if (!value.ptr || !fits(l, strlen(key) + 16))
        return;
    add_key(l, key);
    add_value(l, value);
}

static void add_int(struct line *l, const char *key, int64_t number)
{
    char digits[24];

    if (!fits(l, strlen(key) + sizeof(digits) + 4))
        return;
    add_key(l, key);
    snprintf(digits, sizeof(digits), "%lld", (long long)number);
    add(l, str_of(digits));
}

/* What somebody else may have told: Megaplan's words, a reason made of them. */
static bool is_told(const char *key)
{
    return strcmp(key, "err") == 0 || strcmp(key, "reason") == 0;
}

static void add_told(struct line *l, const struct log_field *f)
{
    char masked[LONGEST_VALUE + 8];

    phone_mask_in(f->text, masked, sizeof(masked));
    add_text(l, f->key, f->text.ptr ? str_of(masked) : f->text);
}

static void add_field(struct line *l, const struct log_field *f)
{
    char masked[PHONE_MAX];

    if (f->type == LOG_TYPE_TEXT && is_told(f->key)) {
        add_told(l, f);
    } else if (f->type == LOG_TYPE_TEXT) {
        add_text(l, f->key, f->text);
    } else if (f->type == LOG_TYPE_INT) {
        add_int(l, f->key, f->number);
    } else if (f->type == LOG_TYPE_PHONE && f->text.ptr) {
        phone_mask(f->text, masked);
        add_text(l, f->key, str_of(masked));
    }
}

/*
 * tokens_at is the time up to which the place has spent its lines: a line moves it on by REFILL, and
 * it may run at most BURST lines ahead of now.
 */
static bool may_write(struct log_place *place, int64_t now)
{
    int64_t spent = atomic_load(&place->tokens_at);
    int64_t next;

    do {
        next = (spent > now ? spent : now) + REFILL;
        if (next > now + (int64_t)BURST * REFILL) {
            atomic_fetch_add(&place->suppressed, 1);
            return false;
        }
    } while (!atomic_compare_exchange_weak(&place->tokens_at, &spent, next));
    return true;
}

static void begin(struct line *l, enum log_level level, const char *msg)
{
    char now[TEXT_TIME_SIZE];

    l->len = 0;
    l->max = sizeof(l->text) - TAIL;
    text_time(clock_wall_ms(), now);
    add(l, STR("{"));
    add_text(l, "ts", str_of(now));
    add_text(l, "level", str_of(level_names[level]));
    add_text(l, "role", str_of(role_name));
    add_text(l, "msg", str_of(msg));
}

static void end(struct line *l, int64_t suppressed)
{
    ssize_t n;

    l->max = sizeof(l->text) - 2;
    if (suppressed)
        add_int(l, "suppressed", suppressed);
    l->max = sizeof(l->text);
    add(l, STR("}\n"));
    do {
        n = write(STDERR_FILENO, l->text, l->len);
    } while (n < 0 && errno == EINTR);
}

void log_line(struct log_place *place, enum log_level level, const char *msg, ...)
{
    int saved = errno;
    struct log_field f;
    struct line l;
    va_list args;

    if (level < threshold || (place && !may_write(place, clock_mono_ms())))
        return;
    begin(&l, level, msg);
    va_start(args, msg);
    for (f = va_arg(args, struct log_field); f.type != LOG_TYPE_END;
         f = va_arg(args, struct log_field))
        add_field(&l, &f);
    va_end(args);
    end(&l, place ? atomic_exchange(&place->suppressed, 0) : 0);
    errno = saved;
}

enum err log_start(const char *level, const char *role, struct error *e)
{
    for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
        if (str_is(str_of(level), level_names[i])) {
            threshold = (enum log_level)i;
            role_name = role;
            return ERR_OK;
        }
    }
    return error_set(e, ERR_CONFIG, "log level \"%s\" is none of debug, info, warn, error", level);
}
