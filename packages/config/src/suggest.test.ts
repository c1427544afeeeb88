import { expect, test } from 'vitest';
import { closest } from './suggest.ts';

test.each([
  ['prot', ['port', 'host'], 'port'],
  ['datadir', ['dataDir', 'databases'], 'dataDir'],
  ['DATADIR', ['dataDir', 'databases'], 'dataDir'],
  ['max-frame-bytes', ['maxFrameBytes', 'maxInFlight'], 'maxFrameBytes'],
  ['x', ['port', 'host'], undefined],
  ['url', ['key', 'ttl'], undefined],
  ['colour', [], undefined],
])('%s among %j is %s', (word, candidates, expected) => {
  expect(closest(word, candidates)).toBe(expected);
});
