/** @returns the rows in pieces of lengths that repeat: powers of two, so that few lengths of statements exist */
export function chunksOf<T>(rows: readonly T[], mostRows: number): readonly (readonly T[])[] {
  const chunks: (readonly T[])[] = [];
  for (let from = 0, size = 0; from < rows.length; from += size) {
    size = Math.min(mostRows, 2 ** Math.floor(Math.log2(rows.length - from)));
    chunks.push(rows.slice(from, from + size));
  }
  return chunks;
}
