/*
 * What clang-tidy and cppcheck read instead of uthash: the same macros, without the bucket lists in
 * which they lose their way and see memory used after it was freed. Never compiled into anything.
 * An element that was added, found or passed on may be anywhere; one that was freed stays freed.
 */
#ifndef UTHASH_H
#define UTHASH_H

#include <stddef.h>

typedef struct UT_hash_handle {
    void *prev;
    void *next;
    const void *key;
    unsigned keylen;
} UT_hash_handle;

/* Opaque: what they return is not known, what they are given may be kept. */
void *uthash_model_put(void *head, void *element, const void *key, size_t len);
void *uthash_model_del(void *head, const void *element);
void *uthash_model_find(const void *head, const void *key, size_t len);
void *uthash_model_next(const void *element);
unsigned uthash_model_count(const void *head);

#define HASH_ADD_KEYPTR(hh, head, keyptr, len, add) \
    ((head) = uthash_model_put((head), (add), (keyptr), (size_t)(len)))
#define HASH_ADD(hh, head, field, len, add) HASH_ADD_KEYPTR(hh, head, &(add)->field, (len), (add))
#define HASH_ADD_INT(head, field, add) HASH_ADD(hh, head, field, sizeof(int), add)
#define HASH_ADD_STR(head, field, add) HASH_ADD_KEYPTR(hh, head, (add)->field, 0, add)
#define HASH_ADD_PTR(head, field, add) HASH_ADD(hh, head, field, sizeof(void *), add)
#define HASH_FIND(hh, head, keyptr, len, out) \
    ((out) = uthash_model_find((head), (keyptr), (size_t)(len)))
#define HASH_FIND_INT(head, key, out) HASH_FIND(hh, head, key, sizeof(int), out)
#define HASH_FIND_STR(head, key, out) HASH_FIND(hh, head, key, 0, out)
#define HASH_FIND_PTR(head, key, out) HASH_FIND(hh, head, key, sizeof(void *), out)
#define HASH_DELETE(hh, head, del) ((head) = uthash_model_del((head), (del)))
#define HASH_DEL(head, del) HASH_DELETE(hh, head, del)
#define HASH_CLEAR(hh, head) ((head) = NULL)
#define HASH_CNT(hh, head) uthash_model_count(head)
#define HASH_COUNT(head) uthash_model_count(head)
#define HASH_ITER(hh, head, el, tmp)                                               \
    for ((el) = (head), (tmp) = (el) ? uthash_model_next(el) : NULL; (el) != NULL; \
         (el) = (tmp), (tmp) = (el) ? uthash_model_next(el) : NULL)

#endif
