import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { type Answers, Channel } from './channel.ts';

/** One end of a channel; what is sent goes through JSON, as between processes, and arrives in a later turn. */
class End extends EventEmitter {
  other: End | undefined;
  connected = true;

  send(message: object): boolean {
    const text = JSON.stringify(message);
    setImmediate(() => this.other?.emit('message', JSON.parse(text)));
    return true;
  }

  close(): void {
    for (const end of [this, this.other]) {
      if (end === undefined) continue;
      end.connected = false;
      end.emit('disconnect');
    }
  }
}

function pair(answers: Answers): { readonly asking: Channel; readonly end: End } {
  const [end, other] = [new End(), new End()];
  end.other = other;
  other.other = end;
  void new Channel(other, answers);
  return { asking: new Channel(end, {}), end };
}

describe('the channel to another process', () => {
  test('each question gets its own answer, in whichever order they are ready', async () => {
    const { asking } = pair({ double: (body) => new Promise((resolve) => setTimeout(() => resolve(Number(body) * 2), 10 - Number(body))) });
    expect(await Promise.all([1, 5, 9].map((body) => asking.ask('double', body)))).toEqual([2, 10, 18]);
  });

  test('what is asked in one turn goes in one message, and is answered in one', async () => {
    const { asking, end } = pair({ double: (body) => Number(body) * 2 });
    const [sent, heard]: [unknown[], unknown[]] = [[], []];
    end.other?.on('message', (message) => sent.push(message));
    end.on('message', (message) => heard.push(message));
    expect(await Promise.all([1, 2, 3].map((body) => asking.ask('double', body)))).toEqual([2, 4, 6]);
    expect([sent.length, heard.length]).toEqual([1, 1]);
  });

  test('what fails there fails here with its message', async () => {
    const { asking } = pair({ fail: () => Promise.reject(new Error('no room')) });
    await expect(asking.ask('fail')).rejects.toMatchObject({ code: 'ERR_SETUP_WORKER', message: 'no room' });
  });

  test('nobody waits for one that has gone, or says nothing', async () => {
    const { asking, end } = pair({ never: () => new Promise(() => undefined) });
    await expect(asking.ask('never', null, 5)).rejects.toMatchObject({ code: 'ERR_SETUP_WORKER' });
    const waiting = asking.ask('never');
    end.close();
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_SETUP_WORKER' });
    await expect(asking.ask('never')).rejects.toMatchObject({ code: 'ERR_SETUP_WORKER' });
  });

  test('messages of others on it are let be', () => {
    const { asking, end } = pair({});
    for (const message of [
      null,
      1,
      'text',
      {},
      { 'midgard.process': 7 },
      { 'midgard.process': { id: 1, body: 2 } },
      { 'midgard.process': [null, 3, { id: 1, body: 2 }] },
      { 'midgard.cache.bus': { kind: 'hello' } },
    ])
      end.emit('message', message);
    expect(asking).toBeInstanceOf(Channel);
  });
});
