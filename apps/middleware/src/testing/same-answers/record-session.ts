import { realm } from '@midgard/game-realm';
import type { ServiceProcess } from '../service-process.ts';
import { characters, items, logins, orders, players, seasons, wallets } from './chapters.ts';
import { Story, type StoryClock } from './story.ts';
import { type Line, Transcript } from './transcript.ts';

const api = '/api/v1/games/realm';

/** Starts a service, talks with its game over TCP and then over HTTP, and stops it. @returns everything that it said */
export async function recordSession(service: ServiceProcess, clock: StoryClock): Promise<readonly Line[]> {
  const address = await service.start();
  await using transcript = await Transcript.open(address, realm);
  for (const via of ['tcp', 'http'] as const) {
    const story = new Story(transcript, via, clock);
    const cast = await players(story);
    const token = await logins(story, cast);
    await characters(story, cast);
    await items(story, cast);
    await wallets(story, cast);
    const order = await orders(story, cast);
    await seasons(story, cast);
    await web(transcript, { token, mine: cast.astrid, another: cast.bjorn, order });
  }
  return transcript.lines;
}

/** What only HTTP has: player's tokens in a header, entity tags, bodies and routes that are none. */
async function web(transcript: Transcript, { token, mine, another, order }: { token: string; mine: string; another: string; order: string }): Promise<void> {
  const asPlayer = { headers: { 'x-api-key': '', authorization: `Bearer ${token}` } };
  await transcript.request('GET', `${api}/players/${mine}`, asPlayer);
  await transcript.request('GET', `${api}/orders/${order}`, asPlayer);
  await transcript.request('GET', `${api}/players/${another}/wallet`, asPlayer);
  await transcript.request('GET', `${api}/players`, asPlayer);
  await transcript.request('GET', `${api}/players/${mine}`, { headers: { 'x-api-key': '' } });
  await transcript.request('GET', `${api}/players/${another}`, { headers: { 'if-none-match': '"2"' } });
  await transcript.request('PATCH', `${api}/players/${another}`, { body: '{"level":8}', headers: { 'if-match': '"99"', 'content-type': 'application/json' } });
  await transcript.request('POST', `${api}/players`, { body: '{"name":', headers: { 'content-type': 'application/json' } });
  await transcript.request('POST', `${api}/orders`, { body: '{}', headers: { 'content-type': 'application/json' } });
  await transcript.request('GET', `${api}/nothing`);
  await transcript.request('GET', '/api/v1/games/nothing/players');
  await transcript.request('GET', '/readyz');
}
