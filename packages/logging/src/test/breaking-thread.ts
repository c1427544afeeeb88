import { existsSync } from 'node:fs';
import fileWorker, { type FileWorkerOptions } from '../files/file-worker.ts';
import type { LogFiles } from '../files/log-files.ts';

/** The worker thread, which a line can kill (`"msg":"die"`) or hold up (`"msg":"stop"`) until a file `go` is in its folder. */
export default async function breakingThread(options: FileWorkerOptions): Promise<LogFiles> {
  const files = await fileWorker(options);
  const write = files.write.bind(files);
  const turn = new Int32Array(new SharedArrayBuffer(4));
  files.write = (text) => {
    if (text.includes('"msg":"die"')) throw new Error('killed by a test');
    if (text.includes('"msg":"stop"')) while (!existsSync(`${options.settings.folder}/go`)) Atomics.wait(turn, 0, 0, 5);
    return write(text);
  };
  return files;
}
