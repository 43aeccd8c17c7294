/*
 * Timers of calls. One step of a call's each.
 */
#include "tests/bench/ringing_load/story.h"

#include "common/clock.h"
#include "common/mem.h"
#include "tests/bench/ringing_load/told.h"

enum {
    GIVE_UP_MS = 4600, /* in the menu without a command */
    MOVES_MS = 150,    /* from the command to the responsible's phone */
    CROWD_MS = 1500,
    ANSWER_MS = 1500,
    TALK_MS = 1500,
    TEXT_MAX = 2048,
    LATE_ENDS_MS = 800, /* a jitter */
};

enum stage {
    BEGINS,
    WAITS, /* in the menu */
    MOVES,
    RINGS,
    TALKS,
    ENDED
};

static void post(struct world_call *c, const char *path, const struct buf *text, int64_t *sent,
                 int64_t *acked)
{
    char key[WORLD_TEXT];
    world_key(c->account, key);
    sender_post(c->world->sender, path, str_of(key), STR(WORLD_SALT), buf_str(text), sent, acked);
}

static void go_on(struct world_call *c, enum stage stage, int64_t ms)
{
    c->stage = (int)stage;
    loop_timer_set(&c->timer, clock_boot_ms() + ms);
}

static void begin(struct world_call *c, int64_t now_s, struct buf *text)
{
    int64_t late = clock_mono_us() - c->at[WORLD_SENT]; /* when it should be */
    if (late > c->world->send_late)
        c->world->send_late = late;
    c->world->newest[c->place] = world_index(c);
    c->in_menu = c->group != WORLD_RING;
    if (c->in_menu)
        told_menu(c, TOLD_APPEARED, now_s, text);
    else
        told_ring(c, TOLD_APPEARED, now_s, text);
    post(c, "/events/call", text, &c->at[WORLD_SENT], &c->at[WORLD_ACKED]);
    c->at[WORLD_RANG] = c->in_menu ? 0 : c->at[WORLD_SENT];
    if (c->group == WORLD_RING)
        go_on(c, RINGS, ANSWER_MS);
    else
        go_on(c, WAITS, c->group == WORLD_CROWD ? CROWD_MS : GIVE_UP_MS);
}

static void move(struct world_call *c, int64_t now_s, struct buf *text)
{
    c->in_menu = false;
    if (c->command_id[0]) {
        told_result(c, text);
        post(c, "/result/route", text, NULL, NULL);
    }
    told_ring(c, TOLD_APPEARED, now_s, text);
    post(c, "/events/call", text, &c->at[WORLD_RANG], NULL);
    told_menu(c, TOLD_DISCONNECTED, now_s, text);
    post(c, "/events/call", text, NULL, NULL);
    if (c->group != WORLD_CROWD)
        go_on(c, RINGS, ANSWER_MS);
}

static void hang_up(struct world_call *c, int64_t now_s, struct buf *text)
{
    bool talked = c->stage == TALKS;
    c->in_menu = false;
    if (talked)
        told_ring(c, TOLD_DISCONNECTED, now_s, text);
    else
        told_menu(c, TOLD_DISCONNECTED, now_s, text);
    post(c, "/events/call", text, NULL, NULL);
    told_summary(c, talked, now_s, text);
    post(c, "/events/summary", text, NULL, NULL);
    c->stage = ENDED;
}

static void step(void *arg)
{
    struct world_call *c = arg;
    char bytes[TEXT_MAX];
    struct buf text = {bytes, 0, sizeof bytes, sizeof bytes - 1, false, false};
    int64_t now_s = clock_wall_ms() / 1000;
    switch ((enum stage)c->stage) {
    case BEGINS:
        begin(c, now_s, &text);
        break;
    case MOVES:
        move(c, now_s, &text);
        break;
    case RINGS:
        told_ring(c, TOLD_CONNECTED, now_s, &text);
        post(c, "/events/call", &text, NULL, NULL);
        go_on(c, TALKS, TALK_MS + world_below(c->world, LATE_ENDS_MS));
        break;
    case WAITS:
        if (c->group == WORLD_CROWD)
            move(c, now_s, &text);
        else
            hang_up(c, now_s, &text);
        break;
    case TALKS:
        hang_up(c, now_s, &text);
        break;
    case ENDED:
        break;
    }
}

void story_routed(struct world_call *c)
{
    if (c->group != WORLD_CROWD) /* those stay where they are until they ring */
        go_on(c, MOVES, MOVES_MS);
}

void story_begin(struct world *w, int account, bool regular, int phase, int64_t at)
{
    struct world_call *c = world_call_new(w, account, regular);
    int64_t now = clock_mono_us();
    if (!c)
        return;
    c->phase = phase;
    c->at[WORLD_SENT] = at;
    loop_timer_init(&c->timer, w->loop, step, c);
    loop_timer_set(&c->timer, clock_boot_ms() + (at > now ? (at - now) / 1000 : 0) + 1);
}

void story_warm(struct world *w, int64_t ms)
{
    int64_t now = clock_mono_us();
    int accounts = world_first(w, WORLD_CROWD);
    for (int i = 0; i < WORLD_REGULARS; i++)
        for (int a = 0; a < accounts; a++)
            story_begin(w, a, false, 0, now + (i * ms + ms * a / accounts) * 1000 / WORLD_REGULARS);
}

void story_phase(struct world *w, int phase, int64_t ms, int64_t period_ms)
{
    int64_t now = clock_mono_us();
    int menu = w->accounts[WORLD_MENU], ring = world_first(w, WORLD_RING);
    for (int64_t round = 0; round < ms / period_ms; round++) {
        for (int a = 0; a < menu; a++) {
            int64_t at = round * period_ms + period_ms * a / menu + world_below(w, period_ms / 10);
            story_begin(w, a, (round + a) % 2 == 0, phase, now + at * 1000);
        }
        for (int i = 0; i < w->accounts[WORLD_RING]; i++)
            story_begin(w, ring + i, (round + i) % 2 == 0, phase,
                        now + (round * period_ms + period_ms / 2) * 1000);
    }
}

void story_crowd(struct world *w, int64_t calls, int64_t ms)
{
    int64_t now = clock_mono_us();
    int first = world_first(w, WORLD_CROWD), accounts = w->accounts[WORLD_CROWD];
    for (int64_t i = 0; i < calls && accounts > 0; i++)
        story_begin(w, first + (int)(i % accounts), false, 0, now + ms * i / calls * 1000);
}
