import { createHash } from 'node:crypto';
import type { Script } from './scripts.ts';

/** One word on its way, with its place in the order of all words. */
export interface Word {
  /** Rises, also over a server that was wiped or lost its last writes: never below its time in microseconds. */
  readonly sequence: number;
  /** Of the word before: who has not heard that one missed something. */
  readonly previous: number;
  readonly sender: string;
  readonly message: string;
}

function script(publish: 'PUBLISH' | 'SPUBLISH'): Script {
  const lua = `
local time = redis.call('TIME')
local previous = tonumber(redis.call('GET', KEYS[1]) or 0)
local sequence = string.format('%.0f', math.max(previous + 1, time[1] * 1000000 + time[2]))
redis.call('SET', KEYS[1], sequence)
redis.call('${publish}', ARGV[1], sequence .. string.format(' %.0f ', previous) .. ARGV[2] .. ' ' .. ARGV[3])
return 1
`;
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}

/** Says a word to all. KEYS: the sequence. ARGV: channel, sender, message. */
export const publishScript: Script = script('PUBLISH');

/** The same in a cluster, where only the servers of the channel's slot need to carry it. */
export const publishInShardScript: Script = script('SPUBLISH');

/** @returns undefined: no word of ours */
export function parseWord(text: string): Word | undefined {
  const { sequence, previous, sender, message } = /^(?<sequence>\d+) (?<previous>\d+) (?<sender>\S+) (?<message>[^]*)$/.exec(text)?.groups ?? {};
  if (sequence === undefined || sender === undefined || message === undefined) return undefined;
  return { sequence: Number(sequence), previous: Number(previous), sender, message };
}
