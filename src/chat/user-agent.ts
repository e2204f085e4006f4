/**
 * What to call a device in the list of devices, from the field User-Agent: “Firefox on Linux”. A guess, shown to its
 * owner and to nobody else. Pure; called by sign-in.ts.
 */

/** The longest label, in UTF-16 units. */
const maximumLabelLength = 64;

// In the order in which they must be asked: most browsers also say that they are another.
const browsers = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\b(?:OPR|Opera)\//, 'Opera'],
  [/\bVivaldi\//, 'Vivaldi'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Chrome|HeadlessChrome|Chromium|CriOS)\//, 'Chrome'],
  [/\bVersion\/[\d.]+.* Safari\//, 'Safari'],
] as const;

const systems = [
  [/\b(?:iPhone|iPod)\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
] as const;

/** A short name for what sent that; empty when it said nothing that can be shown. */
export function deviceLabel(userAgent: string): string {
  const browser = browsers.find(([pattern]) => pattern.test(userAgent))?.[1];
  const system = systems.find(([pattern]) => pattern.test(userAgent))?.[1];
  if (browser !== undefined && system !== undefined) return `${browser} on ${system}`;
  if (browser !== undefined) return browser;
  // A program: its own name, as in “node” or “curl/8.5.0”.
  const [product = ''] = /^[\w.+-]+(?:\/[\w.+-]+)?/.exec(userAgent) ?? [];
  return product.slice(0, maximumLabelLength);
}
