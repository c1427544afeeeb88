/* Time, in nanoseconds of the monotonic clock. */
#pragma once
#include <stdint.h>
#include <time.h>

#define NS_PER_SECOND 1000000000LL

static inline int64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * NS_PER_SECOND + time.tv_nsec;
}
