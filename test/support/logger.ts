/** A logger that keeps its lines, for tests that look at them. */
import type { Logger } from '../../src/logger.ts';

export interface LoggedLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly details: object;
  readonly text: string;
}

export function recordingLogger(): Logger & { readonly lines: LoggedLine[] } {
  const lines: LoggedLine[] = [];
  const at = (level: LoggedLine['level']) => (details: object, text: string) => {
    lines.push({ level, details, text });
  };
  return { lines, info: at('info'), warn: at('warn'), error: at('error') };
}
