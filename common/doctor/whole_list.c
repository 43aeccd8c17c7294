/*
 * Whether a list is to be believed. Pure.
 */
#include "common/doctor/whole_list.h"

bool whole_list(size_t count, size_t before, size_t mapped)
{
    return count * 2 >= before && count * 2 >= mapped && (count > 0 || before + mapped == 0);
}
