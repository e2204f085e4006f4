// Where programs that do not come from npm are on this machine. Called by prepare-tests.ts, the browser tests and the
// screenshot script, so that all of them agree on one Chromium.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The full path of the first of these programs that PATH has, or undefined. */
export function findProgram(...names: string[]): string | undefined {
  const directories = (process.env.PATH ?? '').split(delimiter).filter((directory) => directory !== '');
  return names
    .flatMap((name) => directories.map((directory) => join(directory, name)))
    .find((path) => isExecutable(path));
}

/** The Chromium to drive: CHROME_PATH if it is set (and then nothing else is tried), else the first known place. */
export function findChromium(): string | undefined {
  const chosen = process.env.CHROME_PATH;
  if (chosen !== undefined && chosen !== '') return isExecutable(chosen) ? chosen : undefined;
  const places = [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  ];
  return (
    findProgram('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable') ??
    places.find(isExecutable)
  );
}

/** Whether fontconfig knows a font with this code point (hexadecimal). Systems without fontconfig bring their own. */
export function hasFontFor(codePoint: string): boolean {
  if (process.platform !== 'linux') return true;
  const { stdout } = spawnSync('fc-list', [`:charset=${codePoint}`, 'family'], { encoding: 'utf8' });
  return (stdout ?? '').trim() !== '';
}
