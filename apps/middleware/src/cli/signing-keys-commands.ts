import process from 'node:process';
import { type AsymmetricAlgorithm, generateSigningKey, KeyRing, type KeyInfo, type SigningKeyJwk } from '@midgard/auth';
import { noteCommand } from '../audit/note-command.ts';
import { readSettings } from '../config.ts';
import { SetupError } from '../setup-error.ts';
import { changeKeyFile } from '../signing-keys/key-file.ts';
import { keySource, type KeySource, readKeys, signingKeyVariable } from '../signing-keys/key-source.ts';
import { table } from './table.ts';

/** Shows the keys without their private parts. */
export async function listSigningKeysCommand({ json }: { json?: boolean }): Promise<void> {
  const { config } = readSettings();
  const ring = await KeyRing.from(readKeys(keySource(config)));
  const keys = ring.list();
  if (json) process.stdout.write(`${JSON.stringify(keys, null, 2)}\n`);
  else process.stdout.write(table(['key', 'algorithm', 'state', 'signs from', 'verifies until'], keys.map(keyRow)));
}

/** Adds a key that is published now and signs later; running services that share the file take it up by themselves. */
export async function rotateSigningKeysCommand({ algorithm, publishSeconds }: { algorithm?: AsymmetricAlgorithm; publishSeconds: number }): Promise<void> {
  const { config } = readSettings();
  const source = keySource(config);
  const alg = algorithm ?? algorithmOf(source);
  const add = async (keys: readonly SigningKeyJwk[]): Promise<readonly SigningKeyJwk[]> => {
    // The first of all has nobody to be told apart from.
    const signsFrom = keys.length === 0 ? 0 : Math.floor(Date.now() / 1000) + publishSeconds;
    const made = await generateSigningKey({ alg, signsFrom });
    await noteCommand(config, { operation: 'signingKey.rotate', entity: 'signing_key', subject: made.kid, changes: { algorithm: alg, signsFrom } });
    return withoutSpent([...keys, made]);
  };
  if (source.kind !== 'file') return printVariable(await add(readKeys(source)));
  await changeKeyFile(source.file, add);
  await listSigningKeysCommand({});
}

/** Removes keys whose last token has expired, or the named one at once, with every token that it signed. */
export async function pruneSigningKeysCommand(kid: string | undefined): Promise<void> {
  const { config } = readSettings();
  const source = keySource(config);
  let removed: readonly string[] = [];
  const prune = async (keys: readonly SigningKeyJwk[]): Promise<readonly SigningKeyJwk[]> => {
    const kept = kid === undefined ? await withoutSpent(keys) : await without(kid, keys);
    removed = keys.map((key) => key.kid).filter((each) => !kept.some((key) => key.kid === each));
    for (const subject of removed) await noteCommand(config, { operation: 'signingKey.prune', entity: 'signing_key', subject, changes: {} });
    return kept;
  };
  if (source.kind === 'file') await changeKeyFile(source.file, prune);
  else return printVariable(await prune(readKeys(source)));
  process.stdout.write(removed.length === 0 ? 'nothing to remove\n' : removed.map((each) => `removed ${each}\n`).join(''));
}

function algorithmOf(source: KeySource): AsymmetricAlgorithm {
  if (source.kind !== 'shared') return source.algorithm;
  throw new SetupError('ERR_SETUP_ARGUMENT', 'shared secrets are rotated in the configuration: put a new one before the others of auth.sharedSecrets');
}

async function withoutSpent(keys: readonly SigningKeyJwk[]): Promise<readonly SigningKeyJwk[]> {
  const ring = await KeyRing.from(keys);
  const spent = new Set(ring.list().flatMap(({ kid, state }) => (state === 'spent' ? [kid] : [])));
  return keys.filter(({ kid }) => !spent.has(kid));
}

async function without(kid: string, keys: readonly SigningKeyJwk[]): Promise<readonly SigningKeyJwk[]> {
  const ring = await KeyRing.from(keys);
  const key = ring.list().find((each) => each.kid === kid);
  if (key === undefined) throw new SetupError('ERR_SETUP_ARGUMENT', `no signing key is called ${kid}; midgard signing-keys list shows them`);
  if (key.state === 'signing')
    throw new SetupError('ERR_SETUP_ARGUMENT', `${kid} signs now; midgard signing-keys rotate --publish-seconds 0 puts another in its place`);
  return keys.filter((each) => each.kid !== kid);
}

/** Where the keys are in a variable, only whoever sets it can change them. */
function printVariable(keys: readonly SigningKeyJwk[]): void {
  process.stdout.write(`${signingKeyVariable}='${JSON.stringify({ keys })}'\n`);
  process.stderr.write('The keys are in the configuration: set this for every instance, one after the other.\n');
}

function keyRow({ kid, alg, state, signsFrom, verifiesUntil }: KeyInfo): string[] {
  return [kid, alg, state, signsFrom === 0 ? 'the beginning' : moment(signsFrom), verifiesUntil === null ? '-' : moment(verifiesUntil)];
}

function moment(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
