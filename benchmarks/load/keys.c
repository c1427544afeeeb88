#include "keys.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"

/* The skew that YCSB takes, for figures that can be held against others'. */
#define THETA 0.99

/* SplitMix64: even enough, and a few instructions. */
uint64_t random_next(uint64_t *state) {
  uint64_t mixed = (*state += 0x9e3779b97f4a7c15ULL);
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
  return mixed ^ (mixed >> 31);
}

/* From 0 up to, not including, 1. */
static double random_part(uint64_t *state) { return (double)(random_next(state) >> 11) * 0x1p-53; }

static size_t line_length(const char *line, const char *end) {
  const char *newline = memchr(line, '\n', (size_t)(end - line));
  return (size_t)((newline == NULL ? end : newline) - line);
}

void keys_read(struct keys *keys, const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) fail("keys: cannot read %s", path);
  fseek(file, 0, SEEK_END);
  size_t size = (size_t)ftell(file);
  rewind(file);
  char *text = allocate(size + 1);
  if (fread(text, 1, size, file) != size) fail("keys: cannot read %s", path);
  fclose(file);
  const char *end = text + size;
  keys->length = line_length(text, end);
  if (keys->length == 0) fail("keys: the first line of %s is empty", path);
  keys->text = text;
  keys->count = 0;
  for (const char *line = text; line < end; line += keys->length + 1) {
    if (line_length(line, end) != keys->length)
      fail("keys: line %zu of %s has %zu bytes, the first has %zu", keys->count + 1, path, line_length(line, end), keys->length);
    memmove(text + keys->count++ * keys->length, line, keys->length);
  }
}

/*
 * Zipf's law after Gray et al., "Quickly generating billion-record synthetic databases" (SIGMOD 1994), as YCSB has it: the sum of
 * all weights once, then a key in constant time. The first key of the file is the hottest.
 */
void keys_prepare(struct keys *keys, uint64_t seed) {
  keys->random_state = seed;
  if (keys->distribution != KEYS_ZIPF) return;
  keys->zeta = 0;
  for (size_t rank = 1; rank <= keys->count; rank++) keys->zeta += pow((double)rank, -THETA);
  keys->second = 1 + pow(0.5, THETA);
  keys->alpha = 1 / (1 - THETA);
  keys->eta = (1 - pow(2.0 / (double)keys->count, 1 - THETA)) / (1 - keys->second / keys->zeta);
}

static size_t zipf_rank(struct keys *keys) {
  double part = random_part(&keys->random_state);
  double weight = part * keys->zeta;
  if (weight < 1) return 0;
  if (weight < keys->second) return keys->count > 1 ? 1 : 0;
  size_t rank = (size_t)((double)keys->count * pow(keys->eta * part - keys->eta + 1, keys->alpha));
  return rank < keys->count ? rank : keys->count - 1;
}

const char *keys_next(struct keys *keys) {
  size_t rank;
  if (keys->distribution == KEYS_SEQUENCE) rank = keys->next++ % keys->count;
  else rank = keys->distribution == KEYS_ZIPF ? zipf_rank(keys) : (size_t)(random_next(&keys->random_state) % keys->count);
  return keys->text + rank * keys->length;
}
