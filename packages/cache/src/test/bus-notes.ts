import type { BusListener } from '../bus/bus.ts';

/** Writes down all that a bus says, in order. */
export class BusNotes implements BusListener {
  readonly said: string[] = [];

  /** Whether the last that was said of the bus is that it is joined. */
  get isJoined(): boolean {
    return this.said.findLast((one) => one === 'joined' || one.startsWith('lost')) === 'joined';
  }

  /** The words of others. */
  get words(): readonly string[] {
    return this.said.filter((one) => one !== 'joined' && !one.startsWith('lost'));
  }

  heard(message: string): void {
    this.said.push(message);
  }

  lost(cause: 'gap' | 'away'): void {
    this.said.push(`lost ${cause}`);
  }

  joined(): void {
    this.said.push('joined');
  }
}
