/** Pools against no pool. Prints nanoseconds an acquire-use-release and ratios above 1 where the pool is faster. */
import { bench, do_not_optimize, run, summary } from 'mitata';
import { BufferPool, ObjectPool } from './index.ts';

class Request {
  readonly headers = new Map<string, string>();
  readonly parts: number[] = [];
  readonly scratch: Float64Array = new Float64Array(32);
  id = 0;
}

const requests = new ObjectPool<Request>({
  create: () => new Request(),
  reset: (request) => {
    request.headers.clear();
    request.parts.length = 0;
    request.id = 0;
  },
});
const buffers = new BufferPool();

function use(request: Request): void {
  request.headers.set('a', 'b');
  request.parts.push(1);
  request.id = 7;
  do_not_optimize(request);
}

summary(() => {
  bench('new object with a Map, an array and a Float64Array(32)', () => use(new Request()));
  bench('ObjectPool', () => {
    const request = requests.acquire();
    use(request);
    requests.release(request);
  });
});

for (const kib of [4, 64, 1024]) {
  summary(() => {
    bench(`Buffer.allocUnsafe ${kib} KiB`, () => {
      do_not_optimize(Buffer.allocUnsafe(kib * 1024));
    });
    bench(`BufferPool ${kib} KiB`, () => {
      const buffer = buffers.acquire(kib * 1024);
      do_not_optimize(buffer);
      buffers.release(buffer);
    });
  });
}

await run({ colors: false });
