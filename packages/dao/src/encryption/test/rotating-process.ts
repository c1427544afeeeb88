/** A process that encrypts anew until it has told of so many rows, and is killed by itself in the middle: `node rotating-process.ts <url> <kek> <rows>`. */
import process from 'node:process';
import { localKeyWrapper, openDatabase } from '../../index.ts';
import { encryptedSamples } from '../../testing/encrypted-sample.ts';

const [, , url = '', kek = '', rows = ''] = process.argv;
await using database = await openDatabase(url, { encryption: { keyWrapper: localKeyWrapper(Buffer.from(kek, 'hex')), refreshMs: 5 } });
await database.encryption?.rotate(encryptedSamples, {
  batchRows: 10,
  onProgress: (progress) => {
    if (progress.rows >= Number(rows)) process.kill(process.pid, 'SIGKILL');
  },
});
