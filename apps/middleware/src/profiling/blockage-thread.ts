import { type Debugger, Session } from 'node:inspector';
import { parentPort, workerData } from 'node:worker_threads';
import type { Blockage, WatchedThread } from './blockage.ts';

// The other side is blockage-watch.ts, which makes them.
const { beats, thresholdMs }: WatchedThread = workerData;
/** Frames that are worth a line of the log. */
const mostFrames = 30;
/** So long after it was asked to stop for a moment, the watched thread is let go, whatever it does. */
const pauseLimitMs = 5000;

let lastBeat = Atomics.load(beats, 0);
let stillSince = performance.now();
let isAsked = false;

setInterval(() => {
  const beat = Atomics.load(beats, 0);
  if (beat !== lastBeat) {
    lastBeat = beat;
    stillSince = performance.now();
    isAsked = false;
  } else if (!isAsked && performance.now() - stillSince >= thresholdMs) {
    isAsked = true;
    ask();
  }
}, thresholdMs / 4);

/**
 * Stops the watched thread for as long as it takes to read its stack. The debugger is attached for that alone: attached all the time it would
 * cost the watched thread memory and time.
 */
function ask(): void {
  const session = new Session();
  const urls = new Map<string, string>();
  session.connectToMainThread();
  const limit = setTimeout(() => session.disconnect(), pauseLimitMs);
  session.on('Debugger.scriptParsed', ({ params: { scriptId, url } }) => urls.set(scriptId, url));
  session.once('Debugger.paused', ({ params: { callFrames } }) => {
    session.post('Debugger.resume', () => {
      clearTimeout(limit);
      session.disconnect();
    });
    const blockage: Blockage = { stack: framesOf(callFrames, urls) };
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port of a thread, no window
    parentPort?.postMessage(blockage);
  });
  session.post('Debugger.enable', () => session.post('Debugger.pause'));
}

function framesOf(frames: readonly Debugger.CallFrame[], urls: ReadonlyMap<string, string>): readonly string[] {
  return frames
    .map(({ functionName, location: { scriptId, lineNumber, columnNumber = 0 } }) => ({
      name: functionName === '' ? '<anonymous>' : functionName,
      url: urls.get(scriptId) ?? '',
      place: `${lineNumber + 1}:${columnNumber + 1}`,
    }))
    .filter(({ url }) => url !== '' && !url.startsWith('node:'))
    .slice(0, mostFrames)
    .map(({ name, url, place }) => `${name} (${url}:${place})`);
}
