import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const sourceFolder = path.join(import.meta.dirname, '../bridge');
/** Not the folder for temporary files: there, anyone could put classes for us to run. */
const cacheFolder = path.join(import.meta.dirname, '../../../node_modules/.cache');
/** Debian's libh2-java. */
const h2Jar = '/usr/share/java/h2.jar';
const run = promisify(execFile);

/** What the double needs of the machine. */
export interface OracleDoubleTools {
  readonly java: string;
  readonly javac: string;
  readonly h2Jar: string;
}

/** @returns the programs that the double needs, undefined when one is not on this machine */
export function findOracleDouble(): OracleDoubleTools | undefined {
  const java = inPath('java');
  const javac = inPath('javac');
  return java !== undefined && javac !== undefined && existsSync(h2Jar) ? { java, javac, h2Jar } : undefined;
}

function inPath(program: string): string | undefined {
  const files = (process.env['PATH'] ?? '').split(path.delimiter).map((folder) => path.join(folder, program));
  return files.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Compiles the bridge, once for each state of its source.
 *
 * @returns the folder of the classes
 */
export async function compileBridge({ javac }: OracleDoubleTools): Promise<string> {
  const sources = globSync(`${sourceFolder}/*.java`).sort();
  const hash = createHash('sha256');
  for (const source of sources) hash.update(readFileSync(source));
  const classes = path.join(cacheFolder, `oracle-double-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(classes)) return classes;
  mkdirSync(cacheFolder, { recursive: true });
  const fresh = mkdtempSync(`${classes}-`);
  try {
    await run(javac, ['-d', fresh, ...sources]);
    renameSync(fresh, classes);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    // Another process was as fast.
    if (!existsSync(classes)) throw error;
  }
  return classes;
}
