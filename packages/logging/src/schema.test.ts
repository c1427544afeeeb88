import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AuditEntry, createLogger, EntryLog, LogControl, type RequestEntry } from './index.ts';
import { captured } from './test/captured.ts';

const schema: object = JSON.parse(readFileSync(new URL('../schema.json', import.meta.url), 'utf8'));
const fits = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false }).compile(schema);

/** Holds every line against the schema. */
function check(lines: readonly string[]): void {
  for (const line of lines) {
    expect(line).toMatch(/^\{[^\n]*\}\n$/);
    expect(fits(JSON.parse(line)) ? [] : [line, fits.errors]).toEqual([]);
  }
}

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('mdg_dev_abc123_hunter2hunter2', '', 'level', '\u001B[2J\n"', 'eyJhbGciOiJFZERTQSJ9.eyJodW50ZXIyIjoxfQ.hunter2-hunter2'),
);
const number = fc.oneof(fc.double(), fc.integer());

function optional<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(arbitrary, { nil: undefined });
}

const requests: fc.Arbitrary<RequestEntry> = fc.record({
  transport: text,
  game: text,
  operation: text,
  code: fc.nat(),
  durationMs: number,
  receivedBytes: optional(number),
  sentBytes: optional(number),
  subject: optional(text),
  address: optional(text),
  requestId: optional(text),
  traceId: optional(text),
  stages: optional(fc.dictionary(text, number)),
});
const audits: fc.Arbitrary<AuditEntry> = fc.record({
  scope: text,
  operation: text,
  actor: text,
  actorKind: text,
  roles: optional(text),
  transport: optional(text),
  address: optional(text),
  requestId: optional(text),
  entity: text,
  subject: text,
  outcome: number,
  changes: optional(fc.object()),
});
/** What programs throw: errors whose own fields are anything, and things that are no errors. */
const thrown = fc.oneof(
  fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true }),
  fc.tuple(text, fc.dictionary(fc.oneof(text, fc.constantFrom('type', 'name', 'code', 'cause', 'errors')), fc.anything())).map(([message, own]) => {
    const { __proto__: _none, ...fields } = own;
    return Object.assign(new Error(message), fields);
  }),
);
const ownNames = fc.constantFrom('level', 'stream', 'time', 'name', 'msg', 'requestId', 'traceId', 'err', 'sampleRate', 'code');
const fields = fc.dictionary(fc.oneof(text, ownNames), fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true }));
const level = fc.constantFrom('debug', 'info', 'warn', 'error', 'fatal');

test('whatever is logged, by a child and in a context of whatever, fits the schema', () => {
  fc.assert(
    fc.property(level, fields, fields, fields, thrown, text, (at, own, bindings, around, err, message) => {
      const destination = captured();
      const log = createLogger({ name: 'x', level: 'debug', destination, context: () => around });
      log[at](own, message);
      log.child(bindings)[at]({ ...own, err }, message);
      log[at](err instanceof Error ? err : { err }, message);
      expect(destination.lines).toHaveLength(3);
      check(destination.lines);
    }),
  );
});

test('a request, a slow request and an audit entry of whatever fit the schema', () => {
  fc.assert(
    fc.property(requests, audits, fc.double({ min: 0, max: 1, noNaN: true }), (request, audit, successRate) => {
      const destination = captured();
      const entries = new EntryLog({ name: 'x', control: new LogControl({ successRate, slowMs: 0.001 }), destination });
      entries.request(request);
      entries.audit(audit);
      expect(destination.entries('audit')).toHaveLength(1);
      check(destination.lines);
    }),
  );
});

test('the schema refuses a line of another level, of another stream, or with a field that its stream does not have', () => {
  const destination = captured();
  const entries = new EntryLog({ name: 'x', control: new LogControl(), destination });
  entries.request({ transport: 'tcp', game: 'realm', operation: 'player.get', code: 0, durationMs: 1 });
  const line = destination.entries()[0];
  expect(fits(line)).toBe(true);
  for (const wrong of [{ level: 'error' }, { stream: 'audit' }, { time: '2026-01-31' }, { durationMs: '1' }, { more: 1 }]) {
    expect(fits({ ...line, ...wrong }), JSON.stringify(wrong)).toBe(false);
  }
});
