/** What the benchmark uses of a package that comes without types. */
declare module 'bloomfilter' {
  export class BloomFilter {
    constructor(bits: number, hashes: number);
    add(key: string | number): void;
    test(key: string | number): boolean;
  }
}
