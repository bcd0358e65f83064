/*
 * Memory that runs out on demand: malloc and realloc of the program under test, which the linker
 * sends here (--wrap, see the Makefile), fail from the n-th call on. Other allocators are wrapped
 * by the test that needs them, with fails_now().
 */
#ifndef LS_TESTS_UNIT_FAILING_ALLOC_H
#define LS_TESTS_UNIT_FAILING_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

void *__real_malloc(size_t n);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_realloc(void *p, size_t n);

/* The wrapped functions take no context, so this is the one place for the countdown. */
static struct {
    bool is_armed;
    unsigned left; /* allocations that still succeed */
} failing;

static bool fails_now(void)
{
    if (!failing.is_armed) {
        return false;
    }
    if (failing.left == 0) {
        return true;
    }
    failing.left--;
    return false;
}

void *__wrap_malloc(size_t n)
{
    return fails_now() ? NULL : __real_malloc(n);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fails_now() ? NULL : __real_realloc(p, n);
}

#endif
