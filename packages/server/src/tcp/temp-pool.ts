export class ObjectPool<T> {
  #idle: T[] = [];
  #o: { create: () => T; reset: (object: T) => void; maxIdle?: number };
  constructor(o: { create: () => T; reset: (object: T) => void; maxIdle?: number }) {
    this.#o = o;
  }
  acquire(): T {
    return this.#idle.pop() ?? this.#o.create();
  }
  release(object: T): void {
    if (this.#idle.length < (this.#o.maxIdle ?? 1024)) this.#idle.push(object);
  }
}
