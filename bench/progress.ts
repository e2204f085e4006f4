/** One line that tells how far a bench is: renewed in place on a terminal, a line for each tenth elsewhere. */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  #label = '';
  #tenth = -1;

  /** @param stream standard error, so that what a bench prints can be piped */
  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  /** What the next steps belong to. */
  begin(label: string): void {
    this.#label = label;
    this.#tenth = -1;
  }

  readonly step = (done: number, total: number, what: string): void => {
    const share = total === 0 ? 1 : done / total;
    const line = `${this.#label} ${Math.floor(share * 100)} %  ${what}`;
    if (this.#stream.isTTY) {
      this.#stream.write(`\r\x1b[K${line.slice(0, Math.max(20, (this.#stream.columns ?? 80) - 1))}`);
      return;
    }
    const tenth = Math.floor(share * 10);
    if (tenth === this.#tenth) return;
    this.#tenth = tenth;
    this.#stream.write(`${line}\n`);
  };

  /** Clears the line. */
  end(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\x1b[K');
  }
}
