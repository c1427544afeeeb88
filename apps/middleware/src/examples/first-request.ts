import { connect } from '@midgard/client';
import { realm } from '@midgard/game-realm';

const [, , key = ''] = process.argv;
const client = await connect({ port: Number(process.env['MIDGARD_SERVER_TCP_PORT'] ?? 8080), auth: { kind: 'apiKey', key } });
const game = client.game(realm);

const player = await game.call('player.create', { name: 'Astrid', attributes: { hair: 'red' } });
await game.call('wallet.credit', { playerId: player.id, currency: 'gold', amount: 120, reason: 'welcome', idempotencyKey: `welcome-${player.id}` });
console.log(await game.call('wallet.get', { playerId: player.id }));

await client.close();
