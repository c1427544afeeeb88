#include "histogram.h"

#include <string.h>

#define PARTS (1u << PARTS_BITS)
#define NS_PER_US 1000.0

static unsigned bucket_of(uint64_t ns) {
  if (ns < PARTS) return (unsigned)ns;
  unsigned shift = 63u - (unsigned)__builtin_clzll(ns) - PARTS_BITS;
  return ((shift + 1) << PARTS_BITS) + (unsigned)((ns >> shift) - PARTS);
}

/* The largest time that falls into a bucket. */
static uint64_t end_of(unsigned bucket) {
  if (bucket < PARTS) return bucket;
  unsigned shift = (bucket >> PARTS_BITS) - 1;
  uint64_t first = ((uint64_t)(bucket & (PARTS - 1)) + PARTS) << shift;
  return first + ((1ULL << shift) - 1);
}

void histogram_clear(struct histogram *histogram) { memset(histogram, 0, sizeof *histogram); }

void histogram_note(struct histogram *histogram, int64_t ns) {
  uint64_t value = ns < 0 ? 0 : (uint64_t)ns;
  histogram->count++;
  histogram->sum_ns += (double)value;
  if (value > histogram->max_ns) histogram->max_ns = value;
  histogram->buckets[bucket_of(value)]++;
}

uint64_t histogram_quantile(const struct histogram *histogram, double part) {
  uint64_t wanted = (uint64_t)((double)histogram->count * part + 0.5);
  uint64_t seen = 0;
  if (wanted == 0) wanted = 1;
  for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
    seen += histogram->buckets[bucket];
    if (seen < wanted || histogram->count == 0) continue;
    uint64_t end = end_of(bucket);
    return end < histogram->max_ns ? end : histogram->max_ns;
  }
  return histogram->max_ns;
}

void histogram_print(const struct histogram *histogram, FILE *out) {
  static const struct {
    const char *name;
    double part;
  } quantiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p95", 0.95}, {"p99", 0.99}, {"p999", 0.999}};
  if (histogram->count == 0) {
    fputs("null", out);
    return;
  }
  fprintf(out, "{\"mean\":%.1f", histogram->sum_ns / (double)histogram->count / NS_PER_US);
  for (unsigned at = 0; at < sizeof quantiles / sizeof quantiles[0]; at++)
    fprintf(out, ",\"%s\":%.1f", quantiles[at].name, (double)histogram_quantile(histogram, quantiles[at].part) / NS_PER_US);
  fprintf(out, ",\"max\":%.1f}", (double)histogram->max_ns / NS_PER_US);
}
