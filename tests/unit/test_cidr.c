/*
 * Addresses, networks and who is believed about where a request came from.
 */
#include "ingest/cidr.h"

#include "tests/unit/unit.h"

static const struct {
    const char *text, *shown; /* shown: NULL = no address */
} addresses[] = {
    {"192.0.2.1", "192.0.2.1"},
    {" 192.0.2.1\t", "192.0.2.1"},
    {"192.0.2.1:4711", "192.0.2.1"},
    {"::1", "::1"},
    {"[2001:DB8::1]", "2001:db8::1"},
    {"[2001:db8::1]:443", "2001:db8::1"},
    {"::ffff:192.0.2.1", "192.0.2.1"},
    {"", NULL},
    {"unknown", NULL},
    {"_hidden", NULL},
    {"192.0.2", NULL},
    {"192.0.2.256", NULL},
    {"[", NULL},
    {"[]", NULL},
    {"1:2:3", NULL},
    {"1111:1111:1111:1111:1111:1111:1111:1111:1111:1111", NULL},
};

START_TEST(reads_addresses)
{
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        struct cidr_address a;
        char shown[CIDR_ADDRESS_TEXT];
        bool good = cidr_address_parse(str_of(addresses[i].text), &a);
        ck_assert_msg(good == (addresses[i].shown != NULL), "%s", addresses[i].text);
        if (!good)
            continue;
        cidr_address_text(&a, shown);
        ck_assert_str_eq(shown, addresses[i].shown);
    }
    struct cidr_address a;
    ck_assert(!cidr_address_parse((struct str){"192.0.2.1\0x", 11}, &a));
}
END_TEST

static const struct {
    const char *address, *household;
} households[] = {
    {"192.0.2.1", "192.0.2.1"},
    {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
    {"2001:db8:1:2::", "2001:db8:1:2::"},
};

START_TEST(counts_a_64_as_one)
{
    for (size_t i = 0; i < sizeof households / sizeof *households; i++) {
        struct cidr_address a;
        char shown[CIDR_ADDRESS_TEXT];
        ck_assert(cidr_address_parse(str_of(households[i].address), &a));
        a = cidr_household(&a);
        cidr_address_text(&a, shown);
        ck_assert_str_eq(shown, households[i].household);
    }
}
END_TEST

static struct cidr_list list(const char *text)
{
    struct error e = ERROR_NONE;
    struct cidr_list l;
    ck_assert_msg(cidr_list_parse(str_of(text), &l, &e) == ERR_OK, "%s", e.text);
    return l;
}

static bool has(const struct cidr_list *l, const char *text)
{
    struct cidr_address a;
    ck_assert(cidr_address_parse(str_of(text), &a));
    return cidr_list_has(l, &a);
}

START_TEST(lists_hold_networks)
{
    struct cidr_list l = list("10.0.0.0/8, 192.0.2.128/25 ,,203.0.113.7,2001:db8::/33");
    ck_assert_uint_eq(l.n, 4);
    ck_assert(has(&l, "10.255.0.1") && !has(&l, "11.0.0.1"));
    ck_assert(has(&l, "192.0.2.200") && !has(&l, "192.0.2.127"));
    ck_assert(has(&l, "203.0.113.7") && !has(&l, "203.0.113.6"));
    ck_assert(has(&l, "2001:db8:7fff::1") && !has(&l, "2001:db8:8000::1"));
    ck_assert(!has(&l, "::a00:1"));
    cidr_list_done(&l);
    l = list("0.0.0.0/0");
    ck_assert(has(&l, "1.2.3.4") && !has(&l, "2001:db8::1"));
    cidr_list_done(&l);
    l = list("::/0");
    ck_assert(has(&l, "1.2.3.4") && has(&l, "2001:db8::1"));
    cidr_list_done(&l);
    l = list(" ");
    ck_assert(l.n == 0 && !has(&l, "1.2.3.4"));
    cidr_list_done(&l);
}
END_TEST

START_TEST(wrong_lists_are_refused)
{
    static const char *const wrong[] = {"10.0.0.0/33",    "10.0.0.0/-1", "10.0.0.0/",
                                        "10.0.0.0/x",     "example.org", "10.0.0.1,acme",
                                        "2001:db8::/129", "/8"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct error e = ERROR_NONE;
        struct cidr_list l;
        ck_assert_msg(cidr_list_parse(str_of(wrong[i]), &l, &e) == ERR_CONFIG, "%s", wrong[i]);
    }
}
END_TEST

static const struct {
    const char *peer, *forwarded, *client;
} hops[] = {
    {"198.51.100.1", "", "198.51.100.1"},
    {"198.51.100.1", "203.0.113.1", "198.51.100.1"}, /* a stranger's word counts for nothing */
    {"10.0.0.1", "", "10.0.0.1"},
    {"10.0.0.1", "203.0.113.1", "203.0.113.1"},
    {"10.0.0.1", "192.0.2.66, 203.0.113.1", "203.0.113.1"}, /* only the nearest stranger */
    {"10.0.0.1", "192.0.2.66, 203.0.113.1, 10.0.0.2", "203.0.113.1"},
    {"10.0.0.1", "10.0.0.3,10.0.0.2", "10.0.0.3"},
    {"10.0.0.1", "203.0.113.1, junk, 10.0.0.2", "10.0.0.2"},
    {"10.0.0.1", "junk", "10.0.0.1"},
    {"10.0.0.1", "203.0.113.1,", "10.0.0.1"},
    {"10.0.0.1", "[2001:db8::5]:80", "2001:db8::5"},
    /* a line of each proxy's own */
    {"10.0.0.1", "203.0.113.1\n10.0.0.2", "203.0.113.1"},
    {"10.0.0.1", "10.0.0.3\n203.0.113.1", "203.0.113.1"},
    {"10.0.0.1", "192.0.2.66, 203.0.113.1\n10.0.0.3, 10.0.0.2", "203.0.113.1"},
    {"10.0.0.1", "203.0.113.1\njunk, 10.0.0.2", "10.0.0.2"},
};

START_TEST(finds_the_client)
{
    struct cidr_list trusted = list("10.0.0.0/8");
    for (size_t i = 0; i < sizeof hops / sizeof *hops; i++) {
        struct cidr_address peer, client;
        char shown[CIDR_ADDRESS_TEXT];
        ck_assert(cidr_address_parse(str_of(hops[i].peer), &peer));
        struct str lines[] = {str_of(hops[i].forwarded), STR_NONE};
        long cut = str_find(lines[0], '\n');
        if (cut >= 0) {
            lines[1] = str_from(lines[0], (size_t)cut + 1);
            lines[0].len = (size_t)cut;
        }
        client = cidr_client(&peer, lines, cut < 0 ? 1 : 2, &trusted);
        cidr_address_text(&client, shown);
        ck_assert_str_eq(shown, hops[i].client);
    }
    cidr_list_done(&trusted);
}
END_TEST

int main(void)
{
    return UNIT_RUN("cidr", reads_addresses, counts_a_64_as_one, lists_hold_networks,
                    wrong_lists_are_refused, finds_the_client);
}
