/** Where a resource is: ready to lend, out, on its way back, being checked, or no longer of the pool. */
type EntryState = 'idle' | 'borrowed' | 'returning' | 'checking' | 'gone';

/** Something whose stack tells where it was made. */
export interface Site {
  readonly stack?: string;
}

/** What the pool knows of one resource. */
export class Entry<T> {
  readonly resource: T;
  /** Not lent from here on. */
  readonly expiresAt: number;
  state: EntryState = 'idle';
  /** Lent without a check before this. */
  trustedUntil: number = -Infinity;
  /** Last sign that it works. */
  provenAt: number;
  idleSince: number;
  borrowedAt = 0;
  /** Where it was acquired, if the loan is a sampled one. */
  site: Site | undefined = undefined;
  isLeakTold = false;

  constructor(resource: T, now: number, expiresAt: number) {
    this.resource = resource;
    this.expiresAt = expiresAt;
    this.provenAt = now;
    this.idleSince = now;
  }

  lend(now: number, site: Site | undefined): void {
    this.state = 'borrowed';
    this.borrowedAt = now;
    this.site = site;
    this.isLeakTold = false;
  }

  /** @returns how long it was out, in milliseconds */
  takeBack(now: number): number {
    this.state = 'returning';
    this.idleSince = now;
    return now - this.borrowedAt;
  }

  /** Notes that it works, as one knows now, and that it is trusted for so long. */
  prove(now: number, trustMs: number = Infinity): void {
    this.provenAt = now;
    this.trustedUntil = Math.min(this.expiresAt, now + trustMs);
  }
}
