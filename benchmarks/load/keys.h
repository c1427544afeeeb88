/* Which key a request asks for: the keys of a file, one a line and all of one length, drawn evenly, by Zipf's law, or one after the other. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum distribution { KEYS_UNIFORM, KEYS_ZIPF, KEYS_SEQUENCE };

struct keys {
  enum distribution distribution;
  char *text;
  size_t count;
  size_t length;
  uint64_t random_state;
  size_t next;
  /* Of Zipf's law: see keys.c. */
  double zeta, eta, alpha, second;
};

/* Ends the program with a message where the file cannot be used. */
void keys_read(struct keys *keys, const char *path);
void keys_prepare(struct keys *keys, uint64_t seed);
const char *keys_next(struct keys *keys);
uint64_t random_next(uint64_t *state);
