/* What a run may be. Each prints JSON lines: `{"kind":"opened",…}`, `{"kind":"interval",…}` on the way, `{"kind":"total",…}` at its end. */
#pragma once
#include "pool.h"

/* Asks as fast as the server answers (closed), or at a rate (open). */
void run_load(struct pool *pool);

/*
 * Holds its connections until standard input ends, with a heartbeat each; at a line `read` it begins to ask at the plan's rate, on
 * connections at random.
 */
void run_hold(struct pool *pool);

/* The line that tells of the handshakes. */
void print_opened(const struct pool *pool, double seconds);
