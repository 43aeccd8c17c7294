/*
 * Lanes and the queues of those at their heads. Pure: memory only.
 */
#include "worker/crm/lanes.h"

#include <stdlib.h>

#include <uthash.h>

#include "common/mem.h"

#define QUEUES (LANES_LEVELS * 2) /* of each level first those midway, then the others */

struct lanes_lane {
    struct lanes_slot *head, *tail;
    int count[LANES_LEVELS]; /* entries in it by level */
    UT_hash_handle hh;
    char key[]; /* account/name */
};

struct queue {
    struct lanes_entry *head, *tail;
};

enum whose { /* work that an account has wanting */
    URGENT,
    ANY,
    WHOSE
};

struct turn { /* an account's place among those that have such work */
    size_t wanting;
    bool in;
    struct lanes_account *prev, *next;
};

struct ring {
    struct lanes_account *first, *last;
};

struct lanes_account {
    char *name;
    struct queue queues[QUEUES];
    size_t entries;
    size_t active; /* at their heads, not resting, better than bulk */
    bool blocked;
    struct turn turns[WHOSE];
    UT_hash_handle hh;
};

struct lanes {
    struct lanes_lane *lanes;
    struct lanes_account *accounts;
    struct ring rings[WHOSE];  /* accounts that have wanting work, in turn */
    struct queue fresh[WHOSE]; /* the urgent, and all others */
    size_t count;
};

struct lanes *lanes_new(void)
{
    return mem_alloc(1, sizeof(struct lanes));
}

void lanes_free(struct lanes *l)
{
    if (!l)
        return;
    struct lanes_lane *lane, *next_lane;
    HASH_ITER(hh, l->lanes, lane, next_lane) {
        HASH_DEL(l->lanes, lane);
        free(lane);
    }
    struct lanes_account *a, *next_account;
    HASH_ITER(hh, l->accounts, a, next_account) {
        HASH_DEL(l->accounts, a);
        free(a->name);
        free(a);
    }
    free(l);
}

size_t lanes_count(const struct lanes *l)
{
    return l->count;
}

/* queues */

static void queue_add(struct queue *q, struct lanes_entry *e)
{
    e->next = NULL;
    e->prev = q->tail;
    *(q->tail ? &q->tail->next : &q->head) = e;
    q->tail = e;
}

static void queue_remove(struct queue *q, struct lanes_entry *e)
{
    *(e->prev ? &e->prev->next : &q->head) = e->next;
    *(e->next ? &e->next->prev : &q->tail) = e->prev;
    e->prev = e->next = NULL;
}

static int queue_number(const struct lanes_entry *e)
{
    return e->level * 2 + (e->midway ? 0 : 1);
}

static struct queue *queue_of(const struct lanes_entry *e)
{
    return &e->account->queues[queue_number(e)];
}

/* accounts */

static void ring_add(struct lanes *l, struct lanes_account *a, enum whose which)
{
    struct ring *r = &l->rings[which];
    struct turn *t = &a->turns[which];
    if (t->in || a->blocked || t->wanting == 0)
        return;
    t->in = true;
    t->next = NULL;
    t->prev = r->last;
    *(r->last ? &r->last->turns[which].next : &r->first) = a;
    r->last = a;
}

static void ring_remove(struct lanes *l, struct lanes_account *a, enum whose which)
{
    struct ring *r = &l->rings[which];
    struct turn *t = &a->turns[which];
    if (!t->in)
        return;
    t->in = false;
    *(t->prev ? &t->prev->turns[which].next : &r->first) = t->next;
    *(t->next ? &t->next->turns[which].prev : &r->last) = t->prev;
    t->prev = t->next = NULL;
}

static void pass_over(struct lanes *l, struct lanes_account *a, bool blocked)
{
    a->blocked = blocked;
    for (int i = 0; i < WHOSE; i++) {
        if (blocked)
            ring_remove(l, a, (enum whose)i);
        else
            ring_add(l, a, (enum whose)i);
    }
}

static void count_wanting(struct lanes *l, struct lanes_account *a, enum whose which, bool more)
{
    struct turn *t = &a->turns[which];
    t->wanting += more ? 1 : (size_t)-1;
    if (more)
        ring_add(l, a, which);
    else if (t->wanting == 0)
        ring_remove(l, a, which);
}

static struct lanes_account *account_get(struct lanes *l, struct str name)
{
    struct lanes_account *a = NULL;
    HASH_FIND(hh, l->accounts, name.ptr, name.len, a);
    if (!a) {
        a = mem_alloc(1, sizeof *a);
        a->name = mem_copy(name);
        HASH_ADD_KEYPTR(hh, l->accounts, a->name, name.len, a);
    }
    return a;
}

static void account_drop(struct lanes *l, struct lanes_account *a)
{
    if (a->entries > 0 || a->blocked)
        return;
    HASH_DEL(l->accounts, a);
    free(a->name);
    free(a);
}

static bool is_active(const struct lanes_entry *e)
{
    return e->level != LANES_BULK &&
           (e->state == LANES_FRESH || e->state == LANES_WANTING || e->state == LANES_RUNNING);
}

bool lanes_is_urgent(const struct lanes_entry *e)
{
    return e->level < LANES_URGENT;
}

static struct queue *fresh_of(struct lanes *l, const struct lanes_entry *e)
{
    return &l->fresh[lanes_is_urgent(e) ? URGENT : ANY];
}

/* Takes the entry out of the queue of its state and out of the account's numbers. */
static void unplace(struct lanes *l, struct lanes_entry *e)
{
    struct lanes_account *a = e->account;
    a->active -= is_active(e);
    if (e->state == LANES_FRESH)
        queue_remove(fresh_of(l, e), e);
    if (e->state == LANES_WANTING) {
        queue_remove(queue_of(e), e);
        count_wanting(l, a, ANY, false);
        if (lanes_is_urgent(e))
            count_wanting(l, a, URGENT, false);
    }
}

static void place(struct lanes *l, struct lanes_entry *e, enum lanes_state state)
{
    struct lanes_account *a = e->account;
    e->state = state;
    a->active += is_active(e);
    if (state == LANES_FRESH)
        queue_add(fresh_of(l, e), e);
    if (state != LANES_WANTING)
        return;
    queue_add(queue_of(e), e);
    count_wanting(l, a, ANY, true);
    if (!lanes_is_urgent(e))
        return;
    count_wanting(l, a, URGENT, true);
    if (a->blocked) /* what others wait for may be there for it: the reserve */
        pass_over(l, a, false);
}

static void move(struct lanes *l, struct lanes_entry *e, enum lanes_state state)
{
    unplace(l, e);
    place(l, e, state);
}

/* lanes */

static struct lanes_lane *lane_new(struct str account, struct str name)
{
    size_t len = account.len + 1 + name.len;
    struct lanes_lane *lane = mem_alloc(1, sizeof *lane + len + 1);
    if (account.len)
        memcpy(lane->key, account.ptr, account.len);
    lane->key[account.len] = '/';
    if (name.len)
        memcpy(lane->key + account.len + 1, name.ptr, name.len);
    return lane;
}

static struct lanes_lane *lane_get(struct lanes *l, struct str account, struct str name)
{
    struct lanes_lane *own = lane_new(account, name);
    struct lanes_lane *lane = NULL;
    HASH_FIND_STR(l->lanes, own->key, lane);
    if (lane) {
        free(own);
        return lane;
    }
    HASH_ADD_KEYPTR(hh, l->lanes, own->key, strlen(own->key), own);
    return own;
}

static void lane_add(struct lanes_lane *lane, struct lanes_slot *s)
{
    s->lane = lane;
    s->next = NULL;
    s->prev = lane->tail;
    *(lane->tail ? &lane->tail->next : &lane->head) = s;
    lane->tail = s;
    lane->count[s->entry->level]++;
}

static void lane_remove(struct lanes *l, struct lanes_slot *s)
{
    struct lanes_lane *lane = s->lane;
    *(s->prev ? &s->prev->next : &lane->head) = s->next;
    *(s->next ? &s->next->prev : &lane->tail) = s->prev;
    lane->count[s->entry->level]--;
    if (!lane->head) {
        HASH_DEL(l->lanes, lane);
        free(lane);
    }
    *s = (struct lanes_slot){0};
}

static int lane_best(const struct lanes_lane *lane)
{
    int level = 0;
    while (level < LANES_BULK && lane->count[level] == 0)
        level++;
    return level;
}

static bool at_head(const struct lanes_entry *e)
{
    for (size_t i = 0; i < e->nslots; i++)
        if (e->slots[i].prev)
            return false;
    return true;
}

static void set_level(struct lanes *l, struct lanes_entry *e, int level)
{
    enum lanes_state state = e->state;
    unplace(l, e);
    for (size_t i = 0; i < e->nslots; i++)
        e->slots[i].lane->count[e->level]--; // NOLINT(clang-analyzer-core.NullDereference)
    e->level = level;
    for (size_t i = 0; i < e->nslots; i++)
        e->slots[i].lane->count[level]++;
    place(l, e, state);
}

/* Gives the heads of e's lanes the best level of who is behind them, and the heads of *their* lanes,
 * and so on: a chain of lanes may be long, so it is walked with a list, not by recursion. */
static void raise_heads(struct lanes *l, struct lanes_entry *e)
{
    struct lanes_entry *todo = e;
    e->next_raised = NULL;
    while (todo) {
        struct lanes_entry *now = todo;
        todo = now->next_raised;
        now->raised = false;
        for (size_t i = 0; i < now->nslots; i++) {
            struct lanes_entry *head = now->slots[i].lane->head->entry;
            int best = lane_best(now->slots[i].lane);
            if (best >= head->level)
                continue;
            set_level(l, head, best);
            if (!head->raised) {
                head->raised = true;
                head->next_raised = todo;
                todo = head;
            }
        }
    }
}

void lanes_enter(struct lanes *l, struct lanes_entry *e, struct str account,
                 const struct str *names, size_t n, int level)
{
    *e = (struct lanes_entry){.account = account_get(l, account), .level = level, .nslots = n};
    e->account->entries++;
    l->count++;
    for (size_t i = 0; i < n; i++) {
        e->slots[i].entry = e;
        lane_add(lane_get(l, account, names[i]), &e->slots[i]);
    }
    place(l, e, at_head(e) ? LANES_FRESH : LANES_BEHIND);
    raise_heads(l, e);
}

void lanes_leave(struct lanes *l, struct lanes_entry *e)
{
    if (e->state == LANES_OUT)
        return;
    struct lanes_entry *after[LANES_PER_WORK] = {0};
    unplace(l, e);
    for (size_t i = 0; i < e->nslots; i++) {
        bool was_head = !e->slots[i].prev;
        struct lanes_slot *next = e->slots[i].next;
        after[i] = was_head && next ? next->entry : NULL;
        lane_remove(l, &e->slots[i]);
    }
    e->state = LANES_OUT;
    e->nslots = 0;
    l->count--;
    e->account->entries--;
    for (size_t i = 0; i < LANES_PER_WORK; i++) {
        if (!after[i])
            continue;
        raise_heads(l, after[i]);
        if (after[i]->state == LANES_BEHIND && at_head(after[i]))
            move(l, after[i], LANES_FRESH);
    }
    account_drop(l, e->account);
    e->account = NULL;
}

static struct lanes_entry *give_out(struct lanes *l, enum whose which)
{
    struct lanes_entry *e = l->fresh[which].head;
    if (e)
        move(l, e, LANES_RUNNING);
    return e;
}

struct lanes_entry *lanes_fresh_urgent(struct lanes *l)
{
    return give_out(l, URGENT);
}

struct lanes_entry *lanes_fresh(struct lanes *l)
{
    struct lanes_entry *e = give_out(l, URGENT);
    return e ? e : give_out(l, ANY);
}

void lanes_want(struct lanes *l, struct lanes_entry *e, bool midway)
{
    unplace(l, e);
    e->midway = midway;
    place(l, e, LANES_WANTING);
}

void lanes_rest(struct lanes *l, struct lanes_entry *e)
{
    move(l, e, LANES_RESTING);
}

void lanes_run(struct lanes *l, struct lanes_entry *e)
{
    move(l, e, LANES_RUNNING);
}

struct lanes_entry *lanes_head(const struct lanes_slot *s)
{
    return s->lane->head->entry;
}

struct lanes_entry *lanes_head_of(const struct lanes *l, struct str account, struct str name)
{
    struct lanes_lane *own = lane_new(account, name);
    struct lanes_lane *lane = NULL;
    HASH_FIND_STR(l->lanes, own->key, lane);
    free(own);
    return lane ? lane->head->entry : NULL;
}

/* turns */

/* Of the queues from that number on. */
static struct lanes_entry *best_of(const struct lanes_account *a, int from, int end)
{
    for (int i = from; i < end; i++)
        if (a->queues[i].head)
            return a->queues[i].head;
    return NULL;
}

static int end_of(const struct lanes_account *a)
{
    return a->active > 0 ? LANES_BULK * 2 : QUEUES;
}

struct lanes_entry *lanes_best_urgent(struct lanes *l)
{
    struct lanes_account *a = l->rings[URGENT].first;
    return a ? best_of(a, 0, LANES_URGENT * 2) : NULL;
}

struct lanes_entry *lanes_best(struct lanes *l)
{
    struct lanes_entry *e = lanes_best_urgent(l);
    for (struct lanes_account *a = l->rings[ANY].first; a && !e; a = a->turns[ANY].next)
        e = best_of(a, 0, end_of(a));
    return e;
}

struct lanes_entry *lanes_beside(const struct lanes_entry *e, const struct lanes_entry *after)
{
    if (after && after->next)
        return after->next;
    return best_of(e->account, after ? queue_number(after) + 1 : 0, end_of(e->account));
}

void lanes_take(struct lanes *l, struct lanes_entry *e)
{
    move(l, e, LANES_RUNNING);
    for (int i = lanes_is_urgent(e) ? URGENT : ANY; i < WHOSE; i++) {
        ring_remove(l, e->account, (enum whose)i);
        ring_add(l, e->account, (enum whose)i);
    }
}

void lanes_block(struct lanes *l, struct lanes_entry *e)
{
    pass_over(l, e->account, true);
}

void lanes_unblock(struct lanes *l, struct str account)
{
    struct lanes_account *a = NULL;
    HASH_FIND(hh, l->accounts, account.ptr, account.len, a);
    if (!a || !a->blocked)
        return;
    pass_over(l, a, false);
    account_drop(l, a);
}
