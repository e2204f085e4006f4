/** What the site's own routes answer alike: the headers that every answer has, and that there is nothing. */
import type { ServerResponse } from 'node:http';
import { refuse } from '../transports/answers.ts';

/**
 * What a page of ours may do: load its own scripts, styles, fonts and pictures, and talk to where it came from. `data:`
 * and `blob:` pictures are generated avatars and files that were just picked. No inline script or style, no frames.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const securityHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy': contentSecurityPolicy,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy':
    'camera=(), microphone=(), geolocation=(), display-capture=(), payment=(), usb=(), serial=(), hid=(), midi=()',
};

export function notFound(response: ServerResponse): void {
  const message = 'There is nothing at this address. The chat is at /.';
  refuse(response, { status: 404, code: 'not-found', message });
}
