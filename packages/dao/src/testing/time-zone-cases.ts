import { execFile } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { type TimeZoneReport, moments, timeZones } from './time-zone-program.ts';

const run = promisify(execFile);

/** How a process of its own opens a database: a time zone is settled when a process starts. */
export interface OtherProcesses {
  /** @returns the URL of an empty database, which all processes are to open */
  readonly url: () => Promise<string>;
  /** URL of the module whose `openDatabase` they call; default the library's. */
  readonly opener?: string;
}

// As source or as built.
const extension = path.extname(import.meta.filename);
const sibling = (name: string): string => new URL(`${name}${extension}`, import.meta.url).href;

/** Moments are the same in processes of three time zones, whoever wrote them. */
export function timeZoneCases({ url, opener = sibling('../database') }: OtherProcesses): void {
  test('processes in three time zones read and find what each of them wrote', async () => {
    const database = await url();
    const reportOf = async (zone: string, from: string): Promise<TimeZoneReport> => {
      const program = new URL(sibling('./time-zone-program')).pathname;
      const { stdout } = await run(process.execPath, ['--conditions=@midgard/source', program, opener, database, from], { env: { ...process.env, TZ: zone } });
      return JSON.parse(stdout);
    };
    const zones = Object.entries(timeZones);
    // One after the other, since each also brings the table to the entity.
    for (const [index, [zone, { offsetIn1970 }]] of zones.entries()) expect((await reportOf(zone, String(index * 100))).offsetIn1970).toBe(offsetIn1970);
    const reports = await Promise.all(zones.map(([zone]) => reportOf(zone, '')));
    const expected = { rows: moments.flatMap((at) => zones.map(() => at)), found: moments.map(() => [zones.length, zones.length, zones.length]) };
    expect(reports).toEqual(zones.map(([, zone]) => ({ ...zone, ...expected })));
  });
}
