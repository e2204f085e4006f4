/**
 * The few commands of W3C WebDriver that driving a page takes, over fetch. Used for WebKitGTK, whose driver speaks
 * nothing else.
 */

/** Where WebDriver puts the key of an element in JSON (§11). */
const elementKey = 'element-6066-11e4-a52e-4f735466cecf';

/** What WebDriver calls the Enter key (§15.4.2). */
export const enterKey = '\ue007';

export class WebDriverSession {
  readonly #base: string;
  /** The browser's version, as the driver tells it. */
  readonly version: string;

  private constructor(base: string, version: string) {
    this.#base = base;
    this.version = version;
  }

  /** Opens a browser. @param driver the driver's address, without a slash at its end */
  static async open(driver: string, capabilities: object): Promise<WebDriverSession> {
    const value = await command('POST', `${driver}/session`, {
      capabilities: { alwaysMatch: { ...capabilities, timeouts: { script: scriptTimeout } } },
    });
    const { sessionId, capabilities: granted } = record(value);
    return new WebDriverSession(`${driver}/session/${sessionId}`, String(record(granted).browserVersion));
  }

  async goto(url: string): Promise<void> {
    await command('POST', `${this.#base}/url`, { url });
  }

  /** The value of an expression, or of what its promise resolves with, as JSON allows. @throws Error as it rejects */
  async evaluate(expression: string): Promise<unknown> {
    const script = `
      const tell = arguments[arguments.length - 1];
      const run = async () => (${expression});
      run().then((value) => tell({ value }), (error) => tell({ error: String(error) }));`;
    const told = record(await command('POST', `${this.#base}/execute/async`, { script, args: [] }));
    if (told.error !== undefined) throw new Error(String(told.error));
    return told.value;
  }

  /** Types as a person would, into the first element that the selector finds. */
  async type(selector: string, keys: string): Promise<void> {
    const found = await command('POST', `${this.#base}/element`, { using: 'css selector', value: selector });
    const element = String(record(found)[elementKey]);
    await command('POST', `${this.#base}/element/${element}/value`, { text: keys });
  }

  /** Closes the browser. */
  async close(): Promise<void> {
    await command('DELETE', this.#base);
  }
}

/** Milliseconds: longer than the deadline that a check has by itself. */
const scriptTimeout = 150_000;

/** @throws Error with what the driver says */
async function command(method: string, url: string, body?: object): Promise<unknown> {
  const response = await fetch(url, body === undefined ? { method } : { method, body: JSON.stringify(body) });
  const { value } = record(JSON.parse(await response.text()));
  if (response.ok) return value;
  const { error, message } = record(value);
  throw new Error(`WebDriver: ${error}: ${message}`);
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) {
    throw new TypeError(`WebDriver answered ${JSON.stringify(value)} where an object has to be.`);
  }
  return { ...value };
}
