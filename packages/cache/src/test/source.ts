/** A source of truth whose answers the test lets go one by one; a load sees what is true when it begins. */
export class Source {
  value = 'v1';
  loads = 0;
  readonly #waiting: { readonly seen: string; readonly resolve: (value: string) => void; readonly reject: (error: unknown) => void }[] = [];

  readonly load = (): Promise<string> => {
    this.loads += 1;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#waiting.push({ seen: this.value, resolve, reject });
    return promise;
  };

  /** Lets the oldest load go that still waits. */
  answer(): void {
    const load = this.#waiting.shift();
    load?.resolve(load.seen);
  }

  /** Has it fail. */
  fail(): void {
    this.#waiting.shift()?.reject(new Error('the source is down'));
  }
}
