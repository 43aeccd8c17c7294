/*
 * Notifications of one call as JSON.
 */
#include "tests/bench/ringing_load/told.h"

#include <inttypes.h>

#define LINE "74951234567"

static const char *const states[] = {"Appeared", "Connected", "Disconnected"};

static void begin(const struct world_call *c, int leg, enum told_state state, int seq, int64_t at,
                  struct buf *out)
{
    char entry[WORLD_TEXT], id[WORLD_TEXT];
    world_entry(c, entry);
    world_leg(c, leg, id);
    buf_reset(out);
    buf_addf(out,
             "{\"entry_id\":\"%s\",\"call_id\":\"%s\",\"timestamp\":%" PRId64
             ",\"seq\":%d,\"call_state\":\"%s\"",
             entry, id, at, seq, states[state]);
    if (state == TOLD_DISCONNECTED)
        buf_addf(out, ",\"disconnect_reason\":1110");
}

static void put_dct(const struct world_call *c, struct buf *out)
{
    char number[WORLD_TEXT];
    world_dct(c, number);
    if (c->group == WORLD_RING)
        buf_addf(out, ",\"dct\":{\"type\":0}");
    else
        buf_addf(out, ",\"dct\":{\"type\":1,\"number\":\"%s\"}", number);
}

void told_menu(const struct world_call *c, enum told_state state, int64_t at, struct buf *out)
{
    char number[WORLD_TEXT];
    world_number(c, number);
    begin(c, 0, state, state == TOLD_APPEARED ? 1 : 2, at, out);
    buf_addf(out,
             ",\"location\":\"ivr\",\"from\":{\"number\":\"%s\"},\"to\":{\"number\":\"" LINE
             "\",\"line_number\":\"" LINE "\"}",
             number);
    put_dct(c, out);
    buf_add_char(out, '}');
}

void told_ring(const struct world_call *c, enum told_state state, int64_t at, struct buf *out)
{
    char number[WORLD_TEXT], menu[WORLD_TEXT];
    bool first = c->group == WORLD_RING;
    int extension = 101 + world_employee(c);
    world_number(c, number);
    world_leg(c, 0, menu);
    begin(c, first ? 0 : 1, state, (int)state + 1, at, out);
    buf_addf(out, ",\"location\":\"abonent\",\"from\":{\"number\":\"%s\"", number);
    if (!first)
        buf_addf(out, ",\"taken_from_call_id\":\"%s\"", menu);
    buf_addf(out,
             "},\"to\":{\"extension\":\"%d\",\"number\":\"sip:user%d@vpbx.mangosip.ru\","
             "\"line_number\":\"" LINE "\"}",
             extension, extension);
    if (c->command_id[0])
        buf_addf(out, ",\"command_id\":\"%s\"", c->command_id);
    put_dct(c, out);
    buf_add_char(out, '}');
}

void told_summary(const struct world_call *c, bool talked, int64_t at, struct buf *out)
{
    char entry[WORLD_TEXT], number[WORLD_TEXT];
    int extension = 101 + world_employee(c);
    world_entry(c, entry);
    world_number(c, number);
    buf_reset(out);
    buf_addf(out, "{\"entry_id\":\"%s\",\"call_direction\":1,\"from\":{\"number\":\"%s\"},\"to\":{",
             entry, number);
    if (talked)
        buf_addf(out, "\"extension\":\"%d\",\"number\":\"sip:user%d@vpbx.mangosip.ru\"", extension,
                 extension);
    buf_addf(out,
             "},\"line_number\":\"" LINE "\",\"create_time\":%" PRId64 ",\"forward_time\":%" PRId64
             ",\"talk_time\":%" PRId64 ",\"end_time\":%" PRId64
             ",\"entry_result\":%d,\"disconnect_reason\":1110",
             at - 5, at - 4, talked ? at - 2 : 0, at, talked);
    put_dct(c, out);
    buf_add_char(out, '}');
}

void told_result(const struct world_call *c, struct buf *out)
{
    buf_reset(out);
    buf_addf(out, "{\"command_id\":\"%s\",\"result\":1000}", c->command_id);
}
