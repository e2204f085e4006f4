/**
 * Draws the wire: a bare line, and on it one mark per frame of this connection. Up is from us, down is to us; shape and
 * colour tell the kind, a bar across the end that it was compressed, height tells the size by its logarithm, distance
 * tells the time between by its logarithm too. The newest is at the right; what comes pushes the rest left. Draws only while something moves,
 * which is for a moment after each message, and not at all while the page is hidden.
 */
import type { WireTick } from '../model.ts';

/** Heights and distances in CSS pixels, times in milliseconds. */
const shortest = 2;
const tallest = 15;
const nearest = 6;
const farthest = 44;
const slide = 160;
const pulse = 900;
/** Between two drawings while nothing moves but a pulse: it is slow enough to look smooth. */
const pulseStep = 60;
/** Where the newest mark stands, from the right edge: room for the pulse of a ping. */
const head = 14;
const fade = 96;

interface Mark {
  readonly tick: WireTick;
  /** From the mark before it. */
  readonly distance: number;
  /** When it was first drawn. */
  readonly born: number;
}

type Movement = 'slide' | 'pulse' | 'none';

function movementAt(tick: WireTick, age: number): Movement {
  if (age < slide) return 'slide';
  return age < pulse && (tick.kind === 'ping' || tick.kind === 'pong') ? 'pulse' : 'none';
}

export type WireLook = 'whole' | 'dashed' | 'broken';

export class WireCanvas {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #marks: Mark[] = [];
  #look: WireLook = 'whole';
  #offset = 0;
  #offsetFrom = 0;
  #offsetStart = 0;
  #frame: number | undefined;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #colours = new Map<string, string>();
  #still = false;

  /** @throws Error when the browser gives no 2D context */
  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('This browser gives no 2D canvas.');
    this.#canvas = canvas;
    this.#context = context;
  }

  /** Without motion every change is drawn at once, in its final place. */
  set still(still: boolean) {
    this.#still = still;
  }

  set look(look: WireLook) {
    if (look === this.#look) return;
    this.#look = look;
    this.redraw();
  }

  add(tick: WireTick): void {
    const before = this.#marks.at(-1);
    const gap = before === undefined ? 0 : Math.max(0, tick.time - before.tick.time) / 1000;
    const distance = Math.min(farthest, nearest + 10 * Math.log2(1 + gap));
    // Without motion a mark is as old as one that has come to rest.
    const now = performance.now() - (this.#still ? pulse : 0);
    this.#marks.push({ tick, distance, born: now });
    // No screen shows more: the nearest are 6 px apart.
    if (this.#marks.length > 800) this.#marks.splice(0, 200);
    this.#offsetFrom = this.#offsetAt(now) + distance;
    this.#offsetStart = now;
    this.redraw();
  }

  /** To be called when colours, size or visibility may have changed. */
  refresh(): void {
    this.#colours.clear();
    this.redraw();
  }

  redraw(): void {
    if (this.#frame !== undefined || document.hidden) return;
    this.#frame = requestAnimationFrame((now) => {
      this.#frame = undefined;
      const movement = this.#draw(now);
      if (movement === 'slide') this.redraw();
      if (movement === 'pulse') this.#redrawSoon();
    });
  }

  #redrawSoon(): void {
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => this.redraw(), pulseStep);
  }

  dispose(): void {
    clearTimeout(this.#pause);
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
  }

  #offsetAt(now: number): number {
    if (this.#still) return 0;
    const part = Math.min(1, Math.max(0, (now - this.#offsetStart) / slide));
    return this.#offsetFrom * (1 - part) ** 3;
  }

  /** @returns what still moves */
  #draw(now: number): Movement {
    const { width, height, scale } = this.#fit();
    if (width === 0) return 'none';
    const context = this.#context;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    const middle = Math.round(height / 2);
    this.#offset = this.#offsetAt(now);
    let movement: Movement = this.#offset > 0.1 ? 'slide' : 'none';
    this.#drawWire(width, middle);
    let x = width - head + this.#offset;
    for (let index = this.#marks.length - 1; index >= 0; index -= 1) {
      const mark = this.#marks[index];
      if (mark === undefined || x < -4) break;
      const age = this.#still ? pulse : Math.max(0, now - mark.born);
      this.#drawMark(mark.tick, x, middle, age);
      const own = movementAt(mark.tick, age);
      if (own === 'slide' || movement === 'none') movement = own;
      x -= mark.distance;
    }
    return movement;
  }

  /** Gives the canvas one pixel per device pixel. */
  #fit(): { width: number; height: number; scale: number } {
    const scale = devicePixelRatio;
    const width = this.#canvas.clientWidth;
    const height = this.#canvas.clientHeight;
    const across = Math.round(width * scale);
    const down = Math.round(height * scale);
    if (this.#canvas.width !== across || this.#canvas.height !== down) {
      this.#canvas.width = across;
      this.#canvas.height = down;
    }
    return { width, height, scale };
  }

  #colour(name: string): string {
    let colour = this.#colours.get(name);
    if (colour === undefined) {
      // A custom property holds light-dark(…) as written; only a real colour property is resolved.
      this.#canvas.style.color = `var(--${name})`;
      colour = getComputedStyle(this.#canvas).color;
      this.#canvas.style.color = '';
      this.#colours.set(name, colour);
    }
    return colour;
  }

  #drawWire(width: number, middle: number): void {
    const context = this.#context;
    context.globalAlpha = this.#look === 'whole' ? 0.5 : 1;
    context.strokeStyle = this.#colour(this.#look === 'whole' ? 'copper' : 'field-line');
    context.lineWidth = 1;
    context.setLineDash(this.#look === 'whole' ? [] : [3, 5]);
    context.beginPath();
    context.moveTo(0, middle + 0.5);
    if (this.#look === 'broken') {
      // Both ends are bent away from the break: a shape, not only a colour.
      const at = width - head - 12;
      context.lineTo(at - 8, middle + 0.5);
      context.lineTo(at - 2, middle - 5.5);
      context.moveTo(at + 4, middle + 6.5);
      context.lineTo(at + 10, middle + 0.5);
    }
    context.lineTo(width, middle + 0.5);
    context.stroke();
    context.setLineDash([]);
  }

  #drawMark(tick: WireTick, x: number, middle: number, age: number): void {
    const context = this.#context;
    const up = tick.direction === 'up';
    const side = up ? -1 : 1;
    const grown = Math.min(1, age / slide);
    const strength = Math.min(1, Math.max(0, x / fade));
    context.globalAlpha = strength;
    context.fillStyle = this.#colour(`opcode-${tick.kind}`);
    context.strokeStyle = context.fillStyle;
    context.lineWidth = 1.5;
    const size = shortest + 2.2 * Math.log2(1 + tick.length / 16);
    const height = Math.min(tallest, size) * (1 - (1 - grown) ** 3);
    switch (tick.kind) {
      case 'text':
        this.#bar(x - 1, up ? middle - 1 - height : middle + 2, 2, height);
        context.fill();
        if (tick.compressed === true) this.#cap(x, up ? middle - 3 - height : middle + 4 + height);
        break;
      case 'continuation':
        // A broken bar: what goes on from the frame before.
        for (let from = 0; from < height; from += 4) {
          const part = Math.min(2.5, height - from);
          this.#bar(x - 1, up ? middle - 1 - from - part : middle + 2 + from, 2, part);
          context.fill();
        }
        break;
      case 'binary':
        this.#bar(x - 2, up ? middle - 1.5 - height : middle + 2.5, 4, height);
        context.stroke();
        if (tick.compressed === true) this.#cap(x, up ? middle - 4 - height : middle + 5 + height);
        break;
      case 'ping':
      case 'pong': {
        const y = middle + 0.5 + side * 6;
        context.beginPath();
        context.arc(x, y, tick.kind === 'ping' ? 2 : 2.25, 0, 2 * Math.PI);
        if (tick.kind === 'ping') context.stroke();
        else context.fill();
        if (age < pulse) {
          const part = age / pulse;
          context.globalAlpha = strength * 0.5 * (1 - part);
          context.beginPath();
          context.arc(x, y, 2.5 + 7 * Math.sqrt(part), 0, 2 * Math.PI);
          context.lineWidth = 1;
          context.stroke();
        }
        break;
      }
      case 'close':
        context.beginPath();
        context.moveTo(x - 3.5, middle - 3);
        context.lineTo(x + 3.5, middle + 4);
        context.moveTo(x + 3.5, middle - 3);
        context.lineTo(x - 3.5, middle + 4);
        context.stroke();
        break;
      case 'error':
        context.beginPath();
        context.moveTo(x, middle - 5);
        context.lineTo(x + 5, middle + 4);
        context.lineTo(x - 5, middle + 4);
        context.closePath();
        context.fill();
        break;
    }
  }

  /** The bar across the end of what was compressed. */
  #cap(x: number, y: number): void {
    this.#bar(x - 2.5, y - 0.5, 5, 1);
    this.#context.fill();
  }

  #bar(x: number, y: number, width: number, height: number): void {
    this.#context.beginPath();
    this.#context.roundRect(x, y, width, height, 1);
  }
}
