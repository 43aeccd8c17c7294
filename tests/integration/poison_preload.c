/*
 * Preloaded into a worker by test_poison.py: building a text with the magic word ends the process, as a bug
 * in our own code would.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC "Poison"

/* jansson's, with its json_t unknown. */
void *json_stringn(const char *value, size_t len);

void *json_stringn(const char *value, size_t len)
{
    static void *(*real)(const char *value, size_t len);
    if (memmem(value, len, MAGIC, sizeof MAGIC - 1) != NULL)
        abort();
    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "json_stringn");
    return real(value, len);
}
