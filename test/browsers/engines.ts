/**
 * The three engines and how each is started, behind one small interface: Chromium by Playwright, Firefox by Puppeteer
 * (WebDriver BiDi), WebKit by its own WebDriver in a virtual screen. Whatever is started here is ended by `close`,
 * and with the process at the latest. Called by run.ts, by the chat's tests and by scripts/test-browsers.ts.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';
import { launch } from 'puppeteer-core';
import { findChromium, findFirefox, findMiniBrowser, findProgram } from '../../scripts/programs.ts';
import { enterKey, WebDriverSession } from './webdriver.ts';

export const engines = ['Chromium', 'Firefox', 'WebKit'] as const;
export type Engine = (typeof engines)[number];

/** The engines that there are for this system: WebKitGTK is for Linux only. */
export const enginesHere: readonly Engine[] = engines.filter(
  (engine) => engine !== 'WebKit' || process.platform === 'linux',
);

/** One page in a browser that was started for it. */
export interface Tab {
  /** The browser's name and version. */
  readonly version: string;
  goto(url: string): Promise<void>;
  /** The value of an expression, or of what its promise resolves with, as JSON allows. @throws Error as it rejects */
  evaluate(expression: string): Promise<unknown>;
  /** Types as a person would, into the first element that the selector finds; `\n` is the Enter key. */
  type(selector: string, text: string): Promise<void>;
  /** Closes the browser. */
  close(): Promise<void>;
}

/** Starts a browser with one empty page. @throws Error when it is not on this machine, or does not start */
export const openTab: Readonly<Record<Engine, () => Promise<Tab>>> = {
  Chromium: openChromium,
  Firefox: openFirefox,
  WebKit: openWebKit,
};

async function openChromium(): Promise<Tab> {
  const browser = await chromium.launch({
    executablePath: present(findChromium()),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  const page = await browser.newPage();
  return {
    version: `Chromium ${browser.version()}`,
    goto: async (url) => void (await page.goto(url)),
    evaluate: (expression) => page.evaluate(expression),
    type: (selector, text) => page.locator(selector).first().pressSequentially(text),
    close: () => browser.close(),
  };
}

async function openFirefox(): Promise<Tab> {
  const browser = await launch({
    browser: 'firefox',
    executablePath: present(findFirefox()),
    // A check has its own deadline, and a machine under load takes its time to start.
    protocolTimeout: 180_000,
    timeout: 120_000,
  });
  const [first] = await browser.pages();
  const page = first ?? (await browser.newPage());
  return {
    version: (await browser.version()).replace('firefox/', 'Firefox '),
    goto: async (url) => void (await page.goto(url)),
    evaluate: (expression) => page.evaluate(expression),
    type: async (selector, text) => {
      await page.focus(selector);
      await page.keyboard.type(text);
    },
    close: () => browser.close(),
  };
}

async function openWebKit(): Promise<Tab> {
  const home = mkdtempSync(join(tmpdir(), 'barewire-webkit-'));
  const groups: ProcessGroup[] = [];
  const close = async (): Promise<void> => {
    for (const group of groups.reverse()) await group.end();
    rmSync(home, { recursive: true, force: true });
  };
  try {
    const environment = { ...process.env, HOME: home, XDG_RUNTIME_DIR: home, XDG_CONFIG_HOME: home };
    // It takes a free display by itself, and says which when it is ready.
    const screen = new ProcessGroup(
      present(findProgram('Xvfb')),
      ['-displayfd', '1', '-screen', '0', '1280x1024x24', '-nolisten', 'tcp'],
      environment,
    );
    groups.push(screen);
    const display = await screen.firstLine();
    const port = await freePort();
    const driver = new ProcessGroup(present(findProgram('WebKitWebDriver')), [`--port=${port}`], {
      ...environment,
      DISPLAY: `:${display}`,
      // Its sandbox needs user namespaces, which containers and root often do not have.
      WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
      // No accessibility bus and no settings daemon: there is no desktop.
      NO_AT_BRIDGE: '1',
      GSETTINGS_BACKEND: 'memory',
    });
    groups.push(driver);
    const address = `http://127.0.0.1:${port}`;
    await driver.answers(`${address}/status`);
    const session = await WebDriverSession.open(address, {
      'webkitgtk:browserOptions': { binary: present(findMiniBrowser()), args: ['--automation'] },
    });
    return {
      version: `WebKitGTK ${session.version}`,
      goto: (url) => session.goto(url),
      evaluate: (expression) => session.evaluate(expression),
      type: (selector, text) => session.type(selector, text.replaceAll('\n', enterKey)),
      close: async () => {
        await session.close().catch(() => {});
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function present(program: string | undefined): string {
  if (program === undefined) throw new Error('A browser is missing: run `npm test`, which says what to do.');
  return program;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** A program and all that it starts. */
class ProcessGroup {
  readonly #child: ChildProcess;
  readonly #exited: Promise<string>;
  #over = false;
  readonly #kill = (): void => this.#signal('SIGKILL');

  constructor(program: string, args: readonly string[], environment: NodeJS.ProcessEnv) {
    this.#child = spawn(program, args, {
      env: environment,
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    this.#exited = new Promise((resolve) => {
      const end = (why: string): void => {
        this.#over = true;
        resolve(why);
      };
      this.#child.once('error', (error) => end(String(error)));
      this.#child.once('exit', (code, signal) => end(`${program} ended (${signal ?? code}).`));
    });
    process.once('exit', this.#kill);
  }

  /** What it prints first. @throws Error when it ends before */
  async firstLine(): Promise<string> {
    const { stdout } = this.#child;
    if (stdout === null) throw new Error('It has no output.');
    const line = new Promise<string>((resolve) => createInterface({ input: stdout }).once('line', resolve));
    const ended = this.#exited.then((why) => Promise.reject(new Error(why)));
    return await Promise.race([line, ended]);
  }

  /** Waits until it answers there. It does not say when it is ready, so it is asked until it is. */
  async answers(url: string): Promise<void> {
    while (!this.#over) {
      try {
        await fetch(url);
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
    throw new Error(await this.#exited);
  }

  /** Ends the whole group, and waits until its head is gone. */
  async end(): Promise<void> {
    this.#signal('SIGTERM');
    await this.#exited;
    // Whoever of the others did not listen.
    this.#kill();
    process.off('exit', this.#kill);
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // Nobody is left.
    }
  }
}
