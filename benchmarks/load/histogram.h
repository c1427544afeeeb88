/*
 * Latencies in log-linear buckets, after HdrHistogram: each power of two is cut into 128, so that a quantile is right to 0.8 %
 * from a nanosecond to centuries, and noting one is an addition.
 */
#pragma once
#include <stdint.h>
#include <stdio.h>

#define PARTS_BITS 7
#define HISTOGRAM_BUCKETS ((64 - PARTS_BITS + 1) << PARTS_BITS)

struct histogram {
  uint64_t count;
  uint64_t max_ns;
  double sum_ns;
  uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_clear(struct histogram *histogram);

/* A negative time, which only a clock that was set back could give, counts as none. */
void histogram_note(struct histogram *histogram, int64_t ns);

/* The time that the given part (0 to 1) of all took at most; 0 where nothing was noted. */
uint64_t histogram_quantile(const struct histogram *histogram, double part);

/* Mean, quantiles and maximum in microseconds, as a JSON object; null where nothing was noted. */
void histogram_print(const struct histogram *histogram, FILE *out);
