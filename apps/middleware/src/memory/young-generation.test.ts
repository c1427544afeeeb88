import { describe, expect, test } from 'vitest';
import { type Host, setYoungGeneration, youngGenerationFlag } from './young-generation.ts';

class Replaced extends Error {}

function host(extra: Partial<Host> = {}) {
  const started: (readonly [string, readonly string[]])[] = [];
  // The real one does not come back; this one goes back as far as it can.
  const execve = (file: string, args: readonly string[]): never => {
    started.push([file, args]);
    throw new Replaced();
  };
  const of: Host = {
    argv0: 'node',
    execPath: '/opt/node',
    execArgv: ['--conditions=@midgard/source'],
    argv: ['/opt/node', '/srv/main.ts', 'start'],
    env: {},
    execve,
    ...extra,
  };
  const set = (megabytes: number): void => {
    try {
      setYoungGeneration(megabytes, of);
    } catch (error) {
      if (!(error instanceof Replaced)) throw error;
    }
  };
  return { set, started };
}

test('the process is replaced by itself, with the flag behind those that it had', () => {
  const { set, started } = host();
  set(32);
  expect(started).toEqual([['/opt/node', ['node', '--conditions=@midgard/source', '--max-semi-space-size=32', '/srv/main.ts', 'start']]]);
});

test.each([
  ['0 leaves it to Node', 0, {}],
  ['it was done already', 16, { execArgv: ['--max-semi-space-size=16'] }],
  ['a flag of the operator', 16, { execArgv: ['--max-semi-space-size=64'] }],
  ['a flag with underscores', 16, { execArgv: ['--max_semi_space_size=64'] }],
  ['a flag whose number is the next argument', 16, { execArgv: ['--max-semi-space-size', '64'] }],
  ['a flag in NODE_OPTIONS', 16, { env: { NODE_OPTIONS: '--enable-source-maps --max-semi-space-size=64' } }],
  ['a parent that talks to it', 16, { channel: {} }],
])('%s: the process goes on', (_, megabytes, extra) => {
  const { set, started } = host(extra);
  set(megabytes);
  expect(started).toEqual([]);
});

test('a parent that does not talk to it, or a flag of another name, changes nothing', () => {
  const { set, started } = host({ channel: null, execArgv: ['--max-old-space-size=200'], env: { NODE_OPTIONS: '--max-semi-space-sizes=1' } });
  set(16);
  expect(started).toHaveLength(1);
});

test('where a process cannot replace itself it goes on', () => {
  const { execPath, execArgv, argv, argv0, env } = process;
  expect(() => setYoungGeneration(16, { execPath, execArgv, argv, argv0, env })).not.toThrow();
});

describe('the flag in force', () => {
  test.each([
    ['none', [], undefined, undefined],
    ['of NODE_OPTIONS', [], '--max-semi-space-size=8', '--max-semi-space-size=8'],
    ['the command line behind NODE_OPTIONS', ['--max-semi-space-size=4'], '--max-semi-space-size=8', '--max-semi-space-size=4'],
    ['the last of two', ['--max-semi-space-size=4', '--max_semi_space_size=2'], undefined, '--max_semi_space_size=2'],
  ])('is %s', (_, execArgv, options, expected) => {
    expect(youngGenerationFlag({ execArgv, env: { NODE_OPTIONS: options } })).toBe(expected);
  });
});
