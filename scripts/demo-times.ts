// The day of the screenshots. Times on their way from the server to the page are moved there, and each line of the
// script has its own minute, so that the pictures show the same day each time.

/** A Thursday, 10:00, in UTC. */
const ten = Date.UTC(2026, 2, 12, 10);
const minutes = (count: number): number => count * 60_000;

/** What a device calls itself, and for how many days it has been signed in. */
export const devices = { 'Safari on iPhone': 12, 'Firefox on Windows': 40 } as const;

/** The one message that was edited, and when it was. */
function retimeVersions(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((version, index) => ({ ...version, time: ten + minutes(43 + index) }));
}

export class DemoTimes {
  /** Milliseconds from the real time to that of the pictures, in which it is 10:54 now. */
  readonly shift = ten + minutes(54) - Date.now();
  readonly #ofNonce = new Map<string, number>();
  readonly #ofOffset = new Map<number, number>();

  /** What carries that nonce happened then. */
  set(nonce: string, minute: number): void {
    this.#ofNonce.set(nonce, minute);
  }

  /** The same message of the server with other times. */
  retime(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((each) => this.retime(each));
    if (typeof value !== 'object' || value === null) return value;
    const result: Record<string, unknown> = {};
    for (const [name, inner] of Object.entries(value)) {
      result[name] = name === 'versions' ? retimeVersions(inner) : this.retime(inner);
    }
    for (const name of ['time', 'lastTime', 'createdAt', 'lastSeenAt', 'until', 'mutedUntil', 'expires']) {
      const time = result[name];
      if (typeof time === 'number' && time > 0) result[name] = time + this.shift;
    }
    const minute = this.#minuteOf(result);
    if (minute !== undefined) result.time = ten + minutes(minute);
    for (const change of [result.edited, result.deleted]) {
      if (minute !== undefined && typeof change === 'object' && change !== null)
        Object.assign(change, { time: ten + minutes(minute + 1) });
    }
    const days = Object.entries(devices).find(([label]) => label === result.label)?.[1];
    if (days !== undefined) {
      result.createdAt = ten - days * minutes(1440);
      result.lastSeenAt = ten - days * minutes(97);
    }
    return result;
  }

  #minuteOf(event: Record<string, unknown>): number | undefined {
    if (typeof event.time !== 'number') return undefined;
    // Moderators were at work the evening before.
    if (typeof event.action === 'string' && typeof event.number === 'number') return event.number * 2 - 985;
    if ('reason' in event && 'by' in event) return -970;
    if (typeof event.offset !== 'number' || typeof event.nonce !== 'string') return undefined;
    const own = this.#ofNonce.get(event.nonce);
    if (own !== undefined) this.#ofOffset.set(event.offset, own);
    return own ?? this.#minuteBefore(event.offset);
  }

  /** What the script does not know, as that somebody joined, was right after what stands before it. */
  #minuteBefore(offset: number): number | undefined {
    if (this.#ofOffset.size === 0) return undefined;
    let last = 0;
    let minute = -990;
    for (const [known, then] of this.#ofOffset) {
      if (known < offset && known > last) {
        last = known;
        minute = then;
      }
    }
    return minute;
  }
}
