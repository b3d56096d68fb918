import { expect } from 'chai';
import { pageSignals } from '../../client-sdk/session/page-signals.ts';

/** Stands in for a global of the browser until it is taken away again. */
function stub(name: string, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(globalThis, name);
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  return () => {
    if (before) Object.defineProperty(globalThis, name, before);
    else Reflect.deleteProperty(globalThis, name);
  };
}

class Page extends EventTarget {
  visibilityState = 'visible';
}

describe('client-sdk page signals', () => {
  const page = new Page();
  const restore: (() => void)[] = [];
  beforeEach(() => {
    restore.push(stub('window', new EventTarget()), stub('document', page), stub('navigator', { onLine: false }));
  });
  afterEach(() => {
    for (const undo of restore.splice(0)) undo();
  });

  it('hears of the network and of the page’s return, and of nothing after it stopped', () => {
    const told: string[] = [];
    const stop = pageSignals.watch((signal) => told.push(signal));
    for (const name of ['online', 'offline', 'pageshow']) window.dispatchEvent(new Event(name));
    page.dispatchEvent(new Event('resume'));
    page.visibilityState = 'hidden';
    page.dispatchEvent(new Event('visibilitychange'));
    page.visibilityState = 'visible';
    page.dispatchEvent(new Event('visibilitychange'));
    stop();
    window.dispatchEvent(new Event('online'));
    page.dispatchEvent(new Event('resume'));
    expect(told).to.deep.equal(['online', 'offline', 'wake', 'wake', 'wake']);
  });

  it('takes the browser’s word that there is no network, and none where nobody gives it', () => {
    expect(pageSignals.offline()).to.equal(true);
    for (const undo of restore.splice(0)) undo();
    expect(pageSignals.offline()).to.equal(false);
    expect(() => pageSignals.watch(() => {})()).to.not.throw();
  });
});
