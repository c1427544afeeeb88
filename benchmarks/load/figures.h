/* What came of requests: times of the good ones and of the refused ones, and the refused ones by code. */
#pragma once
#include <stdint.h>
#include <stdio.h>

#include "histogram.h"

#define MOST_CODES 32

struct figures {
  uint64_t good;
  uint64_t refused;
  /* With those that were never answered, where they are noted: their time is known, too, and it is the longest. */
  struct histogram good_times;
  struct histogram refused_times;
  uint64_t bytes;
  int codes;
  struct {
    int code;
    uint64_t count;
  } by_code[MOST_CODES];
};

void figures_clear(struct figures *figures);
void figures_note_good(struct figures *figures, int64_t ns, uint64_t bytes);
void figures_note_refused(struct figures *figures, int64_t ns, int code);

/* Members of a JSON object: good, refused, errors, answerBytes, latencyUs, refusedUs. */
void figures_print(const struct figures *figures, FILE *out);

/* Processor time of this process so far, in seconds. */
double own_cpu_seconds(void);
