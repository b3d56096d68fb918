import type { PageSignals } from '../core/api.ts';

type Signal = Parameters<Parameters<PageSignals['watch']>[0]>[0];

const WINDOW_EVENTS: readonly (readonly [string, Signal])[] = [
  ['online', 'online'],
  ['offline', 'offline'],
  ['pageshow', 'wake'],
];

/**
 * The browser's word on the network and on the page's sleep. In Node, or in a worker without them, it says nothing.
 * A page that froze or went to the background needs no word: what counts is that it came back.
 */
export const pageSignals: PageSignals = {
  offline: () => typeof navigator === 'object' && 'onLine' in navigator && !navigator.onLine,
  watch(listener) {
    const removals: (() => void)[] = [];
    const listen = (target: EventTarget, event: string, told: () => void) => {
      target.addEventListener(event, told);
      removals.push(() => target.removeEventListener(event, told));
    };
    if (typeof window === 'object' && typeof window.addEventListener === 'function') {
      for (const [event, signal] of WINDOW_EVENTS) listen(window, event, () => listener(signal));
    }
    if (typeof document === 'object') {
      listen(document, 'resume', () => listener('wake'));
      listen(document, 'visibilitychange', () => {
        if (document.visibilityState === 'visible') listener('wake');
      });
    }
    return () => {
      for (const remove of removals.splice(0)) remove();
    };
  },
};
