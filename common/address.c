/*
 * The special ranges of IANA's registries, IPv4 and IPv6. Pure.
 */
#include "common/address.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct range {
    uint8_t bytes[4];
    unsigned bits;
};

static const struct range not_public_4[] = {
    {{0, 0, 0, 0}, 8},      {{10, 0, 0, 0}, 8},     {{100, 64, 0, 0}, 10}, {{127, 0, 0, 0}, 8},
    {{169, 254, 0, 0}, 16}, {{172, 16, 0, 0}, 12},  {{192, 0, 0, 0}, 24},  {{192, 0, 2, 0}, 24},
    {{192, 88, 99, 0}, 24}, {{192, 168, 0, 0}, 16}, {{198, 18, 0, 0}, 15}, {{198, 51, 100, 0}, 24},
    {{203, 0, 113, 0}, 24}, {{224, 0, 0, 0}, 4},    {{240, 0, 0, 0}, 4},
};

/* Inside 2000::/3: IETF protocols with Teredo, documentation, 6to4, documentation. */
static const struct range not_public_6[] = {
    {{0x20, 0x01, 0x00, 0x00}, 23},
    {{0x20, 0x01, 0x0d, 0xb8}, 32},
    {{0x20, 0x02, 0x00, 0x00}, 16},
    {{0x3f, 0xff, 0x00, 0x00}, 20},
};

static uint32_t first_32(const uint8_t *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static bool in_any(const uint8_t *address, const struct range *ranges, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((first_32(address) ^ first_32(ranges[i].bytes)) >> (32 - ranges[i].bits) == 0)
            return true;
    return false;
}

static bool public_4(const uint8_t *a)
{
    return !in_any(a, not_public_4, sizeof not_public_4 / sizeof *not_public_4);
}

static bool public_6(const uint8_t *a)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    if (memcmp(a, mapped, 12) == 0 || memcmp(a, nat64, 12) == 0)
        return public_4(a + 12);
    return a[0] >> 5 == 1 && /* 2000::/3, all that is given out */
           !in_any(a, not_public_6, sizeof not_public_6 / sizeof *not_public_6);
}

bool address_public(const char *ip)
{
    uint8_t a[16];
    if (inet_pton(AF_INET, ip, a) == 1)
        return public_4(a);
    return inet_pton(AF_INET6, ip, a) == 1 && public_6(a);
}
