/** What clients send to begin with: the octets of the conformance table, the short ones. */
import { closing } from '../conformance/closing.ts';
import { controlFrames } from '../conformance/control-frames.ts';
import { fragmentation } from '../conformance/fragmentation.ts';
import { framing } from '../conformance/framing.ts';
import { utf8 } from '../conformance/utf8.ts';

export const clientStreams: readonly Uint8Array[] = [
  ...framing,
  ...controlFrames,
  ...fragmentation,
  ...utf8,
  ...closing,
].flatMap((one) =>
  'octets' in one && one.octets instanceof Uint8Array && one.octets.length < 3000 ? [one.octets] : [],
);
