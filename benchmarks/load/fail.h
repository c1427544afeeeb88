/* Ends of the program: a message on standard error and exit code 1. */
#pragma once
#include <stddef.h>

_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Memory full of zeros; ends the program where there is none. */
void *allocate(size_t bytes);
