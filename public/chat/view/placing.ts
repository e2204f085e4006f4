/** Where a light layer stands beside its anchor. Pure; floating.tsx draws it there. */

/** Distance to the anchor and to the edges of the window, in CSS pixels. */
const gap = 6;
const margin = 8;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Where a box goes that stands beside an anchor, in CSS pixels of the window. Pure. */
export function placeBeside(
  anchor: { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number },
  box: Size,
  align: 'start' | 'end',
  view: Size,
): { readonly left: number; readonly top: number } {
  const wanted = align === 'start' ? anchor.left : anchor.right - box.width;
  const left = Math.max(margin, Math.min(wanted, view.width - box.width - margin));
  const below = view.height - anchor.bottom - gap - margin;
  const above = anchor.top - gap - margin;
  const top = below >= box.height || below >= above ? anchor.bottom + gap : anchor.top - gap - box.height;
  return { left, top: Math.max(margin, Math.min(top, view.height - box.height - margin)) };
}
