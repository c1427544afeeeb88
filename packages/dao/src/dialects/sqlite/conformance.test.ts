import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { daoConformance } from '../../testing/conformance.ts';
import { temporaryDatabase } from '../../testing/temporary-database.ts';

async function url(): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'midgard-dao-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return `sqlite:${path.join(folder, 'zones.db')}`;
}

daoConformance('sqlite', temporaryDatabase, { otherProcesses: { url } });
