import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import type { HttpServerOptions } from '../http-server.ts';
import type { Fixture } from './fixture.ts';
import { startFixture } from './fixture.ts';
import { sendRaw, statuses } from './raw.ts';

/** Headers of a sound request of a game server. */
export const own = 'Host: x\r\nX-API-Key: server\r\n';
/** Asks that the connection ends with this request. */
export const last = 'Connection: close\r\n';

/** A running server that is attacked byte by byte. */
export interface RawAttack {
  /** The server; there from the first test on. */
  readonly fixture: () => Fixture;
  /** Bytes are written as latin1, so that each character is one of them. */
  readonly send: (request: string) => Promise<string>;
  /** Refused by one answer, after which the connection is closed; no operation has run, and nothing of our insides is shown. */
  readonly expectRefused: (answer: string, status?: string) => void;
}

/** One server for all tests of a file, which forgets what it was asked between them. */
export function rawAttack(options: Partial<HttpServerOptions> = {}): RawAttack {
  let fixture: Fixture | undefined;
  const running = (): Fixture => {
    if (fixture === undefined) throw new Error('asked for before the first test');
    return fixture;
  };
  beforeAll(async () => {
    fixture = await startFixture(options);
  });
  afterAll(() => fixture?.stop());
  beforeEach(() => {
    running().game.inputs.length = 0;
  });
  return {
    fixture: running,
    send: (request) => sendRaw(running().port, Buffer.from(request, 'latin1')),
    expectRefused: (answer, status = '400') => {
      expect(statuses(answer)).toEqual([status]);
      expect(answer.toLowerCase()).toContain('connection: close');
      expect(answer).not.toMatch(/node:|node_modules|\.[jt]s:/);
      expect(running().game.inputs).toEqual([]);
    },
  };
}
