/*
 * main for fuzzers where there is no libFuzzer (gcc): runs the seeds, then random changes of them, for
 * -max_total_time=N seconds. No coverage guides it. Knows only the entry point; one thread.
 *
 *   build/asan/tests/fuzz/fuzz_jval -max_total_time=5 tests/fuzz/seeds/jval
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/mem.h"
#include "common/num.h"
#include "common/str.h"

#define MOST_SEEDS 1000
#define LARGEST 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seeds {
    struct {
        uint8_t *data;
        size_t size;
    } list[MOST_SEEDS];
    size_t n;
};

static uint32_t draw(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

static void add_file(struct seeds *s, const char *path)
{
    FILE *f = fopen(path, "re");

    if (!f || s->n == MOST_SEEDS) {
        if (f)
            fclose(f);
        return;
    }
    s->list[s->n].data = mem_alloc(LARGEST, 1);
    s->list[s->n].size = fread(s->list[s->n].data, 1, LARGEST, f);
    s->n++;
    fclose(f);
}

static void add_path(struct seeds *s, const char *path)
{
    DIR *folder = opendir(path);
    struct dirent *entry;

    if (!folder) {
        add_file(s, path);
        return;
    }
    while ((entry = readdir(folder))) {
        char *inside CLEANUP(mem_free_text) = mem_format("%s/%s", path, entry->d_name);
        if (entry->d_name[0] != '.')
            add_file(s, inside);
    }
    closedir(folder);
}

/* A few random changes: a byte, a piece taken out, a piece doubled, a piece of another seed. */
static size_t change(const struct seeds *s, uint8_t *data, size_t size, uint64_t *state)
{
    for (uint32_t i = draw(state) % 8; i-- > 0;) {
        size_t at = size ? draw(state) % size : 0, len = draw(state) % 16;
        size_t other = draw(state) % s->n;
        switch (draw(state) % 4) {
        case 0:
            if (size)
                data[at] = (uint8_t)draw(state);
            break;
        case 1:
            len = len < size - at ? len : size - at;
            memmove(data + at, data + at + len, size - at - len);
            size -= len;
            break;
        case 2:
            len = len < size - at ? len : size - at;
            if (size + len > LARGEST)
                break;
            memmove(data + at + len, data + at, size - at);
            size += len;
            break;
        default:
            len = len < s->list[other].size ? len : s->list[other].size;
            len = len < size - at ? len : size - at;
            memcpy(data + at, s->list[other].data, len);
        }
    }
    return size;
}

/* The input stands in memory of its very size, so that a sanitizer sees one byte too far. */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size ? size : 1);

    if (!exact)
        abort();
    memcpy(exact, data, size);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

static unsigned long fuzz(const struct seeds *s, int64_t seconds)
{
    int64_t end = clock_mono_ms() + seconds * 1000;
    uint64_t state = 1;
    uint8_t *data = mem_alloc(LARGEST, 1);
    unsigned long runs = 0;

    for (size_t i = 0; i < s->n; i++, runs++)
        run(s->list[i].data, s->list[i].size);
    while (clock_mono_ms() < end) {
        size_t i = draw(&state) % s->n;
        memcpy(data, s->list[i].data, s->list[i].size);
        run(data, change(s, data, s->list[i].size, &state));
        runs++;
    }
    free(data);
    return runs;
}

int main(int argc, char **argv)
{
    static const struct str option = {"-max_total_time=", 16};
    struct seeds *s = mem_alloc(1, sizeof(*s));
    int64_t seconds = 10;

    for (int i = 1; i < argc; i++) {
        if (str_starts(str_of(argv[i]), option) &&
            !num_parse(str_from(str_of(argv[i]), option.len), 0, 86400, &seconds))
            return 2;
        if (argv[i][0] != '-')
            add_path(s, argv[i]);
    }
    if (s->n == 0)
        s->list[s->n++].data = mem_alloc(1, 1);
    printf("Done %lu runs\n", fuzz(s, seconds));
    while (s->n)
        free(s->list[--s->n].data);
    free(s);
    return 0;
}
